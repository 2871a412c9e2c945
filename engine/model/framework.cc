#include "model/framework.h"

#include <algorithm>

namespace assay {
namespace {

std::string WithoutSpaces(std::string_view text) {
  std::string out(text);
  std::erase(out, ' ');
  return out;
}

}  // namespace

bool ExclusionCovers(std::string_view excluded, std::string_view id) {
  const std::string part = WithoutSpaces(excluded), whole = WithoutSpaces(id);
  if (part.empty() || !whole.starts_with(part)) return false;
  return whole.size() == part.size() || whole[part.size()] == '(' || whole[part.size()] == '.';
}

}  // namespace assay
