#include "csv.h"

#include <cstring>

namespace assay::cost {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// First comma, CR or LF from `at` on. Eight bytes at a time: cells are short, files are long.
const char* FindEnd(const char* at, const char* end) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  const auto has = [](uint64_t word, uint8_t byte) {
    const uint64_t x = word ^ (kOnes * byte);
    return (x - kOnes) & ~x & kHighs;
  };
  while (end - at >= 8) {
    uint64_t word = 0;
    std::memcpy(&word, at, 8);
    if ((has(word, ',') | has(word, '\n') | has(word, '\r')) != 0) break;
    at += 8;
  }
  while (at != end && *at != ',' && *at != '\n' && *at != '\r') ++at;
  return at;
}

}  // namespace

std::string_view CsvRecord::Undouble(const Cell& cell, std::string& scratch) const {
  scratch.clear();
  for (size_t at = cell.begin; at < cell.end; ++at) {
    scratch += data_[at];
    if (data_[at] == '"') ++at;
  }
  return scratch;
}

bool CsvReader::Fault(std::string what) {
  fault_ = "record " + std::to_string(records_ + 1) + ": " + std::move(what);
  buffer_.clear();
  return false;
}

bool CsvReader::Feed(std::string_view piece) {
  if (!fault_.empty()) return false;
  buffer_.append(piece);
  return Run(false);
}

bool CsvReader::End() {
  if (!fault_.empty()) return false;
  return Run(true);
}

bool CsvReader::Run(bool last) {
  const char* begin = buffer_.data();
  const char* const end = begin + buffer_.size();
  if (!began_) {
    if (buffer_.size() < kByteOrderMark.size() && !last) return true;
    if (std::string_view(buffer_).starts_with(kByteOrderMark)) begin += kByteOrderMark.size();
    began_ = true;
  }
  while (begin != end) {
    const char* next = begin;
    const Step step = ReadRecord(begin, end, last, next);
    if (step == Step::kFault) return false;
    if (step == Step::kMore) {
      if (static_cast<size_t>(end - begin) > kMaxRecordBytes)
        return Fault("longer than 1 MiB; is a quote missing?");
      break;
    }
    const bool blank = record_.cells_.size() == 1 && !record_.cells_[0].quoted &&
                       record_.cells_[0].begin == record_.cells_[0].end;
    if (!blank) {
      on_record_(record_);
      ++records_;
    }
    begin = next;
  }
  buffer_.erase(0, static_cast<size_t>(begin - buffer_.data()));
  return true;
}

CsvReader::Step CsvReader::ReadRecord(const char* begin, const char* end, bool last,
                                      const char*& next) {
  record_.data_ = begin;
  record_.cells_.clear();
  const char* at = begin;
  while (true) {
    if (record_.cells_.size() == kMaxCells) {
      Fault("more than 1024 cells");
      return Step::kFault;
    }
    const Step step = ReadCell(begin, end, last, at);
    if (step != Step::kRecord) return step;
    if (at == end) break;  // only at the end of the file
    if (*at == ',') {
      ++at;
      continue;
    }
    if (*at == '\r') {
      if (at + 1 == end && !last) return Step::kMore;
      if (at + 1 != end && at[1] == '\n') ++at;
    }
    ++at;
    break;
  }
  if (static_cast<size_t>(at - begin) > kMaxRecordBytes) {
    Fault("longer than 1 MiB; is a quote missing?");
    return Step::kFault;
  }
  next = at;
  return Step::kRecord;
}

CsvReader::Step CsvReader::ReadCell(const char* begin, const char* end, bool last,
                                    const char*& at) {
  if (at != end && *at == '"') return ReadQuoted(begin, end, last, at);
  const char* const stop = FindEnd(at, end);
  if (stop == end && !last) return Step::kMore;
  record_.cells_.push_back(
      {static_cast<size_t>(at - begin), static_cast<size_t>(stop - begin), false, false});
  at = stop;
  return Step::kRecord;
}

CsvReader::Step CsvReader::ReadQuoted(const char* begin, const char* end, bool last,
                                      const char*& at) {
  CsvRecord::Cell cell{static_cast<size_t>(at + 1 - begin), 0, true, false};
  const char* from = at + 1;
  while (true) {
    const auto* quote =
        static_cast<const char*>(std::memchr(from, '"', static_cast<size_t>(end - from)));
    // What follows a quote tells whether it closes the cell.
    if (quote == nullptr || (quote + 1 == end && !last)) {
      if (!last) return Step::kMore;
      Fault("a quoted cell is not closed");
      return Step::kFault;
    }
    if (quote + 1 == end || quote[1] != '"') {
      cell.end = static_cast<size_t>(quote - begin);
      at = quote + 1;
      break;
    }
    cell.doubled = true;
    from = quote + 2;
  }
  if (at != end && *at != ',' && *at != '\n' && *at != '\r') {
    Fault("text stands behind a closing quote");
    return Step::kFault;
  }
  record_.cells_.push_back(cell);
  return Step::kRecord;
}

}  // namespace assay::cost
