#include "worker/versions.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"

namespace assay::worker {
namespace {

/// The parts without leading zeros: a number of any length compares by length, then by digits.
std::optional<std::vector<std::string_view>> PartsOf(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::string_view rest = Trim(text);;) {
    const size_t dot = std::min(rest.find('.'), rest.size());
    std::string_view part = rest.substr(0, dot);
    if (part.empty() || part.find_first_not_of("0123456789") != part.npos) return std::nullopt;
    part.remove_prefix(std::min(part.find_first_not_of('0'), part.size()));
    out.push_back(part);
    if (dot == rest.size()) return out;
    rest.remove_prefix(dot + 1);
  }
}

int Order(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  const int order = a.compare(b);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

}  // namespace

std::optional<int> CompareVersions(std::string_view a, std::string_view b) {
  auto left = PartsOf(a), right = PartsOf(b);
  if (!left || !right) return std::nullopt;
  const size_t parts = std::max(left->size(), right->size());
  left->resize(parts);
  right->resize(parts);
  for (size_t i = 0; i < parts; ++i)
    if (const int order = Order((*left)[i], (*right)[i]); order != 0) return order;
  return 0;
}

}  // namespace assay::worker
