#include "model/retired_controls.h"

#include <algorithm>
#include <array>
#include <utility>

namespace assay {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

/// 2013 -> 2022, both without "A.": the 114 controls of 2013 in order.
// clang-format off
constexpr std::array<Pair, 114> kBecame = {{
    {"5.1.1", "5.1"}, {"5.1.2", "5.1"}, {"6.1.1", "5.2"}, {"6.1.2", "5.3"}, {"6.1.3", "5.5"},
    {"6.1.4", "5.6"}, {"6.1.5", "5.8"}, {"6.2.1", "8.1"}, {"6.2.2", "6.7"}, {"7.1.1", "6.1"},
    {"7.1.2", "6.2"}, {"7.2.1", "5.4"}, {"7.2.2", "6.3"}, {"7.2.3", "6.4"}, {"7.3.1", "6.5"},
    {"8.1.1", "5.9"}, {"8.1.2", "5.9"}, {"8.1.3", "5.10"}, {"8.1.4", "5.11"}, {"8.2.1", "5.12"},
    {"8.2.2", "5.13"}, {"8.2.3", "5.10"}, {"8.3.1", "7.10"}, {"8.3.2", "7.10"}, {"8.3.3", "7.10"},
    {"9.1.1", "5.15"}, {"9.1.2", "5.15"}, {"9.2.1", "5.16"}, {"9.2.2", "5.18"}, {"9.2.3", "8.2"},
    {"9.2.4", "5.17"}, {"9.2.5", "5.18"}, {"9.2.6", "5.18"}, {"9.3.1", "5.17"}, {"9.4.1", "8.3"},
    {"9.4.2", "8.5"}, {"9.4.3", "5.17"}, {"9.4.4", "8.18"}, {"9.4.5", "8.4"}, {"10.1.1", "8.24"},
    {"10.1.2", "8.24"}, {"11.1.1", "7.1"}, {"11.1.2", "7.2"}, {"11.1.3", "7.3"},
    {"11.1.4", "7.5"}, {"11.1.5", "7.6"}, {"11.1.6", "7.2"}, {"11.2.1", "7.8"},
    {"11.2.2", "7.11"}, {"11.2.3", "7.12"}, {"11.2.4", "7.13"}, {"11.2.5", "7.10"},
    {"11.2.6", "7.9"}, {"11.2.7", "7.14"}, {"11.2.8", "8.1"}, {"11.2.9", "7.7"},
    {"12.1.1", "5.37"}, {"12.1.2", "8.32"}, {"12.1.3", "8.6"}, {"12.1.4", "8.31"},
    {"12.2.1", "8.7"}, {"12.3.1", "8.13"}, {"12.4.1", "8.15"}, {"12.4.2", "8.15"},
    {"12.4.3", "8.15"}, {"12.4.4", "8.17"}, {"12.5.1", "8.19"}, {"12.6.1", "8.8"},
    {"12.6.2", "8.19"}, {"12.7.1", "8.34"}, {"13.1.1", "8.20"}, {"13.1.2", "8.21"},
    {"13.1.3", "8.22"}, {"13.2.1", "5.14"}, {"13.2.2", "5.14"}, {"13.2.3", "5.14"},
    {"13.2.4", "6.6"}, {"14.1.1", "5.8"}, {"14.1.2", "8.26"}, {"14.1.3", "8.26"},
    {"14.2.1", "8.25"}, {"14.2.2", "8.32"}, {"14.2.3", "8.32"}, {"14.2.4", "8.32"},
    {"14.2.5", "8.27"}, {"14.2.6", "8.31"}, {"14.2.7", "8.30"}, {"14.2.8", "8.29"},
    {"14.2.9", "8.29"}, {"14.3.1", "8.33"}, {"15.1.1", "5.19"}, {"15.1.2", "5.20"},
    {"15.1.3", "5.21"}, {"15.2.1", "5.22"}, {"15.2.2", "5.22"}, {"16.1.1", "5.24"},
    {"16.1.2", "6.8"}, {"16.1.3", "6.8"}, {"16.1.4", "5.25"}, {"16.1.5", "5.26"},
    {"16.1.6", "5.27"}, {"16.1.7", "5.28"}, {"17.1.1", "5.29"}, {"17.1.2", "5.29"},
    {"17.1.3", "5.29"}, {"17.2.1", "8.14"}, {"18.1.1", "5.31"}, {"18.1.2", "5.32"},
    {"18.1.3", "5.33"}, {"18.1.4", "5.34"}, {"18.1.5", "5.31"}, {"18.2.1", "5.35"},
    {"18.2.2", "5.36"}, {"18.2.3", "5.36"},
}};
// clang-format on

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsWord(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

/// Length of "9.2.3" at the start of `text`; a dot counts only before a digit.
size_t NumberLength(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && (IsDigit(text[n]) || (n > 0 && text[n] == '.' && n + 1 < text.size() &&
                                                  IsDigit(text[n + 1]) && IsDigit(text[n - 1]))))
    ++n;
  return n;
}

/// "5.24" before "6.8", "5.9" before "5.10".
bool Before(std::string_view a, std::string_view b) {
  if (a.front() != b.front()) return a.front() < b.front();
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace

std::vector<std::string> RetiredTargets(std::string_view id) {
  if (!id.starts_with("A.")) return {};
  const std::string_view number = id.substr(2);
  if (number.empty() || NumberLength(number) != number.size()) return {};
  const auto dots = std::count(number.begin(), number.end(), '.');
  // Clauses 5 to 8 are in both editions; what has two parts there is a control of 2022.
  if (dots < 2 && number.size() > 0 && number[0] >= '5' && number[0] <= '8') return {};
  std::vector<std::string_view> found;
  for (const auto& [old, now] : kBecame) {
    const bool inside = old == number || (old.starts_with(number) && old.size() > number.size() &&
                                          old[number.size()] == '.');
    if (inside && std::find(found.begin(), found.end(), now) == found.end()) found.push_back(now);
  }
  std::sort(found.begin(), found.end(), Before);
  std::vector<std::string> out;
  for (const std::string_view now : found) out.push_back("A." + std::string(now));
  return out;
}

std::vector<RetiredMention> FindRetired(std::string_view text) {
  std::vector<RetiredMention> out;
  size_t line = 1, line_start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      line_start = i + 1;
    }
    const bool starts = text[i] == 'A' && (i == 0 || (!IsWord(text[i - 1]) && text[i - 1] != '.'));
    if (!starts || i + 1 >= text.size() || text[i + 1] != '.') continue;
    const size_t length = NumberLength(text.substr(i + 2));
    const size_t end = i + 2 + length;
    if (length == 0 || (end < text.size() && IsWord(text[end]) && text[end] != '-')) continue;
    const std::string id(text.substr(i, 2 + length));
    if (auto became = RetiredTargets(id); !became.empty())
      out.push_back({line, i - line_start + 1, id, std::move(became)});
  }
  return out;
}

}  // namespace assay
