// Texts and integers stored once each and named by a 32-bit code: how the evaluator keeps millions
// of rows whose values repeat. Codes follow arrival and never leave the process.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace assay::worker {

/// Code of a null value in either pool.
inline constexpr uint32_t kNullCode = 0xffffffffu;

/// Interned texts. Views stay valid as long as the pool. [one thread]
class TextPool {
 public:
  TextPool();
  /// Code of `text`, added when new; nothing when it is not UTF-8. May throw std::bad_alloc.
  std::optional<uint32_t> Intern(std::string_view text);
  /// Code of `text` when it is known.
  std::optional<uint32_t> Find(std::string_view text) const;
  std::string_view At(uint32_t code) const { return {entries_[code].data, entries_[code].size}; }
  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }
  /// Bytes held in all.
  size_t MemoryBytes() const;

 private:
  struct Entry {
    const char* data;
    uint32_t size;
    uint32_t hash;
  };
  uint32_t Hash(std::string_view text) const;
  /// Slot of `text` or the empty slot where it belongs.
  size_t Slot(std::string_view text, uint32_t hash) const;
  const char* Keep(std::string_view text);
  void Grow();

  std::vector<Entry> entries_;
  std::vector<uint32_t> slots_;  ///< code + 1, 0 empty; size is a power of two
  std::vector<std::unique_ptr<char[]>> chunks_;
  size_t chunk_left_ = 0, chunk_bytes_ = 0;
  char* chunk_at_ = nullptr;
  uint64_t seed_;
};

/// Interned integers. [one thread]
class IntPool {
 public:
  uint32_t Intern(int64_t value);
  std::optional<uint32_t> Find(int64_t value) const;
  int64_t At(uint32_t code) const { return values_[code]; }
  uint32_t size() const { return static_cast<uint32_t>(values_.size()); }

 private:
  std::vector<int64_t> values_;
  std::unordered_map<int64_t, uint32_t> codes_;
};

}  // namespace assay::worker
