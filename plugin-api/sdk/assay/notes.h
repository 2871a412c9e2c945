// What was odd about an answer: the first oddity in words (JSON pointer and byte), and how many.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

/// Collects what a page or a ticket could not say. Holds no values of the tenant, only places.
class Notes {
 public:
  void Add(std::string_view what, std::string_view pointer, uint64_t byte) {
    Add(std::string(what) + " at " + (pointer.empty() ? "/" : std::string(pointer)) + ", byte " +
        std::to_string(byte));
  }
  void Add(std::string detail) {
    if (count_++ == 0) first_ = std::move(detail);
  }
  void Join(const Notes& other) {
    if (other.count_ == 0) return;
    if (count_ == 0) first_ = other.first_;
    count_ += other.count_;
  }
  bool empty() const { return count_ == 0; }
  /// "unexpected type at /value/3/id, byte 91 (and 4 more)".
  std::string Summary() const {
    return count_ <= 1 ? first_ : first_ + " (and " + std::to_string(count_ - 1) + " more)";
  }

 private:
  std::string first_;
  uint64_t count_ = 0;
};

}  // namespace assay
