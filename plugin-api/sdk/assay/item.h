// The item column of a small dataset: a record cut down to the members that the manifest names.
// What is not named is neither kept nor judged, only counted: the list of `fields` is the whole of
// what such a dataset can hold.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "assay/dataset.h"
#include "assay/json_cell.h"

namespace assay {

/// The members of an item as a tree, made once from dotted paths ("properties.rules.name").
struct ItemNode {
  static constexpr std::string_view kOdata = "@odata.";  // "@odata.type" is one name

  std::string key;
  std::vector<ItemNode> children;  ///< none: everything below this member is kept

  const ItemNode* Find(std::string_view name) const {
    for (const ItemNode& child : children) {
      if (child.key == name) return &child;
    }
    return nullptr;
  }
  void Insert(std::string_view path) {
    const size_t dot = path.find('.', path.substr(0, kOdata.size()) == kOdata ? kOdata.size() : 0);
    const std::string_view name = path.substr(0, dot);
    ItemNode* node = nullptr;
    for (ItemNode& child : children) {
      if (child.key == name) node = &child;
    }
    if (node == nullptr) node = &children.emplace_back(ItemNode{std::string(name), {}});
    if (dot != std::string_view::npos) node->Insert(path.substr(dot + 1));
  }
};

/// The tree of a dataset's item column; without children when it has none.
inline ItemNode ItemTree(const DatasetInfo& dataset) {
  ItemNode root;
  for (uint32_t i = 0; i < dataset.item_field_count; ++i) root.Insert(dataset.item_fields[i]);
  return root;
}

/// Writes what is kept of objects, with the bytes of the answer: numbers keep their digits.
class ItemWriter {
 public:
  /// Appends `object` cut down to the children of `node`; false when its JSON is malformed.
  bool Object(simdjson::ondemand::object& object, const ItemNode& node, std::string& out) {
    out += '{';
    std::vector<bool> seen(node.children.size());
    bool first = true;
    std::string scratch;
    for (auto entry : object) {
      simdjson::ondemand::field field;
      std::string_view key;
      if (std::move(entry).get(field) != simdjson::SUCCESS) return false;
      if (!NameOf(field, scratch, key)) return false;
      const ItemNode* child = node.Find(key);
      if (child == nullptr) continue;
      const auto at = static_cast<size_t>(child - node.children.data());
      if (seen[at]) continue;  // the first one stays, as in columns
      seen[at] = true;
      if (!first) out += ',';
      first = false;
      out.append(1, '"').append(child->key).append("\":");
      if (!Value(field.value(), *child, out)) return false;
    }
    out += '}';
    return true;
  }

 private:
  bool Value(simdjson::ondemand::value& value, const ItemNode& node, std::string& out) {
    using simdjson::ondemand::json_type;
    json_type type;
    if (value.type().get(type) != simdjson::SUCCESS) return false;
    if (type == json_type::object && !node.children.empty()) {
      simdjson::ondemand::object inner;
      return value.get_object().get(inner) == simdjson::SUCCESS && Object(inner, node, out);
    }
    if (type == json_type::array && !node.children.empty()) return Array(value, node, out);
    return Whole(value, type, out);
  }

  bool Array(simdjson::ondemand::value& value, const ItemNode& node, std::string& out) {
    simdjson::ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return false;
    out += '[';
    bool first = true;
    for (auto element : array) {
      simdjson::ondemand::value inner;
      if (std::move(element).get(inner) != simdjson::SUCCESS) return false;
      if (!first) out += ',';
      first = false;
      if (!Value(inner, node, out)) return false;
    }
    out += ']';
    return true;
  }

  static bool Whole(simdjson::ondemand::value& value, simdjson::ondemand::json_type type,
                    std::string& out) {
    using simdjson::ondemand::json_type;
    const bool scalar = type != json_type::array && type != json_type::object;
    const std::string_view raw = scalar ? TrimRight(value.raw_json_token()) : RawOf(value, type);
    out.append(raw);
    return !raw.empty();
  }
};

}  // namespace assay
