#include "ipc/wire.h"

namespace assay::ipc {
namespace {

template <typename T>
void Put(ByteVector& out, T v) {
  for (size_t i = 0; i < sizeof v; ++i) out.push_back(static_cast<uint8_t>(v >> (8 * i)));
}

template <typename T>
T Get(const uint8_t* at) {
  T v = 0;
  for (size_t i = 0; i < sizeof v; ++i) v = static_cast<T>(v | static_cast<T>(at[i]) << (8 * i));
  return v;
}

}  // namespace

Writer& Writer::U8(uint8_t v) { return Put(bytes_, v), *this; }
Writer& Writer::U16(uint16_t v) { return Put(bytes_, v), *this; }
Writer& Writer::U32(uint32_t v) { return Put(bytes_, v), *this; }
Writer& Writer::U64(uint64_t v) { return Put(bytes_, v), *this; }
Writer& Writer::Text(std::string_view v) {
  U32(static_cast<uint32_t>(v.size()));
  return Raw(AsBytes(v));
}
Writer& Writer::Raw(ByteSpan v) { return AppendBytes(bytes_, v), *this; }

bool Reader::Take(size_t n, const uint8_t** at) {
  if (!ok_ || rest_.size() < n) {
    ok_ = false;
    rest_ = {};
    return false;
  }
  *at = rest_.data();
  rest_ = rest_.subspan(n);
  return true;
}

uint8_t Reader::U8() {
  const uint8_t* at = nullptr;
  return Take(1, &at) ? *at : 0;
}
uint16_t Reader::U16() {
  const uint8_t* at = nullptr;
  return Take(2, &at) ? Get<uint16_t>(at) : uint16_t{0};
}
uint32_t Reader::U32() {
  const uint8_t* at = nullptr;
  return Take(4, &at) ? Get<uint32_t>(at) : 0;
}
uint64_t Reader::U64() {
  const uint8_t* at = nullptr;
  return Take(8, &at) ? Get<uint64_t>(at) : 0;
}
ByteSpan Reader::Raw(size_t n) {
  const uint8_t* at = nullptr;
  return Take(n, &at) ? ByteSpan(at, n) : ByteSpan();
}
std::string_view Reader::Text(size_t max) {
  const uint32_t n = U32();
  if (n > max) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  return AsText(Raw(n));
}
uint32_t Reader::Count(size_t min_element_bytes) {
  const uint32_t n = U32();
  if (!ok_ || (min_element_bytes != 0 && n > rest_.size() / min_element_bytes)) {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  return n;
}

}  // namespace assay::ipc
