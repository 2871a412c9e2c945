#include "broker/json_scan.h"

#include <charconv>

namespace assay::broker {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// The unit that four hexadecimal digits name; nothing when they are none.
std::optional<uint32_t> ParseUnit(std::string_view text) {
  if (text.size() < 4) return {};
  uint32_t unit = 0;
  for (const char c : text.substr(0, 4)) {
    if (HexDigit(c) < 0) return {};
    unit = unit << 4 | static_cast<uint32_t>(HexDigit(c));
  }
  return unit;
}

void AppendUtf8(std::string& out, uint32_t c) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += tail(6);
    out += tail(0);
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    for (const int shift : {12, 6, 0}) out += tail(shift);
  }
}

/// "uXXXX", two of them for what lies outside the basic plane; how many bytes it took, 0 when it
/// is not one character.
size_t UnescapeUnit(std::string_view text, std::string& out) {
  const auto first = ParseUnit(text.substr(1));
  if (!first || (*first >= 0xdc00 && *first <= 0xdfff)) return 0;
  if (*first < 0xd800 || *first > 0xdbff) {
    AppendUtf8(out, *first);
    return 5;
  }
  const auto second =
      text.substr(5, 2) == "\\u" ? ParseUnit(text.substr(7)) : std::optional<uint32_t>();
  if (!second || *second < 0xdc00 || *second > 0xdfff) return 0;
  AppendUtf8(out, 0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00));
  return 11;
}

/// One escape after its backslash, as above.
size_t Unescape(std::string_view text, std::string& out) {
  constexpr std::string_view kNames = "\"\\/bfnrt", kValues = "\"\\/\b\f\n\r\t";
  if (text.empty()) return 0;
  if (text[0] == 'u') return UnescapeUnit(text, out);
  const size_t at = kNames.find(text[0]);
  if (at == kNames.npos) return 0;
  out += kValues[at];
  return 1;
}

}  // namespace

char JsonScan::Peek() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n'))
    ++at_;
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonScan::Eat(char c) {
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool JsonScan::EatDigits() {
  const size_t start = at_;
  while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
  return at_ > start;
}

bool JsonScan::SkipString() {
  if (!Eat('"')) return false;
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == '"') return true;
    if (static_cast<unsigned char>(c) < 0x20) return false;
    if (c != '\\') continue;
    const char escape = at_ < text_.size() ? text_[at_++] : '\0';
    if (escape == 'u') {
      if (!ParseUnit(text_.substr(at_))) return false;
      at_ += 4;
    } else if (escape == '\0' || std::string_view("\"\\/bfnrt").find(escape) == std::string::npos) {
      return false;
    }
  }
  return false;
}

bool JsonScan::SkipNumber() {
  Eat('-');
  if (!Eat('0') && !EatDigits()) return false;
  if (Eat('.') && !EatDigits()) return false;
  if (!Eat('e') && !Eat('E')) return true;
  if (!Eat('+')) Eat('-');
  return EatDigits();
}

bool JsonScan::SkipWord(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) return false;
  at_ += word.size();
  return true;
}

template <typename Item>
bool JsonScan::SkipItems(char open, char close, const Item& item) {
  if (Peek() != open || ++depth_ > max_depth_) return false;
  ++at_;
  bool more = Peek() != close;
  while (more) {
    if (!item()) return false;
    more = Peek() == ',';
    if (more) ++at_;
  }
  if (Peek() != close) return false;
  ++at_;
  --depth_;
  return true;
}

bool JsonScan::SkipValue() {
  const char first = Peek();
  if (first == '{')
    return SkipItems('{', '}', [this] {
      return Peek() == '"' && SkipString() && Peek() == ':' && Eat(':') && SkipValue();
    });
  if (first == '[') return SkipItems('[', ']', [this] { return SkipValue(); });
  if (first == '"') return SkipString();
  if (first == 't') return SkipWord("true");
  if (first == 'f') return SkipWord("false");
  if (first == 'n') return SkipWord("null");
  return SkipNumber();
}

std::optional<std::string_view> JsonScan::Value() {
  Peek();
  const size_t start = at_;
  if (!SkipValue()) return {};
  return text_.substr(start, at_ - start);
}

std::optional<std::string> JsonScan::Text() {
  if (Peek() != '"') return {};
  const auto literal = Value();
  if (!literal) return {};
  const std::string_view inside = literal->substr(1, literal->size() - 2);
  std::string out;
  out.reserve(inside.size());
  for (size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != '\\') {
      out += inside[i];
      continue;
    }
    const size_t taken = Unescape(inside.substr(i + 1), out);
    if (taken == 0) return {};
    i += taken;
  }
  return out;
}

std::optional<int64_t> JsonScan::Whole() {
  if (const char first = Peek(); first != '-' && !IsDigit(first)) return {};
  const auto literal = Value();
  if (!literal) return {};
  int64_t value = 0;
  const char* end = literal->data() + literal->size();
  const auto [at, error] = std::from_chars(literal->data(), end, value);
  return error == std::errc() && at == end ? std::optional(value) : std::nullopt;
}

bool JsonScan::Object(const std::function<bool(std::string name)>& take) {
  return SkipItems('{', '}', [&] {
    auto name = Text();
    return name && Peek() == ':' && Eat(':') && take(std::move(*name));
  });
}

bool JsonScan::Array(const std::function<bool()>& take) { return SkipItems('[', ']', take); }

}  // namespace assay::broker
