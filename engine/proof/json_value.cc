#include "proof/json_value.h"

#include <fmt/format.h>

#include "base/text.h"

namespace assay::proof {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Status Run() {
    ASSAY_TRY(Value());
    while (!open_.empty()) ASSAY_TRY(Next());
    return at_ == text_.size() ? Status{} : Bad("something follows the value");
  }

 private:
  tl::unexpected<Error> Bad(std::string_view why) const {
    return Fail(Code::kInvalidInput, fmt::format("json: byte {}: {}", at_, why));
  }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void SkipSpace() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string::npos)
      ++at_;
  }

  // A value, or the beginning of one: what is opened stays on the stack.
  Status Value() {
    const char c = Peek();
    if (c == '{') return OpenObject();
    if (c == '[') return OpenArray();
    if (c == '"') return Text();
    if (c == '-' || IsDigit(c)) return Number();
    for (std::string_view word : {"true", "false", "null"})
      if (text_.substr(at_).starts_with(word)) return at_ += word.size(), Status{};
    return Bad("no value begins here");
  }
  Status Open(char c) {
    if (open_.size() == kMaxValueDepth)
      return Fail(Code::kLimitExceeded,
                  fmt::format("json: byte {}: nested deeper than {}", at_, kMaxValueDepth));
    open_.push_back(c);
    ++at_;
    SkipSpace();
    return {};
  }
  Status OpenArray() {
    ASSAY_TRY(Open(']'));
    if (Take(']')) return open_.pop_back(), Status{};
    return Value();
  }
  Status OpenObject() {
    ASSAY_TRY(Open('}'));
    if (Take('}')) return open_.pop_back(), Status{};
    return Member();
  }
  Status Member() {
    if (Peek() != '"') return Bad("expected a name");
    ASSAY_TRY(Text());
    SkipSpace();
    if (!Take(':')) return Bad("expected a colon");
    SkipSpace();
    return Value();
  }
  // After a value inside of something: its end, or a comma and the next one.
  Status Next() {
    SkipSpace();
    const char end = open_.back();
    if (Take(end)) return open_.pop_back(), Status{};
    if (!Take(',')) return Bad("expected a comma or the end");
    SkipSpace();
    return end == '}' ? Member() : Value();
  }

  Status Text() {
    for (++at_; at_ < text_.size();) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') return ++at_, Status{};
      if (c < 0x20) return Bad("control character in a text");
      if (c == '\\') {
        ASSAY_TRY(Escape());
        continue;
      }
      const size_t length = Utf8SequenceLength(text_.substr(at_));
      if (length == 0) return Bad("not UTF-8");
      at_ += length;
    }
    return Bad("text without an end");
  }
  Status Escape() {
    const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (c != '\0' && std::string_view("\"\\/bfnrt").find(c) != std::string::npos)
      return at_ += 2, Status{};
    if (c != 'u' || at_ + 6 > text_.size()) return Bad("no escape");
    for (const char digit : text_.substr(at_ + 2, 4))
      if (!IsDigit(digit) && !(digit >= 'a' && digit <= 'f') && !(digit >= 'A' && digit <= 'F'))
        return Bad("no escape");
    return at_ += 6, Status{};
  }

  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  Status Digits() {
    if (!IsDigit(Peek())) return Bad("expected a digit");
    while (IsDigit(Peek())) ++at_;
    return {};
  }
  Status Number() {
    Take('-');
    if (!Take('0')) ASSAY_TRY(Digits());
    if (Take('.')) ASSAY_TRY(Digits());
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      ASSAY_TRY(Digits());
    }
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string open_;  ///< the closing signs that are still wanted
};

}  // namespace

Status CheckOneJsonValue(ByteSpan bytes) { return Scanner(AsText(bytes)).Run(); }

}  // namespace assay::proof
