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

void Report::HideText(std::string_view secret) {
  secrets_.emplace_back(secret);
  // As messages quote it: escaped, and cut at either length.
  for (size_t length : {size_t{60}, size_t{200}}) {
    std::string quoted = Quote(secret, length);
    quoted = quoted.substr(1, quoted.rfind('"') - 1);
    if (!quoted.empty()) secrets_.push_back(std::move(quoted));
  }
}

void Report::RemoveSecrets(std::string& text) const {
  for (const std::string& secret : secrets_)
    for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at))
      text.replace(at, secret.size(), "\xe2\x80\xa6");
}

bool Report::HasAt(const Place& place) const {
  return std::any_of(all_.begin(), all_.end(), [&](const Diagnostic& d) {
    return d.place.file == place.file && d.place.line == place.line &&
           d.place.column == place.column;
  });
}

bool Report::has_errors() const {
  return std::any_of(all_.begin(), all_.end(), [](const Diagnostic& d) { return d.is_error; });
}

std::vector<Diagnostic> Report::Finish(const std::vector<const Document*>& documents) {
  for (Diagnostic& d : all_) {
    RemoveSecrets(d.message);
    RemoveSecrets(d.caret_note);
    for (std::string& note : d.notes) RemoveSecrets(note);
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
  // The main file first, then the others as they were included.
  const auto order = [&](const Diagnostic& d) {
    const auto it = std::find_if(documents.begin(), documents.end(),
                                 [&](const Document* doc) { return doc->file == d.place.file; });
    return std::make_tuple(it - documents.begin(), d.place.line, d.place.column);
  };
  std::stable_sort(all_.begin(), all_.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return order(a) < order(b); });
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
