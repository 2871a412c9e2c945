// One setting of a policy of the settings catalogue, made flat. Settings are trees: the value of a
// choice, a collection or a group may hold further settings, to any depth.
#pragma once

#include <simdjson.h>

#include <functional>
#include <string>
#include <string_view>

namespace assay::intune {

/// Walks the tree of one `settingInstance`. Published trees are three or four levels deep.
class SettingTree {
 public:
  static constexpr int kMaxDepth = 24;

  /// Called for each value, in the order of the answer; `value` is nullptr for one that is secret.
  using Take = std::function<void(std::string_view id, const std::string* value)>;
  /// Called for each part that was not understood, with what is wrong.
  using Complain = std::function<void(std::string_view what)>;

  SettingTree(Take take, Complain complain)
      : take_(std::move(take)), complain_(std::move(complain)) {}

  void Walk(std::string_view json) {
    simdjson::dom::element root;
    if (parser_.parse(json.data(), json.size(), true).get(root) != simdjson::SUCCESS) {
      return complain_("no readable setting");
    }
    Instance(root, 0);
  }

 private:
  using Element = simdjson::dom::element;
  using Visit = void (SettingTree::*)(std::string_view id, Element value, int depth);

  void Instance(Element instance, int depth) {
    if (depth > kMaxDepth) return complain_("settings nested too deep");
    simdjson::dom::object object;
    std::string_view id;
    if (instance.get(object) != simdjson::SUCCESS ||
        object["settingDefinitionId"].get(id) != simdjson::SUCCESS) {
      return complain_("a setting without settingDefinitionId");
    }
    One(object, "choiceSettingValue", id, depth, &SettingTree::Value);
    Each(object, "choiceSettingCollectionValue", id, depth, &SettingTree::Value);
    One(object, "simpleSettingValue", id, depth, &SettingTree::Value);
    Each(object, "simpleSettingCollectionValue", id, depth, &SettingTree::Value);
    One(object, "groupSettingValue", id, depth, &SettingTree::Children);
    Each(object, "groupSettingCollectionValue", id, depth, &SettingTree::Children);
  }

  void One(simdjson::dom::object object, std::string_view member, std::string_view id, int depth,
           Visit visit) {
    Element value;
    if (object[member].get(value) == simdjson::SUCCESS && !value.is_null()) {
      (this->*visit)(id, value, depth);
    }
  }

  void Each(simdjson::dom::object object, std::string_view member, std::string_view id, int depth,
            Visit visit) {
    Element value;
    simdjson::dom::array array;
    if (object[member].get(value) != simdjson::SUCCESS || value.is_null()) return;
    if (value.get(array) != simdjson::SUCCESS) return complain_("a collection that is no list");
    for (const Element element : array) (this->*visit)(id, element, depth);
  }

  void Value(std::string_view id, Element holder, int depth) {
    Element value;
    if (!holder.is_object()) return complain_("a value that is no object");
    if (holder["value"].get(value) == simdjson::SUCCESS && !value.is_null()) {
      // A secret comes as a token or in plain text, with a state beside it: neither is kept.
      const bool secret = holder["valueState"].error() == simdjson::SUCCESS;
      const std::string text = TextOf(value);
      take_(id, secret ? nullptr : &text);
    }
    Children(id, holder, depth);
  }

  void Children(std::string_view, Element holder, int depth) {
    Element children;
    simdjson::dom::array array;
    if (!holder.is_object()) return complain_("a group that is no object");
    if (holder["children"].get(children) != simdjson::SUCCESS || children.is_null()) return;
    if (children.get(array) != simdjson::SUCCESS) return complain_("children that are no list");
    for (const Element child : array) Instance(child, depth + 1);
  }

  /// A string as it is, anything else as JSON.
  static std::string TextOf(Element value) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) return std::string(text);
    return simdjson::minify(value);
  }

  Take take_;
  Complain complain_;
  simdjson::dom::parser parser_;
};

}  // namespace assay::intune
