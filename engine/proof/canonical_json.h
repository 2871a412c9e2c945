// Restricted canonical JSON: RFC 8785 with objects, arrays, strings and integers 0..2^53-1 only,
// ASCII keys. The writer gives the one form; the reader refuses every other.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace assay::proof {

constexpr int64_t kMaxJsonInteger = (int64_t{1} << 53) - 1;
constexpr int kMaxJsonDepth = 16;

struct Json;
using JsonArray = std::vector<Json>;
using JsonObject = std::map<std::string, Json, std::less<>>;
struct Json {
  std::variant<int64_t, std::string, JsonArray, JsonObject> value;

  const int64_t* integer() const { return std::get_if<int64_t>(&value); }
  const std::string* text() const { return std::get_if<std::string>(&value); }
  const JsonArray* array() const { return std::get_if<JsonArray>(&value); }
  const JsonObject* object() const { return std::get_if<JsonObject>(&value); }
};

/// A string literal in RFC 8785 form. kInvalidInput when `text` is not UTF-8. [any thread]
Result<std::string> WriteJsonString(std::string_view text);
/// kInvalidInput for an integer or key outside the restricted form, text that is not UTF-8, or
/// nesting above kMaxJsonDepth. [any thread]
Result<std::string> WriteJson(const Json& json);
/// kInvalidInput with the byte offset unless `text` is exactly what WriteJson would write.
Result<Json> ReadJson(std::string_view text);

/// Members of an object by name and type; kInvalidInput names the member. [any thread]
Result<int64_t> IntegerAt(const JsonObject& object, std::string_view key);
Result<std::string> TextAt(const JsonObject& object, std::string_view key);

}  // namespace assay::proof
