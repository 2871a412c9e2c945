// Rows of one dataset in the evaluator: 4 bytes a value, in canonical order once sealed, so that
// whatever order pages came in, everything that reads the store sees the same rows in the same
// order.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ipc/messages.h"
#include "ipc/row.h"
#include "model/check.h"
#include "model/manifest.h"
#include "worker/text_pool.h"

namespace assay::worker {

/// Values shared by all datasets of one evaluation.
struct Pools {
  TextPool texts;
  IntPool integers;
};

inline bool IsInteger(ColumnType type) {
  return type == ColumnType::kInt || type == ColumnType::kBool;
}

/// Rows of one dataset. Add, then Seal, then read. [one thread]
class RowStore {
 public:
  /// kInvalidInput naming the dataset when its shape is unusable (names, key or subject not a
  /// column).
  static Result<std::unique_ptr<RowStore>> Create(DatasetSpec spec, Pools& pools);

  /// Takes all rows of one frame. kInvalidInput naming dataset and column for a row that does not
  /// fit; then the frame's rows before it stay, and the caller marks the dataset.
  Status Add(const ipc::Rows& frame);
  /// Sorts by key and drops later duplicates: the first in (page, record) order stays. Idempotent
  /// until Add.
  void Seal();

  const DatasetSpec& spec() const { return spec_; }
  size_t columns() const { return spec_.columns.size(); }
  /// Sealed only, from here on; positions are 0 to size() - 1 in key order.
  uint32_t size() const { return static_cast<uint32_t>(order_.size()); }
  uint64_t duplicates() const { return duplicates_; }
  uint32_t Code(uint32_t position, size_t column) const { return Row(order_[position])[column]; }
  RecordRef Record(uint32_t position) const;
  /// Positions whose `column` holds `code`, ascending. Builds the column's index when first asked.
  std::span<const uint64_t> Find(size_t column, uint32_t code);
  /// Different values in `column`, null as one; at least 1. Counted when first asked.
  uint32_t Distinct(size_t column);
  /// Position within an element of Find's answer.
  static uint32_t Position(uint64_t element) { return static_cast<uint32_t>(element); }
  size_t ColumnOf(const std::string& name) const;
  size_t MemoryBytes() const;

 private:
  RowStore(DatasetSpec spec, Pools& pools);
  const uint32_t* Row(uint32_t number) const {
    return chunks_[number >> kChunkShift].get() + (number & kChunkMask) * stride_;
  }
  uint32_t* NewRow();
  Result<uint32_t> CodeOf(const ColumnSpec& column, const ipc::RowValue& value);
  std::vector<uint32_t> TextRanks() const;
  bool SameKey(uint32_t a, uint32_t b) const;
  bool Before(uint32_t a, uint32_t b, const std::vector<uint32_t>& ranks) const;
  int CompareValues(uint32_t a, uint32_t b) const;

  static constexpr uint32_t kChunkShift = 12, kChunkMask = (1u << kChunkShift) - 1;
  DatasetSpec spec_;
  Pools& pools_;
  size_t stride_;  ///< values of a row, then page and record
  std::vector<size_t> key_;
  std::vector<std::unique_ptr<uint32_t[]>> chunks_;
  uint32_t rows_ = 0;
  uint64_t duplicates_ = 0;
  std::vector<uint32_t> order_;  ///< row numbers in canonical order
  std::map<size_t, uint32_t> distinct_;
  std::map<size_t, std::vector<uint64_t>> indexes_;  ///< column -> sorted code << 32 | position
};

}  // namespace assay::worker
