#include "config/comments.h"

#include <algorithm>

#include "base/text.h"

namespace assay::config {
namespace {

uint32_t ColumnOf(std::string_view line, size_t byte) {
  uint32_t column = 1;
  for (size_t at = 0; at < byte && at < line.size(); ++column)
    at += std::max<size_t>(1, Utf8SequenceLength(line.substr(at)));
  return column;
}

// Follows strings over lines. `open` is the delimiter of the string that is open: ", ', """ or '''.
class LineLexer {
 public:
  // Byte offset of the "#" of this line's comment, npos without one.
  size_t Comment(std::string_view line) {
    if (open_.size() == 1)
      open_ = {};  // such a string cannot span lines: the line before was broken
    for (size_t at = 0; at < line.size();) {
      if (!open_.empty()) {
        at = InString(line, at);
      } else if (line[at] == '#') {
        return at;
      } else if (line[at] == '"' || line[at] == '\'') {
        const bool triple = line.substr(at, 3) == std::string(3, line[at]);
        open_ = line.substr(at, triple ? 3 : 1);
        at += open_.size();
      } else {
        ++at;
      }
    }
    return std::string_view::npos;
  }

 private:
  size_t InString(std::string_view line, size_t at) {
    if (open_[0] == '"' && line[at] == '\\') return at + 2;
    if (line.substr(at, open_.size()) != open_) return at + 1;
    at += open_.size();
    // Up to two quotes may stand before the closing three.
    while (open_.size() == 3 && at < line.size() && line[at] == open_[0]) ++at;
    open_.clear();
    return at;
  }

  std::string open_;
};

}  // namespace

std::vector<Comment> FindComments(const Document& document) {
  std::vector<Comment> out;
  LineLexer lexer;
  for (uint32_t number = 1; number <= document.lines.size(); ++number) {
    const std::string_view line = LineOf(document, number);
    const size_t at = lexer.Comment(line);
    if (at == std::string_view::npos) continue;
    const uint32_t column = ColumnOf(line, at);
    out.push_back(
        {std::string(line.substr(at)), {document.file, number, column, number, column + 1}});
  }
  return out;
}

std::vector<CommentWord> WordsOf(const Comment& comment) {
  constexpr std::string_view kBreaks = " \t\"'`,;()<>[]{}=";
  constexpr std::string_view kTrimmed = "#:.";
  std::vector<CommentWord> out;
  const std::string_view text = comment.text;
  for (size_t at = text.find_first_not_of(kBreaks); at != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(kBreaks, at), text.size());
    std::string_view word = text.substr(at, end - at);
    size_t from = at;
    while (!word.empty() && kTrimmed.find(word.front()) != std::string_view::npos)
      word.remove_prefix(1), ++from;
    while (!word.empty() && kTrimmed.find(word.back()) != std::string_view::npos)
      word.remove_suffix(1);
    if (!word.empty()) {
      const uint32_t column = comment.place.column + ColumnOf(text, from) - 1;
      const uint32_t length = ColumnOf(word, word.size()) - 1;
      out.push_back(
          {std::string(word),
           {comment.place.file, comment.place.line, column, comment.place.line, column + length}});
    }
    at = text.find_first_not_of(kBreaks, end);
  }
  return out;
}

}  // namespace assay::config
