// Tables as comma-separated values, for spreadsheets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::cli {

/// One record of RFC 4180, its line end included. A cell that a spreadsheet would take for a
/// formula gets an apostrophe in front: what a tenant wrote is never executed. [any thread]
std::string CsvRecord(const std::vector<std::string>& cells);

}  // namespace assay::cli
