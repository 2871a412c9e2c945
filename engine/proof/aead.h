// AES-256-GCM with a random nonce, and the length-prefixed form of what it authenticates.
#pragma once

#include <initializer_list>

#include "proof/secret.h"

namespace assay::proof {

constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;

/// Each piece after its length as 4 bytes, big-endian: no two lists give the same bytes.
ByteVector JoinPrefixed(std::initializer_list<ByteSpan> pieces);

/// nonce (12, random), ciphertext, tag (16). kIo when OpenSSL fails. [any thread]
Result<ByteVector> Seal(const SecretKey& key, ByteSpan aad, ByteSpan plain);
/// The plain bytes of what Seal made. kCorrupt when key, aad or a byte of `sealed` is another.
Result<SecretBytes> Unseal(const SecretKey& key, ByteSpan aad, ByteSpan sealed);

}  // namespace assay::proof
