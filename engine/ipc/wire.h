// Bounded reading and writing of little-endian fields in a message payload. Used by both sides; the
// reader trusts nothing: any overrun or excess makes ok() false and every later value zero or
// empty.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace assay::ipc {

class Writer {
 public:
  Writer& U8(uint8_t v);
  Writer& U16(uint16_t v);
  Writer& U32(uint32_t v);
  Writer& U64(uint64_t v);
  Writer& I64(int64_t v) { return U64(static_cast<uint64_t>(v)); }
  /// u32 length, then the bytes.
  Writer& Text(std::string_view v);
  Writer& Raw(ByteSpan v);
  const ByteVector& bytes() const { return bytes_; }
  ByteVector Take() { return std::move(bytes_); }

 private:
  ByteVector bytes_;
};

class Reader {
 public:
  explicit Reader(ByteSpan bytes) : rest_(bytes) {}
  uint8_t U8();
  uint16_t U16();
  uint32_t U32();
  uint64_t U64();
  int64_t I64() { return static_cast<int64_t>(U64()); }
  /// A view into the payload; at most `max` bytes.
  std::string_view Text(size_t max = 1u << 20);
  ByteSpan Raw(size_t n);
  /// Element count of a list whose elements take at least `min_element_bytes`: bounded by the rest.
  uint32_t Count(size_t min_element_bytes);
  bool ok() const { return ok_; }
  /// ok and nothing is left.
  bool Done() const { return ok_ && rest_.empty(); }
  ByteSpan rest() const { return rest_; }

 private:
  bool Take(size_t n, const uint8_t** at);
  ByteSpan rest_;
  bool ok_ = true;
};

}  // namespace assay::ipc
