#include "proof/revocation.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace assay::proof {
namespace {

struct Free {
  void operator()(X509_CRL* p) const { X509_CRL_free(p); }
  void operator()(ASN1_ENUMERATED* p) const { ASN1_ENUMERATED_free(p); }
  void operator()(BIO* p) const { BIO_free_all(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

tl::unexpected<Error> Unusable(const std::string& why) {
  return Fail(Error{Code::kInvalidInput,
                    "revocation list: " + why,
                    {},
                    "fetch the newest list of the authority's issuer and convert it to PEM: "
                    "openssl crl -inform DER",
                    {},
                    {}});
}

X509* IssuerOf(X509* signer, const std::vector<X509*>& candidates) {
  for (X509* one : candidates)
    if (X509_check_issued(one, signer) == X509_V_OK &&
        X509_verify(signer, X509_get0_pubkey(one)) == 1)
      return one;
  return nullptr;
}

// Lists of deltas, of other issuers or of some reasons only say so in an extension of their own.
Status CheckWhole(const X509_CRL* list) {
  for (const int part : {NID_issuing_distribution_point, NID_delta_crl})
    if (X509_CRL_get_ext_by_NID(list, part, -1) >= 0) return Unusable("covers a part only");
  const ASN1_TIME* next = X509_CRL_get0_nextUpdate(list);
  if (next == nullptr || X509_cmp_current_time(next) <= 0) return Unusable("has run out");
  return {};
}

Result<Owned<X509_CRL>> FindList(X509* issuer, std::string_view pem) {
  const Owned<BIO> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Owned<X509_CRL> newest;
  while (Owned<X509_CRL> list{PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr)}) {
    if (X509_NAME_cmp(X509_CRL_get_issuer(list.get()), X509_get_subject_name(issuer)) != 0 ||
        X509_CRL_verify(list.get(), X509_get0_pubkey(issuer)) != 1)
      continue;
    if (!newest || ASN1_TIME_compare(X509_CRL_get0_lastUpdate(list.get()),
                                     X509_CRL_get0_lastUpdate(newest.get())) > 0)
      newest = std::move(list);
  }
  ERR_clear_error();
  if (!newest) return Unusable("none of the authority's issuer, signed by it");
  ASSAY_TRY(CheckWhole(newest.get()));
  return newest;
}

// -1 when the list names none.
long ReasonOf(const X509_REVOKED* entry) {
  int critical = 0;
  const Owned<ASN1_ENUMERATED> reason(static_cast<ASN1_ENUMERATED*>(
      X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &critical, nullptr)));
  return reason ? ASN1_ENUMERATED_get(reason.get()) : -1;
}

bool KeepsEarlierStamps(long reason) {
  return reason == CRL_REASON_UNSPECIFIED || reason == CRL_REASON_AFFILIATION_CHANGED ||
         reason == CRL_REASON_SUPERSEDED || reason == CRL_REASON_CESSATION_OF_OPERATION;
}

}  // namespace

Status CheckNotRevoked(X509* signer, const std::vector<X509*>& candidates, std::string_view crl_pem,
                       Timestamp stamped) {
  X509* issuer = IssuerOf(signer, candidates);
  if (issuer == nullptr) return Unusable("the authority's issuer is not at hand");
  ASSAY_ASSIGN(const Owned<X509_CRL> list, FindList(issuer, crl_pem));
  X509_REVOKED* entry = nullptr;
  if (X509_CRL_get0_by_cert(list.get(), &entry, signer) != 1) return {};
  tm parts{};
  ASN1_TIME_to_tm(X509_REVOKED_get0_revocationDate(entry), &parts);
  const Timestamp since{std::chrono::seconds(timegm(&parts))};
  const long reason = ReasonOf(entry);
  if (KeepsEarlierStamps(reason) && stamped < since) return {};
  return Fail(
      Code::kCorrupt,
      "time stamp: the authority's certificate is revoked since " + FormatTime(since) +
          (KeepsEarlierStamps(reason)
               ? ""
               : ", in a way that takes earlier stamps as well (reason " +
                     (reason < 0 ? std::string("not named") : std::to_string(reason)) + ")"));
}

}  // namespace assay::proof
