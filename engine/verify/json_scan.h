// The common case of a canonical JSON object in one pass, without building it: ASCII, no escapes.
// Every line of a ledger goes through here; what it gives up on, proof::ReadJson judges.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "proof/canonical_json.h"

namespace assay::verify {

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
    if (depth > proof::kMaxJsonDepth || !Take('{')) return false;
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
    if (at_ == end_ || depth > proof::kMaxJsonDepth) return false;
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
    if (depth > proof::kMaxJsonDepth || !Take('[')) return false;
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
    return number <= static_cast<uint64_t>(proof::kMaxJsonInteger) &&
           (*begin != '0' || at_ - begin == 1);
  }

  bool String(Scanned& value) {
    if (!Take('"')) return false;
    const char* begin = at_;
    while (end_ - at_ >= 8 && IsPlain(at_)) at_ += 8;
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

  // Eight bytes at once: none is a quote, a backslash, below 0x20 or above 0x7f.
  static bool IsPlain(const char* bytes) {
    constexpr uint64_t kOnes = 0x0101010101010101u, kHigh = 0x8080808080808080u;
    uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    const uint64_t quote = word ^ (kOnes * '"'), backslash = word ^ (kOnes * '\\');
    return ((word | (word - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes)) & kHigh) == 0;
  }

  const char* at_;
  const char* end_;
};

}  // namespace assay::verify
