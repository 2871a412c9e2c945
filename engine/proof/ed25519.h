// Ed25519 keys: made, read and written as PEM, signing and verifying.
#pragma once

#include <memory>

#include "proof/secret.h"

namespace assay::proof {

using PublicKey = std::array<uint8_t, 32>;
using Signature = std::array<uint8_t, 64>;

/// A private key. Signs from any thread.
class SigningKey {
 public:
  /// kIo when OpenSSL has no random bytes.
  static Result<SigningKey> Generate();
  /// PKCS#8 PEM without a passphrase. kInvalidInput for anything else.
  static Result<SigningKey> FromPem(std::string_view pem);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  /// PKCS#8 PEM; the caller wipes it.
  Result<std::string> ToPem() const;
  const PublicKey& public_key() const { return public_key_; }
  /// Deterministic (RFC 8032): the same message gives the same signature.
  Result<Signature> Sign(ByteSpan message) const;

 private:
  struct Key;
  explicit SigningKey(std::unique_ptr<Key> key);
  std::unique_ptr<Key> key_;
  PublicKey public_key_{};
};

/// False for a wrong signature and for a key that is no point. [any thread]
bool VerifySignature(const PublicKey& key, ByteSpan message, const Signature& signature);

/// SubjectPublicKeyInfo in PEM (RFC 8410), as openssl reads it. [any thread]
std::string PublicKeyToPem(const PublicKey& key);

/// "SHA256:" and base64 without padding of the SHA-256 of the 32 key bytes. [any thread]
std::string FingerprintOf(const PublicKey& key);

}  // namespace assay::proof
