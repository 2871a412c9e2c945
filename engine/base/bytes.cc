#include "base/bytes.h"

#include <fmt/format.h>

#include <algorithm>

namespace assay {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<ByteVector> DecodeSextets(std::string_view text, std::string_view alphabet) {
  if (text.size() % 4 == 1) return Fail(Code::kInvalidInput, "base64: length is impossible");
  ByteVector out;
  out.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    const size_t value = alphabet.find(c);
    if (value == std::string_view::npos)
      return Fail(Code::kInvalidInput,
                  fmt::format("base64: unexpected character {}", Quote(std::string_view(&c, 1))));
    bits = (bits << 6 | static_cast<uint32_t>(value)) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<uint8_t>(bits >> count));
    }
  }
  if ((bits & ((1u << count) - 1)) != 0)
    return Fail(Code::kInvalidInput, "base64: stray bits after the last byte");
  return out;
}

}  // namespace

std::string EncodeHex(ByteSpan bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (uint8_t b : bytes) {
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

Result<ByteVector> ParseHex(std::string_view text) {
  if (text.size() % 2 != 0) return Fail(Code::kInvalidInput, "hex: odd number of digits");
  ByteVector out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int hi = HexValue(text[i]), lo = HexValue(text[i + 1]);
    if (hi < 0 || lo < 0)
      return Fail(Code::kInvalidInput, "hex: unexpected character in " + Quote(text.substr(i, 2)));
    out.push_back(static_cast<uint8_t>(hi << 4 | lo));
  }
  return out;
}

std::string EncodeBase64(ByteSpan bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  char* to = out.data();
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3, to += 4) {
    const uint32_t v = uint32_t{bytes[i]} << 16 | uint32_t{bytes[i + 1]} << 8 | bytes[i + 2];
    to[0] = kStandard[v >> 18];
    to[1] = kStandard[v >> 12 & 63];
    to[2] = kStandard[v >> 6 & 63];
    to[3] = kStandard[v & 63];
  }
  if (i == bytes.size()) return out;
  const bool two = i + 2 == bytes.size();
  const uint32_t v = uint32_t{bytes[i]} << 16 | (two ? uint32_t{bytes[i + 1]} << 8 : 0);
  to[0] = kStandard[v >> 18];
  to[1] = kStandard[v >> 12 & 63];
  if (two) to[2] = kStandard[v >> 6 & 63];
  return out;
}

Result<ByteVector> ParseBase64(std::string_view text) {
  if (text.size() % 4 != 0) return Fail(Code::kInvalidInput, "base64: padding is missing");
  const size_t pad = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  return DecodeSextets(text.substr(0, text.size() - pad), kStandard);
}

Result<ByteVector> ParseBase64Url(std::string_view text) { return DecodeSextets(text, kUrl); }

Result<Digest> ToDigest(ByteSpan bytes) {
  if (bytes.size() != 32)
    return Fail(Code::kInvalidInput,
                fmt::format("digest: expected 32 bytes, found {}", bytes.size()));
  Digest out;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

}  // namespace assay
