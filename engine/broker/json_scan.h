// JSON text read from front to back, without a tree and without copies: what is not asked for is
// skipped where it stands. The grammar is that of RFC 8259, the depth is bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace assay::broker {

/// A place in JSON text. Views it; not thread-safe.
class JsonScan {
 public:
  /// Values may stand at most `max_depth` deep in each other.
  JsonScan(std::string_view text, size_t max_depth) : text_(text), max_depth_(max_depth) {}

  /// The character that the next value begins with, white space passed over; 0 at the end.
  char Peek();
  /// The next value as it stands. Nothing when it is malformed or too deep.
  std::optional<std::string_view> Value();
  /// The next value when it is a string, escapes undone. Reserved once: no copy stays behind.
  std::optional<std::string> Text();
  /// The next value when it is a whole number of 64 bits.
  std::optional<int64_t> Whole();
  /// The next value when it is an object: `take` gets each member's name and must read its value.
  /// False when it is none, is malformed, or when `take` says so.
  bool Object(const std::function<bool(std::string name)>& take);
  /// The same of an array and its elements.
  bool Array(const std::function<bool()>& take);
  /// Whether nothing but white space is left.
  bool AtEnd() { return Peek() == 0 && at_ == text_.size(); }

 private:
  bool Eat(char c);
  bool EatDigits();
  bool SkipString();
  bool SkipNumber();
  bool SkipWord(std::string_view word);
  bool SkipValue();
  template <typename Item>
  bool SkipItems(char open, char close, const Item& item);

  std::string_view text_;
  size_t at_ = 0, depth_ = 0;
  const size_t max_depth_;
};

}  // namespace assay::broker
