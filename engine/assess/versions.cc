#include "assess/versions.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"

namespace assay::assess {
namespace {

bool IsNumber(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Numbers of any length: without leading zeros the longer one is larger.
int CompareNumbers(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

int ComparePart(std::string_view a, std::string_view b) {
  if (IsNumber(a) && IsNumber(b)) return CompareNumbers(a, b);
  if (IsNumber(a) != IsNumber(b)) return IsNumber(a) ? -1 : 1;
  return a.compare(b);
}

int CompareDotted(std::string_view a, std::string_view b) {
  const auto left = Split(a, '.'), right = Split(b, '.');
  for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const int order =
        ComparePart(i < left.size() ? left[i] : "0", i < right.size() ? right[i] : "0");
    if (order != 0) return order;
  }
  return 0;
}

/// "1.0" and "rc.1" of "1.0-rc.1".
std::pair<std::string_view, std::string_view> Parts(std::string_view version) {
  const size_t dash = version.find('-');
  if (dash == std::string_view::npos) return {version, {}};
  return {version.substr(0, dash), version.substr(dash + 1)};
}

}  // namespace

int CompareVersions(std::string_view a, std::string_view b) {
  const auto [left, left_rest] = Parts(a);
  const auto [right, right_rest] = Parts(b);
  if (const int order = CompareDotted(left, right); order != 0) return order;
  if (left_rest.empty() || right_rest.empty())
    return static_cast<int>(left_rest.empty()) - static_cast<int>(right_rest.empty());
  return CompareDotted(left_rest, right_rest);
}

bool AcceptsVersion(std::string_view pattern, std::string_view version) {
  if (pattern.empty()) return true;
  const auto wanted = Split(pattern, '.'), found = Split(version, '.');
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "*") return true;
    if (i >= found.size() || wanted[i] != found[i]) return false;
  }
  return true;
}

}  // namespace assay::assess
