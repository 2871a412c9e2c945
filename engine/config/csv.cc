#include "config/csv.h"

#include <fmt/format.h>

#include "base/text.h"

namespace assay::config {
namespace {

class Reader {
 public:
  Reader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  Result<std::vector<CsvRow>> Read() {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
    while (at_ < text_.size()) {
      ASSAY_ASSIGN(CsvRow row, ReadRow());
      const bool empty = row.size() == 1 && row[0].text.empty() && !row[0].quoted;
      if (!empty) rows_.push_back(std::move(row));
    }
    return std::move(rows_);
  }

 private:
  bool Has(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool AtLineEnd() const {
    return at_ >= text_.size() || text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n";
  }

  void Step() {
    if (text_[at_] == '\n') {
      ++line_;
      line_start_ = at_ + 1;
    }
    ++at_;
  }

  tl::unexpected<Error> Wrong(uint32_t line, size_t column, std::string_view what) const {
    return Fail(Code::kInvalidInput, fmt::format("{}:{}:{}: {}", file_, line, column, what));
  }

  Result<CsvRow> ReadRow() {
    CsvRow row;
    for (;;) {
      ASSAY_ASSIGN(CsvCell cell, ReadCell());
      row.push_back(std::move(cell));
      if (!Has(',')) break;
      Step();
    }
    if (Has('\r')) Step();
    if (Has('\n')) Step();
    return row;
  }

  Result<CsvCell> ReadCell() {
    CsvCell cell{"", line_, static_cast<uint32_t>(at_ - line_start_ + 1), Has('"')};
    if (cell.quoted) return ReadQuoted(std::move(cell));
    while (!AtLineEnd() && !Has(',')) {
      if (Has('"')) return Wrong(line_, at_ - line_start_ + 1, "a quote inside of a cell");
      cell.text += text_[at_];
      Step();
    }
    return cell;
  }

  Result<CsvCell> ReadQuoted(CsvCell cell) {
    Step();
    ++cell.column;
    for (; at_ < text_.size(); Step()) {
      if (!Has('"')) {
        cell.text += text_[at_];
        continue;
      }
      if (text_.substr(at_, 2) != "\"\"") break;
      cell.text += '"';
      Step();
    }
    if (!Has('"')) return Wrong(cell.line, cell.column - 1, "this quote does not end");
    Step();
    if (!AtLineEnd() && !Has(','))
      return Wrong(line_, at_ - line_start_ + 1, "expected a comma after the quote");
    return cell;
  }

  std::string_view text_;
  const std::string& file_;
  size_t at_ = 0, line_start_ = 0;
  uint32_t line_ = 1;
  std::vector<CsvRow> rows_;
};

}  // namespace

Result<std::vector<CsvRow>> ParseCsv(std::string_view text, const std::string& file) {
  if (!IsUtf8(text)) return Fail(Code::kInvalidInput, file + ": is not UTF-8 text");
  return Reader(text, file).Read();
}

}  // namespace assay::config
