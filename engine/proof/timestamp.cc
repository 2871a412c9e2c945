#include "proof/timestamp.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>

#include <memory>

#include "proof/revocation.h"
#include "proof/secret.h"
#include "proof/sha256.h"

namespace assay::proof {
namespace {

struct Free {
  void operator()(TS_REQ* p) const { TS_REQ_free(p); }
  void operator()(TS_RESP* p) const { TS_RESP_free(p); }
  void operator()(TS_MSG_IMPRINT* p) const { TS_MSG_IMPRINT_free(p); }
  void operator()(TS_VERIFY_CTX* p) const { TS_VERIFY_CTX_free(p); }
  void operator()(TS_TST_INFO* p) const { TS_TST_INFO_free(p); }
  void operator()(PKCS7* p) const { PKCS7_free(p); }
  void operator()(X509_ALGOR* p) const { X509_ALGOR_free(p); }
  void operator()(X509_STORE* p) const { X509_STORE_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(ASN1_INTEGER* p) const { ASN1_INTEGER_free(p); }
  void operator()(BIO* p) const { BIO_free_all(p); }
  void operator()(STACK_OF(X509) * p) const { sk_X509_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

// The newest reason that OpenSSL has, and its queue emptied.
std::string Reason() {
  const char* words = ERR_reason_error_string(ERR_peek_last_error());
  std::string out = words == nullptr ? "unknown reason" : words;
  ERR_clear_error();
  return out;
}

tl::unexpected<Error> Bad(const std::string& why) {
  return Fail(Code::kCorrupt, "time stamp: " + why);
}

template <typename T>
Result<Owned<T>> Parse(T* (*read)(T**, const unsigned char**, long), ByteSpan der,
                       const char* what) {
  const unsigned char* at = der.data();
  Owned<T> out(der.size() > kMaxTokenBytes ? nullptr
                                           : read(nullptr, &at, static_cast<long>(der.size())));
  if (!out || at != der.data() + der.size()) {
    ERR_clear_error();
    return Bad(std::string("not a ") + what + " in DER");
  }
  return out;
}

template <typename T>
Result<ByteVector> ToDer(const T* object, int (*write)(const T*, unsigned char**)) {
  unsigned char* out = nullptr;
  const int length = write(object, &out);
  if (length <= 0) return Fail(Code::kIo, "time stamp: " + Reason());
  ByteVector bytes(out, out + length);
  OPENSSL_free(out);
  return bytes;
}

bool SetImprint(TS_REQ* request, const Digest& digest) {
  const Owned<TS_MSG_IMPRINT> imprint(TS_MSG_IMPRINT_new());
  const Owned<X509_ALGOR> algorithm(X509_ALGOR_new());
  ByteVector bytes(digest.begin(), digest.end());
  return imprint && algorithm &&
         X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) == 1 &&
         TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) == 1 &&
         TS_MSG_IMPRINT_set_msg(imprint.get(), bytes.data(), static_cast<int>(bytes.size())) == 1 &&
         TS_REQ_set_msg_imprint(request, imprint.get()) == 1;
}

Result<Timestamp> ToTime(const ASN1_GENERALIZEDTIME* time) {
  tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return Bad("states no time");
  return Timestamp(std::chrono::seconds(timegm(&parts)));
}

Result<TimestampFacts> FactsOf(TS_TST_INFO* info) {
  TimestampFacts out;
  ASSAY_ASSIGN(out.time, ToTime(TS_TST_INFO_get_time(info)));
  const ASN1_OCTET_STRING* imprint = TS_MSG_IMPRINT_get_msg(TS_TST_INFO_get_msg_imprint(info));
  const auto digest =
      ToDigest({ASN1_STRING_get0_data(imprint), static_cast<size_t>(ASN1_STRING_length(imprint))});
  if (!digest) return Bad("imprint is not of SHA-256");
  out.imprint = *digest;
  char policy[128];
  const int length = OBJ_obj2txt(policy, sizeof policy, TS_TST_INFO_get_policy_id(info), 1);
  if (length <= 0 || length >= static_cast<int>(sizeof policy)) return Bad("names no policy");
  out.policy.assign(policy, static_cast<size_t>(length));
  return out;
}

std::string SubjectOf(PKCS7* token) {
  const Owned<STACK_OF(X509)> signers(PKCS7_get0_signers(token, nullptr, 0));
  if (!signers || sk_X509_num(signers.get()) != 1) return {};
  const Owned<BIO> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_get_subject_name(sk_X509_value(signers.get(), 0)), 0,
                     XN_FLAG_RFC2253);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<size_t>(length));
}

// Certificates of the reader, judged at the time that the token states: it goes on counting when
// the authority's certificate has run out.
Result<Owned<X509_STORE>> MakeStore(std::string_view ca_pem, Timestamp at) {
  Owned<X509_STORE> store(X509_STORE_new());
  const Owned<BIO> in(BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size())));
  int count = 0;
  while (Owned<X509> certificate{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(store.get(), certificate.get());
    ++count;
  }
  ERR_clear_error();
  if (count == 0) return Fail(Code::kInvalidInput, "time stamp: no certificate to trust in PEM");
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), seconds);
  return store;
}

// The signer against the lists; its issuer is among the reader's certificates or the token's own.
Status CheckRevocation(PKCS7* token, X509_STORE* trusted, std::string_view crl_pem, Timestamp at) {
  const Owned<STACK_OF(X509)> signers(PKCS7_get0_signers(token, nullptr, 0));
  if (!signers || sk_X509_num(signers.get()) != 1) return Bad("has no signer of its own");
  std::vector<X509*> candidates;
  const STACK_OF(X509_OBJECT)* objects = X509_STORE_get0_objects(trusted);
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i)
    candidates.push_back(X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i)));
  const STACK_OF(X509)* sent = token->d.sign->cert;
  for (int i = 0; i < sk_X509_num(sent); ++i) candidates.push_back(sk_X509_value(sent, i));
  return CheckNotRevoked(sk_X509_value(signers.get(), 0), candidates, crl_pem, at);
}

std::string RefusalOf(TS_STATUS_INFO* status) {
  std::string words =
      "status " + std::to_string(ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status)));
  const STACK_OF(ASN1_UTF8STRING)* texts = TS_STATUS_INFO_get0_text(status);
  for (int i = 0; texts != nullptr && i < sk_ASN1_UTF8STRING_num(texts); ++i) {
    const ASN1_UTF8STRING* text = sk_ASN1_UTF8STRING_value(texts, i);
    words += ", " + Quote({reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                           static_cast<size_t>(ASN1_STRING_length(text))});
  }
  return words;
}

}  // namespace

Result<ByteVector> MakeTimestampQuery(std::string_view note) {
  const Owned<TS_REQ> request(TS_REQ_new());
  std::array<uint8_t, 8> random{};
  ASSAY_TRY(FillRandom(random));
  random[0] = static_cast<uint8_t>((random[0] & 0x7f) | 0x40);  // positive and always 8 bytes
  uint64_t nonce = 0;
  for (const uint8_t byte : random) nonce = nonce << 8 | byte;
  const Owned<ASN1_INTEGER> number(ASN1_INTEGER_new());
  const bool made = request && number && TS_REQ_set_version(request.get(), 1) == 1 &&
                    SetImprint(request.get(), Sha256(AsBytes(note))) &&
                    ASN1_INTEGER_set_uint64(number.get(), nonce) == 1 &&
                    TS_REQ_set_nonce(request.get(), number.get()) == 1 &&
                    TS_REQ_set_cert_req(request.get(), 1) == 1;
  if (!made) return Fail(Code::kIo, "time stamp: query could not be made: " + Reason());
  return ToDer<TS_REQ>(request.get(), i2d_TS_REQ);
}

Result<ByteVector> TokenOfReply(ByteSpan reply) {
  ASSAY_ASSIGN(const Owned<TS_RESP> response, Parse<TS_RESP>(d2i_TS_RESP, reply, "reply"));
  TS_STATUS_INFO* status = TS_RESP_get_status_info(response.get());
  const long word = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status));
  if (word != TS_STATUS_GRANTED && word != TS_STATUS_GRANTED_WITH_MODS)
    return Fail(Code::kDenied, "time stamp: the authority refused: " + RefusalOf(status));
  if (TS_RESP_get_token(response.get()) == nullptr) return Bad("the reply holds no token");
  return ToDer<PKCS7>(TS_RESP_get_token(response.get()), i2d_PKCS7);
}

Result<ByteVector> TokenOfReply(ByteSpan reply, ByteSpan query) {
  ASSAY_ASSIGN(ByteVector token, TokenOfReply(reply));
  ASSAY_ASSIGN(const Owned<TS_REQ> request, Parse<TS_REQ>(d2i_TS_REQ, query, "query"));
  ASSAY_ASSIGN(const Owned<PKCS7> parsed, Parse<PKCS7>(d2i_PKCS7, token, "token"));
  const Owned<TS_TST_INFO> info(PKCS7_to_TS_TST_INFO(parsed.get()));
  if (!info) return Bad("the token says nothing: " + Reason());
  const ASN1_INTEGER* said = TS_TST_INFO_get_nonce(info.get());
  if (said == nullptr || ASN1_INTEGER_cmp(said, TS_REQ_get_nonce(request.get())) != 0)
    return Bad("nonce is not that of the query");
  const ASN1_OCTET_STRING* ours = TS_MSG_IMPRINT_get_msg(TS_REQ_get_msg_imprint(request.get()));
  const ASN1_OCTET_STRING* theirs = TS_MSG_IMPRINT_get_msg(TS_TST_INFO_get_msg_imprint(info.get()));
  if (ASN1_OCTET_STRING_cmp(ours, theirs) != 0) return Bad("imprint is not that of the query");
  return token;
}

Result<TimestampFacts> ReadTimestamp(ByteSpan token) {
  ASSAY_ASSIGN(const Owned<PKCS7> parsed, Parse<PKCS7>(d2i_PKCS7, token, "token"));
  const Owned<TS_TST_INFO> info(PKCS7_to_TS_TST_INFO(parsed.get()));
  if (!info) return Bad("says nothing: " + Reason());
  return FactsOf(info.get());
}

Result<TimestampFacts> VerifyTimestamp(ByteSpan token, std::string_view note,
                                       std::string_view ca_pem, std::string_view crl_pem) {
  ASSAY_ASSIGN(TimestampFacts facts, ReadTimestamp(token));
  ASSAY_ASSIGN(const Owned<PKCS7> parsed, Parse<PKCS7>(d2i_PKCS7, token, "token"));
  ASSAY_ASSIGN(const Owned<X509_STORE> store, MakeStore(ca_pem, facts.time));
  const Owned<TS_VERIFY_CTX> context(TS_VERIFY_CTX_new());
  const Digest digest = Sha256(AsBytes(note));
  auto* imprint = static_cast<unsigned char*>(OPENSSL_memdup(digest.data(), digest.size()));
  TS_VERIFY_CTX_set_imprint(context.get(), imprint, static_cast<long>(digest.size()));
  X509_STORE_up_ref(store.get());  // the context takes one
  TS_VERIFY_CTX_set_store(context.get(), store.get());
  TS_VERIFY_CTX_set_flags(context.get(), TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_SIGNATURE);
  if (TS_RESP_verify_token(context.get(), parsed.get()) != 1) return Bad(Reason());
  // The imprint is compared by its bytes; that they are of SHA-256 is said beside them.
  const Owned<TS_TST_INFO> info(PKCS7_to_TS_TST_INFO(parsed.get()));
  const X509_ALGOR* algorithm = TS_MSG_IMPRINT_get_algo(TS_TST_INFO_get_msg_imprint(info.get()));
  if (OBJ_obj2nid(algorithm->algorithm) != NID_sha256) return Bad("imprint is not of SHA-256");
  if (!crl_pem.empty()) ASSAY_TRY(CheckRevocation(parsed.get(), store.get(), crl_pem, facts.time));
  facts.authority = SubjectOf(parsed.get());
  return facts;
}

}  // namespace assay::proof
