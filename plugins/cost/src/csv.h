// CSV after RFC 4180, in one pass over pieces of any size: commas, quotes doubled inside quotes,
// CRLF or LF. Strict where being lenient would move amounts between columns.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::cost {

/// One record. Valid until the callback that it was given to returns.
class CsvRecord {
 public:
  size_t size() const { return cells_.size(); }
  /// Text of a cell; empty when there is no such cell. Quotes are undone in `scratch`.
  std::string_view Text(size_t cell, std::string& scratch) const {
    if (cell >= cells_.size()) return {};
    const Cell& c = cells_[cell];
    if (!c.doubled) return {data_ + c.begin, c.end - c.begin};
    return Undouble(c, scratch);
  }
  bool quoted(size_t cell) const { return cell < cells_.size() && cells_[cell].quoted; }

 private:
  friend class CsvReader;
  struct Cell {
    size_t begin = 0, end = 0;
    bool quoted = false, doubled = false;
  };
  std::string_view Undouble(const Cell& cell, std::string& scratch) const;

  const char* data_ = nullptr;
  std::vector<Cell> cells_;
};

/// Feed it pieces, then End(). Lines without any character are passed over.
class CsvReader {
 public:
  static constexpr size_t kMaxRecordBytes = 1u << 20, kMaxCells = 1024;
  using OnRecord = std::function<void(const CsvRecord&)>;

  explicit CsvReader(OnRecord on_record) : on_record_(std::move(on_record)) {}

  /// False when the text is no CSV or a record is too large: nothing after it is read; fault()
  /// names what and where.
  bool Feed(std::string_view piece);
  bool End();
  const std::string& fault() const { return fault_; }
  uint64_t records() const { return records_; }

 private:
  enum class Step { kRecord, kMore, kFault };

  bool Run(bool last);
  Step ReadRecord(const char* begin, const char* end, bool last, const char*& next);
  /// A cell that begins at `at`; leaves `at` behind it.
  Step ReadCell(const char* begin, const char* end, bool last, const char*& at);
  Step ReadQuoted(const char* begin, const char* end, bool last, const char*& at);
  bool Fault(std::string what);

  OnRecord on_record_;
  std::string buffer_;  ///< a record that is not whole yet, and what came after it
  CsvRecord record_;
  std::string fault_;
  uint64_t records_ = 0;
  bool began_ = false;
};

}  // namespace assay::cost
