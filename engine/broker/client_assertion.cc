// JSON by hand (five plain members), signature by OpenSSL.
#include "broker/client_assertion.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>

#include "base/bytes.h"
#include "base/text.h"

namespace assay::broker {
namespace {

constexpr int kLeastBits = 2048;
constexpr int kSaltBytes = 32;  // PS256: as long as the digest (RFC 7518 section 3.5)

struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

tl::unexpected<Error> Unusable(std::string why, std::string hint) {
  return Fail(Error{
      Code::kDenied, "certificate: " + std::move(why), {}, std::move(hint), {}, "AS-CON-008"});
}

Owned<BIO> Reader(std::string_view text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// A key under a passphrase cannot be used: nobody is there to be asked.
int NoPassphrase(char*, int, int, void*) { return -1; }

struct Pair {
  Owned<X509> certificate;
  Owned<EVP_PKEY> key;
};

Result<Pair> ReadPair(std::string_view certificate_pem, std::string_view key_pem) {
  Pair pair;
  pair.certificate.reset(
      PEM_read_bio_X509(Reader(certificate_pem).get(), nullptr, NoPassphrase, nullptr));
  if (!pair.certificate)
    return Unusable("the file holds no PEM certificate", "assay tenant add writes a fitting one");
  pair.key.reset(PEM_read_bio_PrivateKey(Reader(key_pem).get(), nullptr, NoPassphrase, nullptr));
  if (!pair.key)
    return Unusable("its private key is not PEM, or is under a passphrase",
                    "write the key as PKCS#8 PEM without a passphrase, mode 0600");
  if (EVP_PKEY_get_base_id(pair.key.get()) != EVP_PKEY_RSA ||
      EVP_PKEY_get_bits(pair.key.get()) < kLeastBits)
    return Unusable("its key is not RSA of 2048 bits or more",
                    "Microsoft accepts RSA keys only; assay tenant add makes one");
  if (X509_check_private_key(pair.certificate.get(), pair.key.get()) != 1)
    return Unusable("the private key belongs to another certificate",
                    "name the certificate and the key that were made together");
  return pair;
}

std::string DayOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown day";
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

Status CheckDates(const X509* certificate, Timestamp now) {
  const std::time_t seconds = ToUnixMs(now) / 1000;
  if (ASN1_TIME_cmp_time_t(X509_get0_notAfter(certificate), seconds) < 0)
    return Unusable("it expired on " + DayOf(X509_get0_notAfter(certificate)),
                    "make a new one (assay tenant add --new-certificate), upload it, then change "
                    "the file");
  if (ASN1_TIME_cmp_time_t(X509_get0_notBefore(certificate), seconds) > 0)
    return Unusable("it is valid only from " + DayOf(X509_get0_notBefore(certificate)),
                    "check the clock of this machine");
  return {};
}

std::string Thumbprint(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  ASSAY_ASSERT(X509_digest(certificate, EVP_sha256(), digest, &size) == 1, "SHA-256 works");
  return EncodeBase64Url({reinterpret_cast<const char*>(digest), size});
}

Result<std::string> Sign(EVP_PKEY* key, bool pss, std::string_view text) {
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;  // owned by the context
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  bool ok = EVP_DigestSignInit(context.get(), &settings, EVP_sha256(), nullptr, key) == 1;
  if (ok && pss)
    ok = EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, kSaltBytes) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(settings, EVP_sha256()) == 1;
  ok = ok && EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1;
  std::string out(size, '\0');
  ok = ok && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                            bytes, text.size()) == 1;
  if (!ok) return Unusable("its key does not sign", "check the key with openssl pkey -check");
  out.resize(size);
  return out;
}

}  // namespace

std::string EncodeBase64Url(std::string_view bytes) {
  std::string out = EncodeBase64(AsBytes(bytes));
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

Result<Secret> SignAssertion(const AssertionWish& wish, std::string_view certificate_pem,
                             std::string_view key_pem) {
  ASSAY_ASSIGN(const Pair pair, ReadPair(certificate_pem, key_pem));
  ASSAY_TRY(CheckDates(pair.certificate.get(), wish.now));
  const int64_t now = ToUnixMs(wish.now) / 1000;
  const std::string header =
      fmt::format(R"({{"alg":{},"typ":"JWT","x5t#S256":"{}"}})", JsonString(wish.algorithm),
                  Thumbprint(pair.certificate.get()));
  const std::string payload =
      fmt::format(R"({{"aud":{},"exp":{},"iat":{},"iss":{},"jti":{},"nbf":{},"sub":{}}})",
                  JsonString(wish.audience), now + kAssertionSeconds, now,
                  JsonString(wish.client_id), JsonString(wish.id), now, JsonString(wish.client_id));
  std::string text = EncodeBase64Url(header) + "." + EncodeBase64Url(payload);
  ASSAY_ASSIGN(const std::string signature, Sign(pair.key.get(), wish.algorithm != "RS256", text));
  return Secret(text + "." + EncodeBase64Url(signature));
}

}  // namespace assay::broker
