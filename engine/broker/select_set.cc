// Splits OData lists at the top level and compares them as sets, nested options included.
#include "broker/select_set.h"

#include <algorithm>

#include "base/text.h"

namespace assay::broker {
namespace {

constexpr int kMaxDepth = 8;

/// Pieces between separators that stand outside parentheses, trimmed, empty ones dropped.
std::vector<std::string> SplitOutside(std::string_view text, char separator) {
  std::vector<std::string> out;
  std::string piece;
  int depth = 0;
  const auto flush = [&] {
    if (const std::string_view trimmed = Trim(piece); !trimmed.empty()) out.emplace_back(trimmed);
    piece.clear();
  };
  for (const char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == separator && depth == 0)
      flush();
    else
      piece += c;
  }
  flush();
  return out;
}

struct Item {
  std::string name;
  std::string options;  ///< between the parentheses
};

Item ParseItem(std::string_view text) {
  const size_t open = text.find('(');
  if (open == text.npos || text.back() != ')') return {std::string(text), ""};
  return {std::string(Trim(text.substr(0, open))),
          std::string(text.substr(open + 1, text.size() - open - 2))};
}

/// All values of one option ("$select" or "select", any case), joined.
std::string Values(const std::vector<std::pair<std::string, std::string>>& query,
                   std::string_view option) {
  std::string out;
  for (const auto& [name, value] : query)
    if (EqualsIgnoreCase(name, option) || EqualsIgnoreCase(name, option.substr(1)))
      out += (out.empty() ? "" : ",") + value;
  return out;
}

std::vector<std::pair<std::string, std::string>> ParseOptions(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& piece : SplitOutside(text, ';')) {
    const size_t equals = std::min(piece.find('='), piece.size());
    out.emplace_back(piece.substr(0, equals),
                     equals < piece.size() ? piece.substr(equals + 1) : "");
  }
  return out;
}

bool SelectWithin(const std::string& first, const std::string& link) {
  const auto have = SplitOutside(first, ',');
  const auto asked = SplitOutside(link, ',');
  return std::all_of(asked.begin(), asked.end(), [&](const std::string& item) {
    return std::find(have.begin(), have.end(), item) != have.end();
  });
}

bool ExpandWithin(const std::string& first, const std::string& link, int depth);

/// An expanded item's own options. Without a $select the whole object comes, so leaving it out
/// widens.
bool OptionsWithin(const std::string& first, const std::string& link, int depth) {
  if (first == link) return true;
  const auto have = ParseOptions(first);
  const auto asked = ParseOptions(link);
  const std::string had_select = Values(have, "$select"), select = Values(asked, "$select");
  if (!had_select.empty() && select.empty()) return false;
  return SelectWithin(had_select, select) &&
         ExpandWithin(Values(have, "$expand"), Values(asked, "$expand"), depth + 1);
}

bool ExpandWithin(const std::string& first, const std::string& link, int depth) {
  if (depth > kMaxDepth) return false;
  const auto have = SplitOutside(first, ',');
  for (const std::string& text : SplitOutside(link, ',')) {
    const Item item = ParseItem(text);
    const bool found = std::any_of(have.begin(), have.end(), [&](const std::string& other) {
      const Item known = ParseItem(other);
      return known.name == item.name && OptionsWithin(known.options, item.options, depth);
    });
    if (!found) return false;
  }
  return true;
}

}  // namespace

Status CheckNotWidened(const std::vector<std::pair<std::string, std::string>>& first,
                       const std::vector<std::pair<std::string, std::string>>& link) {
  if (!SelectWithin(Values(first, "$select"), Values(link, "$select")))
    return Fail(Code::kDenied, "continuation link: $select names more than the first request");
  if (!ExpandWithin(Values(first, "$expand"), Values(link, "$expand"), 0))
    return Fail(Code::kDenied, "continuation link: $expand names more than the first request");
  return {};
}

}  // namespace assay::broker
