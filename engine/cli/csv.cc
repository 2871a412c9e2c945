#include "cli/csv.h"

namespace assay::cli {
namespace {

std::string Cell(std::string_view text) {
  const bool formula = text.size() > 1 && std::string_view("=+-@\t\r").find(text[0]) != text.npos;
  std::string out(formula ? "'" : "");
  bool quoted = false;
  for (const char c : text) {
    quoted = quoted || c == ',' || c == '"' || c == '\n' || c == '\r';
    out += c;
    if (c == '"') out += c;
  }
  return quoted ? "\"" + out + "\"" : out;
}

}  // namespace

std::string CsvRecord(const std::vector<std::string>& cells) {
  std::string out;
  for (const std::string& cell : cells) out += (&cell == &cells.front() ? "" : ",") + Cell(cell);
  return out + "\r\n";
}

}  // namespace assay::cli
