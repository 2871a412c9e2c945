#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace assay {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// Not 0 when one of the eight bytes is below 0x20, a quote, a backslash, DEL or above ASCII. A
/// borrow from a lower byte can raise a false alarm, never hide one.
uint64_t Suspects(const char* at) {
  constexpr uint64_t kOnes = 0x0101010101010101, kTops = 0x8080808080808080;
  uint64_t w = 0;
  std::memcpy(&w, at, 8);
  const auto equal = [w](uint64_t c) { return (w ^ kOnes * c) - kOnes; };
  return (w | (w - kOnes * 0x20) | equal('"') | equal('\\') | equal(0x7f)) & kTops;
}

void AppendEscaped(std::string& out, char c) {
  constexpr std::string_view kShort = "\b\f\n\r\t\"\\", kLetters = "bfnrt\"\\";
  const size_t at = kShort.find(c);
  if (at != std::string_view::npos)
    out.append("\\").append(1, kLetters[at]);
  else if (static_cast<unsigned char>(c) < 0x20)
    out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
  else
    out += c;
}

}  // namespace

size_t Utf8SequenceLength(std::string_view text) {
  if (text.empty()) return 0;
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned c = at(0);
  if (c < 0x80) return 1;
  const size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
  if (c < 0xc2 || c > 0xf4 || text.size() < n) return 0;
  for (size_t i = 1; i < n; ++i)
    if ((at(i) & 0xc0) != 0x80) return 0;
  if (c == 0xe0 && at(1) < 0xa0) return 0;  // overlong
  if (c == 0xed && at(1) > 0x9f) return 0;  // surrogate
  if (c == 0xf0 && at(1) < 0x90) return 0;  // overlong
  if (c == 0xf4 && at(1) > 0x8f) return 0;  // above U+10FFFF
  return n;
}

size_t PlainLength(std::string_view text) {
  size_t n = 0;
  for (; n + 32 <= text.size(); n += 32) {
    const char* at = text.data() + n;
    if ((Suspects(at) | Suspects(at + 8) | Suspects(at + 16) | Suspects(at + 24)) != 0) break;
  }
  while (n + 8 <= text.size() && Suspects(text.data() + n) == 0) n += 8;
  for (; n < text.size(); ++n) {
    const auto c = static_cast<unsigned char>(text[n]);
    if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') break;
  }
  return n;
}

bool IsUtf8(std::string_view text) {
  for (;;) {
    text.remove_prefix(PlainLength(text));
    if (text.empty()) return true;
    const size_t n = Utf8SequenceLength(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
}

std::string AsciiLower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), Lower);
  return out;
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return Lower(x) == Lower(y); });
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const size_t at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

std::string NearestWord(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  for (;;) {
    const size_t plain = PlainLength(text);
    out.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const size_t n = Utf8SequenceLength(text);
    if (n == 1)
      AppendEscaped(out, text[0]);
    else if (n == 0)
      out += "\xef\xbf\xbd";
    else
      out.append(text.data(), n);
    text.remove_prefix(std::max<size_t>(n, 1));
  }
  out += '"';
}

std::string JsonString(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  AppendJsonString(out, text);
  return out;
}

}  // namespace assay
