// Where the columns of a dataset stand in a JSON object: rules "path -> column", made into a tree
// once and walked in one pass over each record.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "assay/dataset.h"
#include "assay/error.h"

namespace assay {

/// What a rule does with the value that it finds.
enum class Form : uint8_t {
  kPlain,  ///< into the column, as it is
  kFold,   ///< into the column, ASCII letters in lower case (GUIDs, ARM ids)
  kRaw,    ///< array or object: its bytes are kept for the hook, under a number of its own
};

/// One rule. `path` names members, separated by '/': "conditions/users/includeUsers".
struct Rule {
  uint32_t column;  ///< column of the dataset; for Form::kRaw the number of the kept slice
  std::string_view path;
  Form form = Form::kPlain;
};

/// The rules of one dataset.
class Mapping {
 public:
  static constexpr uint32_t kMaxRaw = 4;
  static constexpr int kNoRule = -1;

  /// A member that some rule names, or that leads to one.
  struct Node {
    std::string key;
    std::string path;  ///< from the record, with a leading '/'
    uint32_t index = 0;
    int rule = kNoRule;
    std::vector<Node> children;

    const Node* Find(std::string_view name) const {
      for (const Node& child : children) {
        if (child.key == name) return &child;
      }
      return nullptr;
    }
  };

  Mapping(const DatasetInfo& dataset, std::initializer_list<Rule> rules)
      : dataset_(&dataset), rules_(rules) {
    for (size_t i = 0; i < rules_.size(); ++i) Insert(static_cast<int>(i));
  }

  const DatasetInfo& dataset() const { return *dataset_; }
  const Node& root() const { return root_; }
  const Rule& rule(int number) const { return rules_.at(static_cast<size_t>(number)); }
  uint32_t node_count() const { return next_index_; }

 private:
  void Insert(int number) {
    const Rule& rule = rules_[static_cast<size_t>(number)];
    const uint32_t limit = rule.form == Form::kRaw ? kMaxRaw : dataset_->column_count;
    if (rule.column >= limit) Broken(rule, "names no column");
    Node* node = &root_;
    std::string_view rest = rule.path;
    while (!rest.empty()) {
      if (node->rule != kNoRule) Broken(rule, "goes through a member that another rule takes");
      const size_t slash = rest.find('/');
      node = Descend(*node, rest.substr(0, slash));
      rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    }
    if (node == &root_ || node->rule != kNoRule || !node->children.empty())
      Broken(rule, "stands twice or has no path");
    node->rule = number;
  }
  Node* Descend(Node& parent, std::string_view key) {
    for (Node& child : parent.children) {
      if (child.key == key) return &child;
    }
    parent.children.push_back(
        Node{std::string(key), parent.path + "/" + std::string(key), next_index_++, kNoRule, {}});
    return &parent.children.back();
  }
  [[noreturn]] void Broken(const Rule& rule, std::string_view what) const {
    throw PluginError(ASSAY_E_INVALID, std::string(dataset_->id) + ": the rule for " +
                                           std::string(rule.path) + " " + std::string(what));
  }

  const DatasetInfo* dataset_;
  std::vector<Rule> rules_;
  Node root_;
  uint32_t next_index_ = 0;
};

}  // namespace assay
