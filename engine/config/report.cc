#include "config/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace assay::config {
namespace {

// Byte offset of the 1-based character column.
size_t ByteOfColumn(std::string_view line, uint32_t column) {
  size_t at = 0;
  for (uint32_t i = 1; i < column && at < line.size(); ++i)
    at += std::max<size_t>(1, Utf8SequenceLength(line.substr(at)));
  return std::min(at, line.size());
}

}  // namespace

Diagnostic& Report::Error(std::string_view code, const Place& place, std::string message) {
  Diagnostic d;
  d.code = code;
  d.message = std::move(message);
  d.place = place;
  all_.push_back(std::move(d));
  return all_.back();
}

Diagnostic& Report::Warning(std::string_view code, const Place& place, std::string message) {
  Diagnostic& d = Error(code, place, std::move(message));
  d.is_error = false;
  return d;
}

void Report::HideFrom(const Place& place) {
  for (uint32_t line = place.line; line <= std::max(place.line, place.end_line); ++line) {
    const uint32_t column = line == place.line ? place.column : 1;
    auto [it, fresh] = hidden_.try_emplace({place.file, line}, column);
    if (!fresh) it->second = std::min(it->second, column);
  }
}

bool Report::has_errors() const {
  return std::any_of(all_.begin(), all_.end(), [](const Diagnostic& d) { return d.is_error; });
}

std::vector<Diagnostic> Report::Finish(const std::vector<const Document*>& documents) {
  for (Diagnostic& d : all_) {
    const auto it = std::find_if(documents.begin(), documents.end(),
                                 [&](const Document* doc) { return doc->file == d.place.file; });
    if (it == documents.end() || d.place.line == 0) continue;
    std::string_view line = LineOf(**it, d.place.line);
    d.source_line = std::string(line);
    const auto hidden = hidden_.find({d.place.file, d.place.line});
    if (hidden == hidden_.end()) continue;
    // What stands at or after the secret is not shown, so a caret there has no line to point into.
    if (d.place.column > hidden->second)
      d.source_line.clear();
    else
      d.source_line =
          std::string(line.substr(0, ByteOfColumn(line, hidden->second))) + "\xe2\x80\xa6";
  }
  std::stable_sort(all_.begin(), all_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.place.file, a.place.line, a.place.column) <
           std::tie(b.place.file, b.place.line, b.place.column);
  });
  return all_;
}

Status Report::FirstErrors(const std::vector<const Document*>& documents) {
  constexpr size_t kMost = 5;
  std::vector<std::string> lines;
  size_t count = 0;
  for (const Diagnostic& d : Finish(documents)) {
    if (!d.is_error || ++count > kMost) continue;
    lines.push_back(fmt::format("{}:{}:{}: {}{}{}", d.place.file, d.place.line, d.place.column,
                                d.message, d.caret_note.empty() ? "" : ": ", d.caret_note));
  }
  if (count == 0) return {};
  if (count > kMost) lines.push_back(fmt::format("and {} more", count - kMost));
  return Fail(Code::kInvalidInput, Join(lines, "; "));
}

}  // namespace assay::config
