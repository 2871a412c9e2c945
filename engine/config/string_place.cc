#include "config/string_place.h"

#include <algorithm>

#include "base/text.h"

namespace assay::config {
namespace {

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

size_t Utf8Size(uint32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

/// Reads a string's source from its opening quote on, and says how many bytes of the value each
/// step gives.
class Walk {
 public:
  Walk(const Document& document, const Place& begin) : document_(document), line_(begin.line) {
    byte_ = ByteOf(begin.column);
    const std::string_view rest = Rest();
    quote_ = rest.empty() ? '\0' : rest[0];
    if (quote_ != '"' && quote_ != '\'') return;
    multi_ = rest.size() >= 3 && rest[1] == quote_ && rest[2] == quote_;
    byte_ += multi_ ? 3 : 1;
    if (multi_ && Rest().empty()) NextLine();
    valid_ = true;
  }

  /// Goes on until `offset` bytes of the value are behind. False when the string ends before.
  bool To(size_t offset) {
    if (!valid_) return false;
    for (size_t done = 0; done < offset;) {
      const auto step = Step();
      if (!step) return false;
      done += *step;
    }
    while (!AtEnd() && JoinsLines(Rest())) Escape(Rest());
    return !AtEnd();
  }

  Place At() const {
    const std::string_view line = Line();
    size_t end = byte_;
    while (end < line.size() && IsWord(line[end])) ++end;
    if (end == byte_) ++end;
    return {document_.file, line_, ColumnOf(byte_), line_, ColumnOf(end)};
  }

 private:
  std::string_view Line() const { return LineOf(document_, line_); }
  std::string_view Rest() const { return Line().substr(std::min(byte_, Line().size())); }
  bool AtEnd() const { return line_ > document_.lines.size(); }
  void NextLine() {
    ++line_;
    byte_ = 0;
  }

  size_t ByteOf(uint32_t column) const {
    size_t at = 0;
    for (uint32_t i = 1; i < column && at < Line().size(); ++i)
      at += std::max<size_t>(1, Utf8SequenceLength(Line().substr(at)));
    return at;
  }
  uint32_t ColumnOf(size_t byte) const {
    uint32_t column = 1;
    for (size_t at = 0; at < byte; ++column)
      at += at < Line().size() ? std::max<size_t>(1, Utf8SequenceLength(Line().substr(at))) : 1;
    return column;
  }

  /// One piece of source; how many bytes of the value it stands for. Nothing at the end.
  std::optional<size_t> Step() {
    if (AtEnd()) return std::nullopt;
    const std::string_view rest = Rest();
    if (rest.empty()) {
      if (!multi_) return std::nullopt;
      NextLine();
      return 1;
    }
    if (rest[0] == quote_ && (!multi_ || rest.substr(0, 3) == std::string(3, quote_)))
      return std::nullopt;
    if (quote_ == '"' && rest[0] == '\\') return Escape(rest);
    ++byte_;
    return 1;
  }

  bool JoinsLines(std::string_view rest) const {
    return multi_ && quote_ == '"' && rest.starts_with('\\') && Trim(rest.substr(1)).empty();
  }

  size_t Escape(std::string_view rest) {
    if (JoinsLines(rest)) {  // white space until the next text is nothing
      do NextLine();
      while (!AtEnd() && Trim(Rest()).empty());
      byte_ = std::min(Line().find_first_not_of(" \t"), Line().size());
      return 0;
    }
    const char kind = rest.size() > 1 ? rest[1] : '\0';
    const size_t digits = kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    byte_ += std::min(rest.size(), 2 + digits);
    if (digits == 0) return 1;
    uint32_t code = 0;
    for (const char c : rest.substr(std::min<size_t>(2, rest.size()), digits))
      code = code << 4 | static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    return Utf8Size(code);
  }

  const Document& document_;
  uint32_t line_;
  size_t byte_ = 0;
  char quote_ = '\0';
  bool multi_ = false, valid_ = false;
};

}  // namespace

Place PlaceInString(const Document& document, const toml::node& node, size_t offset) {
  const Place whole = PlaceOf(document, node);
  Walk walk(document, whole);
  return walk.To(offset) ? walk.At() : whole;
}

}  // namespace assay::config
