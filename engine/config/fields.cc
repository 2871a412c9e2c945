// Reading validated values: Fields of schema.h, and how nodes are shown.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "config/schema.h"

namespace assay::config {
namespace {

std::string DateText(const toml::date& date) {
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string_view TypeName(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return "string";
    case toml::node_type::integer:
      return "integer";
    case toml::node_type::floating_point:
      return "number";
    case toml::node_type::boolean:
      return "boolean";
    case toml::node_type::date:
      return "date";
    case toml::node_type::time:
      return "time";
    case toml::node_type::date_time:
      return "date and time";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a table";
    default:
      return "nothing";
  }
}

// Text of a default such as "\"global\"": only simple strings stand in schemas.
std::string Unquote(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"') return std::string(text.substr(1, text.size() - 2));
  return std::string(text);
}

}  // namespace

std::optional<std::string> TextOf(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* date = node.as_date()) return DateText(date->get());
  return std::nullopt;
}

std::string FormatNode(const toml::node& node) {
  if (const auto* text = node.as_string()) return JsonString(text->get());
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* date = node.as_date()) return DateText(date->get());
  if (const auto* list = node.as_array()) {
    std::string out = "[";
    for (const toml::node& item : *list) out += (out.size() > 1 ? ", " : "") + FormatNode(item);
    return out + "]";
  }
  if (const auto* table = node.as_table()) {
    std::string out = "{";
    for (const auto& [key, value] : *table)
      out += fmt::format("{} {} = {}", out.size() > 1 ? "," : "", key.str(), FormatNode(value));
    return out + (out.size() > 1 ? " }" : "}");
  }
  return std::string(TypeName(node));
}

std::string Found(const toml::node& node) {
  // Strings are named, not shown: what stands where a number belongs may be a secret.
  if (node.is_integer() || node.is_boolean() || node.is_date())
    return fmt::format("{} {}", TypeName(node), FormatNode(node));
  return std::string(TypeName(node));
}

std::pair<const Document*, const toml::node*> Fields::Find(std::string_view key) const {
  for (const Part& part : parts_)
    if (const toml::node* node = part.table->get(key)) return {part.document, node};
  return {parts_.empty() ? nullptr : parts_.front().document, nullptr};
}

std::string Fields::Text(std::string_view key) const {
  if (const toml::node* node = Find(key).second)
    if (auto text = TextOf(*node)) return *text;
  const Key* spec = schema_->Find(key);
  return spec == nullptr ? "" : Unquote(spec->fallback);
}

int64_t Fields::Integer(std::string_view key) const {
  const toml::node* node = Find(key).second;
  if (node != nullptr && node->is_integer()) return node->as_integer()->get();
  const Key* spec = schema_->Find(key);
  return spec == nullptr || spec->fallback.empty()
             ? 0
             : std::atoll(std::string(spec->fallback).c_str());
}

bool Fields::Bool(std::string_view key) const {
  const toml::node* node = Find(key).second;
  if (node != nullptr && node->is_boolean()) return node->as_boolean()->get();
  const Key* spec = schema_->Find(key);
  return spec != nullptr && spec->fallback == "true";
}

std::vector<std::string> Fields::Texts(std::string_view key) const {
  std::vector<std::string> out;
  const toml::node* node = Find(key).second;
  if (node != nullptr && node->is_array()) {
    for (const toml::node& item : *node->as_array())
      if (item.is_string()) out.push_back(item.as_string()->get());
    return out;
  }
  const Key* spec = schema_->Find(key);
  if (spec == nullptr || !spec->fallback.starts_with('[')) return out;
  const std::vector<std::string_view> pieces = Split(spec->fallback, '"');  // every other is quoted
  for (size_t i = 1; i < pieces.size(); i += 2) out.emplace_back(pieces[i]);
  return out;
}

Place Fields::Where() const {
  if (parts_.empty()) return {};
  const Part& part = parts_.front();
  if (part.table == &part.document->root) return {part.document->file, 1, 1, 1, 2};
  return PlaceOf(*part.document, *part.table);
}

Place Fields::Where(std::string_view key) const {
  const auto [document, node] = Find(key);
  return node == nullptr ? Where() : PlaceOf(*document, *node);
}

Place Fields::Where(std::string_view key, size_t index) const {
  const auto [document, node] = Find(key);
  if (node == nullptr || !node->is_array() || index >= node->as_array()->size()) return Where(key);
  return PlaceOf(*document, *node->as_array()->get(index));
}

Place Fields::WhereKey(std::string_view key) const {
  for (const Part& part : parts_)
    for (const auto& [name, node] : *part.table)
      if (name.str() == key) return PlaceOf(*part.document, name);
  return Where();
}

Fields Fields::Sub(std::string_view key) const {
  const Key* spec = schema_->Find(key);
  std::vector<Part> parts;
  for (const Part& part : parts_)
    if (const toml::node* node = part.table->get(key); node != nullptr && node->is_table())
      parts.push_back({part.document, node->as_table()});
  return Fields(spec->table(), std::move(parts));
}

std::vector<Fields> Fields::Items(std::string_view key) const {
  const Key* spec = schema_->Find(key);
  std::vector<Fields> out;
  for (const Part& part : parts_) {
    const toml::node* node = part.table->get(key);
    if (node == nullptr || !node->is_array()) continue;
    for (const toml::node& item : *node->as_array())
      if (item.is_table())
        out.emplace_back(spec->table(), std::vector<Part>{{part.document, item.as_table()}});
  }
  return out;
}

std::vector<std::pair<std::string, Fields>> Fields::Named(std::string_view key) const {
  const Key* spec = schema_->Find(key);
  std::vector<std::pair<std::string, Fields>> out;
  for (const Part& part : parts_) {
    const toml::node* node = part.table->get(key);
    if (node == nullptr || !node->is_table()) continue;
    for (const auto& [name, value] : *node->as_table())
      if (value.is_table())
        out.emplace_back(std::string(name.str()),
                         Fields(spec->table(), {{part.document, value.as_table()}}));
  }
  return out;
}

std::vector<std::pair<std::string, Fields>> Fields::Others() const {
  std::vector<std::pair<std::string, Fields>> out;
  for (const Part& part : parts_)
    for (const auto& [name, value] : *part.table)
      if (value.is_table() && schema_->Find(name.str()) == nullptr)
        out.emplace_back(std::string(name.str()),
                         Fields(schema_->others(), {{part.document, value.as_table()}}));
  return out;
}

}  // namespace assay::config
