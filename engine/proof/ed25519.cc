#include "proof/ed25519.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "proof/sha256.h"

namespace assay::proof {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using Pkey = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;
using Bio = std::unique_ptr<BIO, Free>;

}  // namespace

struct SigningKey::Key {
  Pkey pkey;
};

SigningKey::SigningKey(std::unique_ptr<Key> key) : key_(std::move(key)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

Result<SigningKey> SigningKey::Generate() {
  EVP_PKEY* made = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (made == nullptr) return Fail(Code::kIo, "ed25519: could not make a key");
  SigningKey key(std::make_unique<Key>(Key{Pkey(made)}));
  size_t length = key.public_key_.size();
  EVP_PKEY_get_raw_public_key(made, key.public_key_.data(), &length);
  return key;
}

Result<SigningKey> SigningKey::FromPem(std::string_view pem) {
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // A passphrase callback that gives none: otherwise OpenSSL would ask on the terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  Pkey pkey(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!pkey || EVP_PKEY_is_a(pkey.get(), "ED25519") != 1)
    return Fail(Code::kInvalidInput, "ledger key: not an Ed25519 private key in PEM");
  SigningKey key(std::make_unique<Key>(Key{std::move(pkey)}));
  size_t length = key.public_key_.size();
  EVP_PKEY_get_raw_public_key(key.key_->pkey.get(), key.public_key_.data(), &length);
  return key;
}

Result<std::string> SigningKey::ToPem() const {
  Bio bio(BIO_new(BIO_s_secmem()));
  if (PEM_write_bio_PKCS8PrivateKey(bio.get(), key_->pkey.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1)
    return Fail(Code::kIo, "ledger key: could not be written as PEM");
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(length));
}

Result<Signature> SigningKey::Sign(ByteSpan message) const {
  Context context(EVP_MD_CTX_new());
  Signature out;
  size_t length = out.size();
  const bool ok =
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_->pkey.get()) == 1 &&
      EVP_DigestSign(context.get(), out.data(), &length, message.data(), message.size()) == 1;
  if (!ok || length != out.size()) return Fail(Code::kIo, "ed25519: signing failed");
  return out;
}

bool VerifySignature(const PublicKey& key, ByteSpan message, const Signature& signature) {
  Pkey pkey(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, key.data(), key.size()));
  Context context(EVP_MD_CTX_new());
  return pkey && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

std::string PublicKeyToPem(const PublicKey& key) {
  // SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of the 32 bytes }, RFC 8410 section 4.
  ByteVector der{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
  AppendBytes(der, key);
  return "-----BEGIN PUBLIC KEY-----\n" + EncodeBase64(der) + "\n-----END PUBLIC KEY-----\n";
}

std::string FingerprintOf(const PublicKey& key) {
  std::string text = "SHA256:" + EncodeBase64(Sha256(key));
  while (text.ends_with('=')) text.pop_back();
  return text;
}

}  // namespace assay::proof
