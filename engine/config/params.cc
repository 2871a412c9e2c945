#include "config/params.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace assay::config {
namespace {

std::optional<std::string> ParamText(const toml::node& node) {
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "1" : "0";
  if (const auto* text = node.as_string()) return JsonString(text->get());
  const toml::array* list = node.as_array();
  if (list == nullptr) return std::nullopt;
  std::string out = "[";
  for (const toml::node& item : *list) {
    if (!item.is_integer() && !item.is_string()) return std::nullopt;
    if (out.size() > 1) out += ',';
    out += item.is_integer() ? fmt::format("{}", item.as_integer()->get())
                             : JsonString(item.as_string()->get());
  }
  return out + "]";
}

}  // namespace

std::map<std::string, std::string> ReadParams(const Fields& fields, Report& report) {
  std::map<std::string, std::string> out;
  const auto [document, node] = fields.Find("params");
  if (node == nullptr || !node->is_table()) return out;
  for (const auto& [key, value] : *node->as_table()) {
    if (const std::string wrong = kSqlName.check(key.str()); !wrong.empty())
      report
          .Error("AS-CFG-004", PlaceOf(*document, key),
                 Quote(key.str()) + " is not a parameter name")
          .caret_note = wrong;
    if (auto text = ParamText(value))
      out[std::string(key.str())] = std::move(*text);
    else
      report.Error(
          "AS-CFG-004", PlaceOf(*document, value),
          "expected an integer, true or false, a string or a list of these, found " + Found(value));
  }
  return out;
}

}  // namespace assay::config
