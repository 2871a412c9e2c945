// An ordered JSON value to write answers with: keys keep the order in which they were set, so that
// the same tenant always gives the same bytes. It writes; nothing here parses.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::demo {

/// null, a bool, an integer, text, raw JSON text, an array or an object. A value type. [any thread]
class Json {
 public:
  using Member = std::pair<std::string, Json>;

  Json() = default;
  Json(std::nullptr_t) {}                                                   // NOLINT
  Json(bool value) : kind_(Kind::kRaw), text_(value ? "true" : "false") {}  // NOLINT
  Json(int value) : kind_(Kind::kRaw), text_(std::to_string(value)) {}      // NOLINT
  Json(int64_t value) : kind_(Kind::kRaw), text_(std::to_string(value)) {}  // NOLINT
  Json(const char* value) : kind_(Kind::kText), text_(value) {}             // NOLINT
  Json(std::string value) : kind_(Kind::kText), text_(std::move(value)) {}  // NOLINT

  static Json Object(std::initializer_list<Member> members);
  static Json Array(std::vector<Json> items = {});
  /// A list of texts.
  static Json Texts(const std::vector<std::string>& items);
  /// JSON text that is written as it stands; the caller vouches for it.
  static Json Raw(std::string text);

  bool is_null() const { return kind_ == Kind::kNull; }
  /// Adds a member or replaces it in place. Only on objects. Returns *this to chain.
  Json& Set(std::string key, Json value);
  /// Removes a member if there.
  void Erase(std::string_view key);
  /// The member, or nullptr; also nullptr when this is no object.
  const Json* Find(std::string_view key) const;
  /// The text of a text value, "" for any other kind.
  const std::string& text() const;
  const std::vector<Member>& members() const { return members_; }
  const std::vector<Json>& items() const { return items_; }

  /// Compact JSON.
  std::string Dump() const;

 private:
  enum class Kind { kNull, kRaw, kText, kArray, kObject };
  void Write(std::string& out) const;

  Kind kind_ = Kind::kNull;
  std::string text_;
  std::vector<Json> items_;
  std::vector<Member> members_;
};

}  // namespace assay::demo
