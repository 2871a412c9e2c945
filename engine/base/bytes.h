// Bytes and their text forms: spans, hex, base64. Nothing here allocates more than its result.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assay {

using ByteSpan = std::span<const uint8_t>;
using ByteVector = std::vector<uint8_t>;

/// SHA-256 of bytes without a prefix, or a tree hash: 32 bytes compared by value.
using Digest = std::array<uint8_t, 32>;

inline ByteSpan AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline void AppendBytes(ByteVector& out, ByteSpan bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// Lower-case hexadecimal. [any thread]
std::string EncodeHex(ByteSpan bytes);
/// kInvalidInput for an odd length or a character outside [0-9a-fA-F]. [any thread]
Result<ByteVector> ParseHex(std::string_view text);
/// RFC 4648 section 4, padded. [any thread]
std::string EncodeBase64(ByteSpan bytes);
/// Strict: padding required, no white space, no stray bits in the last character (RFC 4648 3.5).
Result<ByteVector> ParseBase64(std::string_view text);
/// RFC 4648 section 5 without padding, as in a JWT. Padding is refused, stray bits too.
Result<ByteVector> ParseBase64Url(std::string_view text);
/// kInvalidInput unless exactly 32 bytes.
Result<Digest> ToDigest(ByteSpan bytes);

}  // namespace assay
