#include "broker/self_signed.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "base/bytes.h"

namespace assay::broker {
namespace {

constexpr int kBits = 3072;
constexpr int kSerialBits = 127;
constexpr int64_t kDaySeconds = 86'400;

struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(BIGNUM* p) const { BN_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Error Failed(const char* what) {
  return {Code::kInvalidInput, std::string("certificate: ") + what, {}, {}, {}, {}};
}

std::string TextOf(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return std::string(text, static_cast<size_t>(std::max(size, 0L)));
}

std::string DayOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown day";
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

bool Extend(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  const bool ok = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return ok;
}

bool Fill(X509* x, const std::string& name, EVP_PKEY* key, Timestamp now, int days) {
  const Owned<BIGNUM> serial(BN_new());
  const std::time_t start = ToUnixMs(now) / 1000;
  const auto* common = reinterpret_cast<const unsigned char*>(name.c_str());
  return BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(x)) != nullptr &&
         X509_set_version(x, 2) == 1 && ASN1_TIME_set(X509_getm_notBefore(x), start) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(x), start + days * kDaySeconds) != nullptr &&
         X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, common, -1, -1,
                                    0) == 1 &&
         X509_set_issuer_name(x, X509_get_subject_name(x)) == 1 && X509_set_pubkey(x, key) == 1 &&
         Extend(x, NID_basic_constraints, "critical,CA:FALSE") &&
         Extend(x, NID_key_usage, "critical,digitalSignature") &&
         X509_sign(x, key, EVP_sha256()) > 0;
}

std::string ThumbprintOf(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha1(), digest, &size) != 1) return {};
  std::string out = EncodeHex({digest, size});
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return out;
}

}  // namespace

Result<SelfSigned> MakeSelfSigned(const std::string& name, Timestamp now, int days) {
  if (name.empty() || name.size() > 64) return Fail(Failed("its name has not 1 to 64 characters"));
  const Owned<EVP_PKEY> key(EVP_RSA_gen(kBits));
  const Owned<X509> certificate(X509_new());
  if (!key || !certificate || !Fill(certificate.get(), name, key.get(), now, days))
    return Fail(Failed("OpenSSL could not make it"));
  const Owned<BIO> public_text(BIO_new(BIO_s_mem())), private_text(BIO_new(BIO_s_secmem()));
  if (PEM_write_bio_X509(public_text.get(), certificate.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(private_text.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1)
    return Fail(Failed("OpenSSL could not write it"));
  SelfSigned out;
  out.certificate_pem = TextOf(public_text.get());
  out.key_pem = Secret(TextOf(private_text.get()));
  out.thumbprint = ThumbprintOf(certificate.get());
  out.expires = DayOf(X509_get0_notAfter(certificate.get()));
  return out;
}

Result<CertificateFacts> ReadCertificate(std::string_view pem, Timestamp now) {
  const Owned<BIO> reader(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Owned<X509> certificate(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
  if (!certificate) return Fail(Failed("the file holds no PEM certificate"));
  CertificateFacts out;
  const Owned<BIO> name(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(name.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
  out.subject = TextOf(name.get());
  out.expires = DayOf(X509_get0_notAfter(certificate.get()));
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &parts) == 1)
    out.days_left = (timegm(&parts) - ToUnixMs(now) / 1000) / kDaySeconds;
  return out;
}

}  // namespace assay::broker
