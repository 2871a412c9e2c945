// Cells of a CSV text (RFC 4180) with the place of each, for messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assay::config {

struct CsvCell {
  std::string text;
  uint32_t line = 0, column = 0;  ///< from 1; column in bytes, behind an opening quote
  bool quoted = false;
};
using CsvRow = std::vector<CsvCell>;

/// Rows of a text; rows without any character are left out, a byte order mark is passed over, line
/// ends may be LF or CRLF. kInvalidInput "file:line:col: ..." for a quote that does not end or
/// stands inside a cell, and for a text that is no UTF-8. [any thread]
Result<std::vector<CsvRow>> ParseCsv(std::string_view text, const std::string& file);

}  // namespace assay::config
