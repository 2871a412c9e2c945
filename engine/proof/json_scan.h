// The common case of a canonical JSON object in one pass, without building it: ASCII, no escapes.
// Every line of a ledger goes through here; what it gives up on, ReadJson judges.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "proof/canonical_json.h"

namespace assay::proof {

/// A value as it stands in the text.
struct Scanned {
  char type = 0;          ///< '{', '[', '"' or '0'
  std::string_view text;  ///< of a string without its quotes, of others whole
  uint64_t number = 0;    ///< of an integer
};

class JsonScan {
 public:
  explicit JsonScan(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  /// True when the text is one canonical object in plain ASCII; calls `member(key, value)` for each
  /// member of the object itself. False for everything else, also for what is canonical otherwise.
  template <typename Visitor>
  bool Object(const Visitor& member, int depth = 0) {
    return ObjectAt(member, depth) && at_ == end_;
  }

 private:
  bool Take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  template <typename Visitor>
  bool ObjectAt(const Visitor& member, int depth) {
    if (depth > kMaxJsonDepth || !Take('{')) return false;
    if (Take('}')) return true;
    std::string_view last;
    bool first = true;
    do {
      Scanned key, value;
      if (!String(key) || (!first && !IsAfter(key.text, last)) || !Take(':') ||
          !Value(value, depth + 1))
        return false;
      first = false;
      last = key.text;
      member(key.text, value);
    } while (Take(','));
    return Take('}');
  }

  bool Value(Scanned& value, int depth) {
    if (at_ == end_ || depth > kMaxJsonDepth) return false;
    if (*at_ == '"') return String(value);
    if (*at_ >= '0' && *at_ <= '9') return Integer(value);
    const char* begin = at_;
    value.type = *at_;
    const auto ignore = [](std::string_view, const Scanned&) {};
    if (*at_ == '{' ? !ObjectAt(ignore, depth) : !Array(depth)) return false;
    value.text = {begin, static_cast<size_t>(at_ - begin)};
    return true;
  }

  bool Array(int depth) {
    if (depth > kMaxJsonDepth || !Take('[')) return false;
    if (Take(']')) return true;
    Scanned element;
    do {
      if (!Value(element, depth + 1)) return false;
    } while (Take(','));
    return Take(']');
  }

  bool Integer(Scanned& value) {
    const char* begin = at_;
    uint64_t number = 0;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9' && at_ - begin < 17)
      number = number * 10 + static_cast<uint64_t>(*at_++ - '0');
    value = {'0', {begin, static_cast<size_t>(at_ - begin)}, number};
    return number <= static_cast<uint64_t>(kMaxJsonInteger) && (*begin != '0' || at_ - begin == 1);
  }

  bool String(Scanned& value) {
    if (!Take('"')) return false;
    const char* begin = at_;
    size_t plain = 8;
    for (; plain == 8 && end_ - at_ >= 8; at_ += plain) plain = CountPlain(at_);
    while (at_ != end_ && *at_ != '"') {
      const auto c = static_cast<unsigned char>(*at_);
      if (c < 0x20 || c >= 0x80 || c == '\\') return false;
      ++at_;
    }
    value = {'"', {begin, static_cast<size_t>(at_ - begin)}, 0};
    return Take('"');
  }

  // Most keys differ from their neighbours in the first byte already.
  static bool IsAfter(std::string_view key, std::string_view before) {
    if (key.empty() || before.empty() || key[0] == before[0]) return key > before;
    return key[0] > before[0];  // ASCII
  }

  // Of eight bytes, how many come before the first that is a quote, a backslash, below 0x20 or
  // above 0x7f. A borrow goes to later bytes only, so that the first one marked is one of these.
  static size_t CountPlain(const char* bytes) {
    constexpr uint64_t kOnes = 0x0101010101010101u, kHigh = 0x8080808080808080u;
    uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    const uint64_t quote = word ^ (kOnes * '"'), backslash = word ^ (kOnes * '\\');
    const uint64_t marks =
        (word | (word - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes)) & kHigh;
    return static_cast<size_t>(std::countr_zero(marks)) / 8;
  }

  const char* at_;
  const char* end_;
};

}  // namespace assay::proof
