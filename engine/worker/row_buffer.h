// Bytes that grow at the end without being filled with zeros first: rows are written over them at
// once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

#include "base/bytes.h"

namespace assay::worker {

class RowBuffer {
 public:
  /// `n` more bytes, of which nothing is known; throws std::bad_alloc.
  uint8_t* Extend(size_t n) {
    if (n > capacity_ - size_) Grow(size_ + n);
    uint8_t* at = bytes_.get() + size_;
    size_ += n;
    return at;
  }
  void Clear() { size_ = 0; }
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  uint8_t* data() { return bytes_.get(); }
  ByteSpan bytes() const { return {bytes_.get(), size_}; }

 private:
  void Grow(size_t least) {
    const size_t capacity = std::max(least, 2 * capacity_);
    auto bytes = std::make_unique_for_overwrite<uint8_t[]>(capacity);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0, capacity_ = 0;
};

}  // namespace assay::worker
