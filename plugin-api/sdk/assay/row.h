// One row under construction. Columns are named by the generated enumerators; a value of the wrong
// kind is a bug of the plugin and is refused here, before the border.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "assay/dataset.h"
#include "assay/error.h"
#include "assay/types.h"

namespace assay {

/// Reusable buffer for the rows of one dataset. Texts are views unless kept with TextCopy or
/// Folded.
class Row {
 public:
  explicit Row(const DatasetInfo& dataset)
      : dataset_(&dataset), values_(dataset.column_count, assay_value_t{}) {}

  const DatasetInfo& dataset() const { return *dataset_; }
  const std::vector<assay_value_t>& values() const { return values_; }

  /// Sets every column to null.
  void Clear() {
    std::fill(values_.begin(), values_.end(), assay_value_t{});
    used_ = 0;
  }
  /// Sets a text, time, json or decimal column; `text` must outlive the row's emission.
  void Text(uint32_t column, std::string_view text) {
    const CellType type = Check(column);
    if (type == CellType::kInt || type == CellType::kBool) Refuse(column, "text");
    values_[column] = {ASSAY_TEXT, 0, 0, ToSlice(text)};
  }
  /// As Text, with a copy kept in the row.
  void TextCopy(uint32_t column, std::string_view text) {
    std::string& kept = Keep();
    kept.assign(text);
    Text(column, kept);
  }
  /// As TextCopy, ASCII letters in lower case: GUIDs and ARM ids are compared without regard to
  /// case.
  void Folded(uint32_t column, std::string_view text) {
    std::string& kept = Keep();
    kept.assign(text);
    Fold(kept);
    Text(column, kept);
  }
  /// Sets an int or bool column.
  void Int(uint32_t column, int64_t value) {
    const CellType type = Check(column);
    if (type != CellType::kInt && type != CellType::kBool) Refuse(column, "a number");
    values_[column] = {ASSAY_INT, 0, type == CellType::kBool ? int64_t{value != 0} : value, {}};
  }
  /// Takes the value of a column from another row of the same dataset, null included.
  void Copy(uint32_t column, const Row& from) {
    Check(column);
    values_[column] = from.values_.at(column);
  }
  bool IsNull(uint32_t column) const { return values_.at(column).kind == ASSAY_NULL; }
  /// The text of a column; empty when it is null or a number.
  std::string_view TextOf(uint32_t column) const {
    const assay_value_t& value = values_.at(column);
    return value.kind == ASSAY_TEXT ? FromSlice(value.text) : std::string_view();
  }
  /// True when a bool column was filled with true.
  bool IsTrue(uint32_t column) const {
    const assay_value_t& value = values_.at(column);
    return value.kind == ASSAY_INT && value.integer != 0;
  }
  /// The first key column that is still null, or nullptr.
  const ColumnInfo* MissingKey() const {
    for (uint32_t i = 0; i < dataset_->column_count; ++i) {
      if ((dataset_->key_mask >> i & 1u) != 0 && IsNull(i)) return &dataset_->columns[i];
    }
    return nullptr;
  }

 private:
  /// ASCII letters to lower case, eight at a time: ids are long, and there are millions.
  static void Fold(std::string& text) {
    constexpr uint64_t kOnes = 0x0101010101010101, kTops = 0x80 * kOnes;
    size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
      uint64_t word = 0;
      std::memcpy(&word, text.data() + at, 8);
      const uint64_t low = word & ~kTops;
      const uint64_t from_a = low + (0x80 - 'A') * kOnes, beyond_z = low + (0x7f - 'Z') * kOnes;
      word |= ((from_a ^ beyond_z) & ~word & kTops) >> 2;
      std::memcpy(text.data() + at, &word, 8);
    }
    for (; at < text.size(); ++at) {
      if (text[at] >= 'A' && text[at] <= 'Z') text[at] = static_cast<char>(text[at] - 'A' + 'a');
    }
  }
  CellType Check(uint32_t column) const {
    if (column >= dataset_->column_count) {
      throw PluginError(ASSAY_E_INVALID, std::string(dataset_->id) + ": no such column");
    }
    return dataset_->columns[column].type;
  }
  [[noreturn]] void Refuse(uint32_t column, std::string_view what) const {
    throw PluginError(ASSAY_E_INVALID, std::string(dataset_->id) + "." +
                                           std::string(dataset_->columns[column].name) +
                                           " does not take " + std::string(what));
  }
  std::string& Keep() {
    if (used_ == kept_.size()) kept_.emplace_back();
    return kept_[used_++];
  }

  const DatasetInfo* dataset_;
  std::vector<assay_value_t> values_;
  std::deque<std::string> kept_;  // a deque: growth moves no string that a value points into
  size_t used_ = 0;
};

}  // namespace assay
