#include "config/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/width.h"

namespace assay::config {
namespace {

constexpr size_t kMostShown = 50;
constexpr size_t kLongestLine = 240;

// The source line safe for a terminal: control characters as spaces, invalid UTF-8 as "?".
std::string Printable(std::string_view line) {
  std::string out;
  while (!line.empty()) {
    const size_t n = Utf8SequenceLength(line);
    const auto c = static_cast<unsigned char>(line[0]);
    if (n == 0)
      out += '?';
    else if (n == 1 && (c < 0x20 || c == 0x7f))
      out += ' ';
    else
      out += line.substr(0, n);
    line.remove_prefix(std::max<size_t>(1, n));
  }
  return out;
}

// First `characters` of a text.
std::string_view Prefix(std::string_view text, size_t characters) {
  size_t at = 0;
  while (characters-- > 0 && at < text.size())
    at += std::max<size_t>(1, Utf8SequenceLength(text.substr(at)));
  return text.substr(0, std::min(at, text.size()));
}

struct Colours {
  const char *strong = "", *faint = "", *caret = "", *off = "";
};

std::string Snippet(const Diagnostic& d, const Colours& c) {
  std::string line = Printable(d.source_line);
  const Place& p = d.place;
  const size_t before = DisplayWidth(Prefix(line, p.column - 1));
  size_t after = DisplayWidth(line);
  if (p.end_line == p.line) after = std::min(after, DisplayWidth(Prefix(line, p.end_column - 1)));
  const size_t carets = std::max<size_t>(1, after > before ? after - before : 1);
  const std::string number = fmt::format("{:>5}", p.line);
  std::string out = fmt::format("{}      |{}\n", c.faint, c.off);
  if (line.size() > kLongestLine && before + carets < kLongestLine)
    line = std::string(Prefix(line, kLongestLine)) + "...";
  out += fmt::format("{}{} |{} {}\n", c.faint, number, c.off, line);
  out += fmt::format("{}      |{} {}{}{}", c.faint, c.off, std::string(before, ' '), c.caret,
                     std::string(carets, '^'));
  if (!d.caret_note.empty()) out += " " + d.caret_note;
  return out + c.off + "\n";
}

std::string FormatOne(const Diagnostic& d, bool color) {
  Colours c;
  if (color)
    c = {d.is_error ? "\x1b[1;31m" : "\x1b[1;33m", "\x1b[2m", d.is_error ? "\x1b[31m" : "\x1b[33m",
         "\x1b[0m"};
  std::string out = fmt::format("{}{}[{}]{}: {}\n", c.strong, d.is_error ? "error" : "warning",
                                d.code, c.off, d.message);
  const bool has_place = d.place.line != 0;
  if (has_place)
    out += fmt::format("     --> {}:{}:{}\n", d.place.file, d.place.line, d.place.column);
  if (has_place && !d.source_line.empty())
    out += Snippet(d, c);
  else if (!d.caret_note.empty())
    out += fmt::format("      = {}\n", d.caret_note);
  for (const std::string& note : d.notes) out += fmt::format("      = {}\n", note);
  return out;
}

std::string CountLine(const std::vector<Diagnostic>& all) {
  const auto errors = static_cast<size_t>(
      std::count_if(all.begin(), all.end(), [](const Diagnostic& d) { return d.is_error; }));
  const size_t warnings = all.size() - errors;
  const auto count = [](size_t n, const char* word) {
    return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s");
  };
  std::string out = count(errors, "error");
  if (warnings > 0) out += ", " + count(warnings, "warning");
  if (all.size() > kMostShown) out += fmt::format("; the first {} are shown", kMostShown);
  return out + "\n";
}

std::string HintOf(const Diagnostic& d) {
  for (const std::string& note : d.notes)
    if (note.rfind("help: ", 0) == 0) return note.substr(6);
  return d.caret_note;
}

}  // namespace

std::string FormatDiagnostics(const std::vector<Diagnostic>& all, bool color) {
  if (all.empty()) return {};
  std::string out;
  for (size_t i = 0; i < std::min(all.size(), kMostShown); ++i) out += FormatOne(all[i], color);
  return out + CountLine(all);
}

std::string DiagnosticsJson(const std::vector<Diagnostic>& all) {
  std::string out = "[";
  for (const Diagnostic& d : all) {
    if (out.size() > 1) out += ',';
    out += fmt::format(
        R"({{"level":"{}","code":{},"message":{},"file":{},"line":{},"col":{},"end_line":{},"end_col":{},"hint":{},"help":{}}})",
        d.is_error ? "error" : "warning", JsonString(d.code), JsonString(d.message),
        JsonString(d.place.file), d.place.line, d.place.column, d.place.end_line,
        d.place.end_column, JsonString(HintOf(d)), JsonString("assay explain " + d.code));
  }
  return out + "]";
}

}  // namespace assay::config
