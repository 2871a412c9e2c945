// Form of the rows in a kRows frame. Written by the collector's worker, read by the evaluator only:
// the engine counts and relays the bytes and never looks inside.
//
//   row   := u32 page, u32 record, value * (columns of the dataset, in manifest order)
//   value := u8 kind: 0 null | 1 text: u32 length, bytes | 2 int: i64
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "ipc/wire.h"

namespace assay::ipc {

struct RowValue {
  uint8_t kind = 0;  ///< ASSAY_NULL, ASSAY_TEXT, ASSAY_INT of plugin-api/include/assay/types.h
  int64_t integer = 0;
  std::string_view text;
};

struct Row {
  uint32_t page = 0;
  uint32_t record = 0;
  std::vector<RowValue> values;
};

/// Appends one row. [any thread]
void EncodeRow(Writer& out, const Row& row);
/// Reads one row of `columns` values; false when it does not fit (then `in` is not ok).
bool ParseRow(Reader& in, size_t columns, Row& row);

}  // namespace assay::ipc
