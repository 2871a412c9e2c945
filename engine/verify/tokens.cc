// RFC 3161 tokens: those that entries name, over the notes that they name; read by OpenSSL's TS
// functions, and with certificates given their signatures too.
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509_vfy.h>

#include "proof/sha256.h"
#include "verify/verify.h"

namespace assay::verify {
namespace {

template <typename T, void (*kFree)(T*)>
struct Freed {
  void operator()(T* object) const { kFree(object); }
};
using Token = std::unique_ptr<PKCS7, Freed<PKCS7, PKCS7_free>>;
using Info = std::unique_ptr<TS_TST_INFO, Freed<TS_TST_INFO, TS_TST_INFO_free>>;
using Store = std::unique_ptr<X509_STORE, Freed<X509_STORE, X509_STORE_free>>;
using Context = std::unique_ptr<TS_VERIFY_CTX, Freed<TS_VERIFY_CTX, TS_VERIFY_CTX_free>>;

tl::unexpected<Error> Bad(std::string why) { return Fail(Code::kCorrupt, std::move(why)); }

std::string OpenSslError(const char* what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  return fmt::format("{}: {}", what, text.data());
}

std::string PolicyOf(const TS_TST_INFO* info) {
  std::array<char, 128> text{};
  OBJ_obj2txt(text.data(), text.size(), TS_TST_INFO_get_policy_id(const_cast<TS_TST_INFO*>(info)),
              1);
  return text.data();
}

std::string SecondOf(const TS_TST_INFO* info) {
  std::tm time{};
  if (ASN1_TIME_to_tm(reinterpret_cast<const ASN1_TIME*>(TS_TST_INFO_get_time(info)), &time) != 1)
    return {};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", time.tm_year + 1900, time.tm_mon + 1,
                     time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec);
}

Status CheckSays(TS_TST_INFO* info, const StampedNote& stamped) {
  TS_MSG_IMPRINT* imprint = TS_TST_INFO_get_msg_imprint(info);
  const ASN1_OCTET_STRING* said = TS_MSG_IMPRINT_get_msg(imprint);
  const Digest wanted = proof::Sha256(AsBytes(stamped.note));
  const ByteSpan hash(ASN1_STRING_get0_data(said), static_cast<size_t>(ASN1_STRING_length(said)));
  if (!std::equal(hash.begin(), hash.end(), wanted.begin(), wanted.end()))
    return Bad("token is of another note");
  if (PolicyOf(info) != stamped.policy) return Bad("token has another policy than its entry");
  const std::string second = SecondOf(info);
  if (second.empty() || !stamped.gen_time.starts_with(second))
    return Bad("token has another time than its entry");
  return {};
}

Status CheckSignature(PKCS7* token, const StampedNote& stamped, const std::string& ca_file) {
  Store store(X509_STORE_new());
  if (!store || X509_STORE_load_file(store.get(), ca_file.c_str()) != 1)
    return Bad(OpenSslError(ca_file.c_str()));
  const Context context(TS_VERIFY_CTX_new());
  BIO* note = BIO_new_mem_buf(stamped.note.data(), static_cast<int>(stamped.note.size()));
  if (!context || note == nullptr) return Bad(OpenSslError("openssl"));
  TS_VERIFY_CTX_set_flags(context.get(), TS_VFY_VERSION | TS_VFY_SIGNATURE | TS_VFY_DATA);
  TS_VERIFY_CTX_set_data(context.get(), note);              // the context frees it
  TS_VERIFY_CTX_set_store(context.get(), store.release());  // and this
  return TS_RESP_verify_token(context.get(), token) == 1 ? Status{} : Bad(OpenSslError("token"));
}

Status CheckToken(const Digest& digest, ByteSpan bytes, const StampedNote& stamped,
                  const std::string& ca_file) {
  if (proof::Sha256(bytes) != digest) return Bad("token is not the one that the entry names");
  const uint8_t* at = bytes.data();
  const Token token(d2i_PKCS7(nullptr, &at, static_cast<long>(bytes.size())));
  if (!token || at != bytes.data() + bytes.size()) return Bad("token is no PKCS#7 object");
  const Info info(PKCS7_to_TS_TST_INFO(token.get()));
  if (!info) return Bad("token holds no time stamp");
  ASSAY_TRY(CheckSays(info.get(), stamped));
  return ca_file.empty() ? Status{} : CheckSignature(token.get(), stamped, ca_file);
}

}  // namespace

void CheckTokens(const Database& database, const Entries& entries, const Options& options,
                 Report& report) {
  const auto& wanted = entries.facts.tokens;
  const std::string place = "ledger.db table timestamp";
  size_t found = 0;
  const Status read =
      database.Visit("SELECT digest, token FROM timestamp ORDER BY digest", [&](const Row& row) {
        const auto digest = ToDigest(row.Bytes(0));
        const auto named = digest ? wanted.find(*digest) : wanted.end();
        if (named == wanted.end()) {
          report.Find(place, "holds a token that no entry names");
          return false;
        }
        ++found;
        const Status good = CheckToken(*digest, row.Bytes(1), named->second, options.tsa_ca);
        if (!good) report.Find(place, good.error().message);
        return report.ok;
      });
  if (!read) report.Find(place, read.error().message);
  if (report.ok && found != wanted.size()) report.Find(place, "a token is missing");
}

}  // namespace assay::verify
