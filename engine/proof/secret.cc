#include "proof/secret.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <climits>

namespace assay::proof {

void Wipe(std::span<uint8_t> bytes) {
  if (!bytes.empty()) OPENSSL_cleanse(bytes.data(), bytes.size());
}

Status FillRandom(std::span<uint8_t> out) {
  while (!out.empty()) {
    const size_t n = std::min<size_t>(out.size(), INT_MAX);
    if (RAND_bytes(out.data(), static_cast<int>(n)) != 1)
      return Fail(Code::kIo, "random generator: no bytes");
    out = out.subspan(n);
  }
  return {};
}

Result<SecretKey> SecretKey::Random() {
  SecretKey key;
  ASSAY_TRY(FillRandom(key.bytes_));
  return key;
}

Result<SecretKey> SecretKey::From(ByteSpan bytes) {
  SecretKey key;
  if (bytes.size() != key.bytes_.size()) return Fail(Code::kInvalidInput, "key: expected 32 bytes");
  std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
  return key;
}

}  // namespace assay::proof
