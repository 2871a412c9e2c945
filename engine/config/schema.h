// Which keys a table may have, as data. One walk over a document checks all of it: unknown keys
// with the nearest name, wrong types with the smallest fix, words, missing keys, keys of a later
// version, duplicates.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/document.h"
#include "config/load.h"
#include "config/report.h"
#include "config/values.h"

namespace assay::config {

struct Schema;
using SchemaOf = const Schema& (*)();

struct Key {
  std::string_view name;
  const ValueType* type = &kText;
  bool required = false;
  std::string_view fallback{};     ///< default as TOML text ("\"global\"", "true"), empty: none
  std::string_view words{};        ///< accepted words "a|b", empty: any
  std::string_view later_words{};  ///< words of a later version: refused with AS-CFG-030
  SchemaOf table = nullptr;        ///< of a table, an array of tables, a table of tables
  bool later = false;              ///< the whole key belongs to a later version
};

struct Schema {
  std::string_view title;  ///< "[[tenants]]"
  std::vector<Key> keys;
  std::string_view
      noun{};  ///< "tenant": of an array of tables or table of tables whose items are unique
  std::string_view identity{};      ///< key that names an item of an array of tables
  const ValueType* names = &kName;  ///< of a table of tables: form of its keys
  SchemaOf others = nullptr;        ///< of tables under names that `keys` does not list
  const Key* Find(std::string_view name) const;
};

/// The tables of one section, which may be spread over several files.
class Fields {
 public:
  struct Part {
    const Document* document;
    const toml::table* table;
  };
  Fields(const Schema& schema, std::vector<Part> parts)
      : schema_(&schema), parts_(std::move(parts)) {}

  bool Has(std::string_view key) const { return Find(key).second != nullptr; }
  /// The value, else the schema's default, else "", 0, false, {}. Dates come as YYYY-MM-DD.
  std::string Text(std::string_view key) const;
  int64_t Integer(std::string_view key) const;
  bool Bool(std::string_view key) const;
  std::vector<std::string> Texts(std::string_view key) const;
  /// Where the value stands; where the table stands when the key is absent.
  Place Where(std::string_view key) const;
  Place WhereKey(std::string_view key) const;
  /// Where the table stands.
  Place Where() const;
  /// Place of element `index` of a list.
  Place Where(std::string_view key, size_t index) const;

  Fields Sub(std::string_view key) const;                 ///< of a table
  std::vector<Fields> Items(std::string_view key) const;  ///< of an array of tables
  std::vector<std::pair<std::string, Fields>> Named(
      std::string_view key) const;  ///< of a table of tables
  /// Tables under names that the schema does not list (Schema::others).
  std::vector<std::pair<std::string, Fields>> Others() const;
  const std::vector<Part>& parts() const { return parts_; }
  /// The node of a key and the document it stands in.
  std::pair<const Document*, const toml::node*> Find(std::string_view key) const;

 private:
  const Schema* schema_;
  std::vector<Part> parts_;
};

/// Walks documents against a schema, remembering what was defined where.
class Walker {
 public:
  explicit Walker(Report& report) : report_(report) {}
  /// Checks everything in `document`. `complete`: keys that are required must be in this document.
  void Walk(const Document& document, const Schema& schema, bool complete);
  /// After the last document: reports keys of the root and of its tables that stand in no document,
  /// records defaults.
  void CompleteTables(const Fields& fields, const Schema& schema);
  /// Values seen and defaults filled in, in order of appearance.
  std::vector<Loaded::Origin> TakeOrigins() { return std::move(origins_); }

 private:
  void WalkTable(const toml::table& table, const Schema& schema, const std::string& path,
                 bool complete);
  void WalkValue(const toml::key& key, const toml::node& node, const Key& spec,
                 const std::string& path, bool complete);
  void WalkItems(const toml::array& items, const Key& spec, const std::string& path);
  void WalkNamed(const toml::table& named, const Key& spec, const std::string& path);
  void WalkNamedItem(const toml::key& key, const toml::node& node, const Schema& schema,
                     const std::string& path);
  void Complete(const Fields& fields, const Schema& schema, const std::string& path);
  bool CheckForm(const toml::node& node, const Key& spec);
  void CheckList(const toml::array& list, const Key& spec);
  void CheckText(const toml::node& node, const std::string& text, const Key& spec);
  void UnknownKey(const toml::key& key, const Schema& schema);
  bool Define(const std::string& path, const Place& place, const std::string& what);

  Report& report_;
  const Document* document_ = nullptr;
  std::map<std::string, Place> defined_;
  std::vector<Loaded::Origin> origins_;
};

/// A value as one line for people: "\"eu\"", "90", "[\"a\", \"b\"]". [any thread]
std::string FormatNode(const toml::node& node);
/// Text of a string or date node. [any thread]
std::optional<std::string> TextOf(const toml::node& node);
/// "a string", "integer 90" with the value where it is short. [any thread]
std::string Found(const toml::node& node);

}  // namespace assay::config
