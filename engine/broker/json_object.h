// The top level of a small JSON object: the token service's answers and a token's payload. Never
// used for a tenant's bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assay::broker {

/// Members by type; members of other types (nested objects, null) are not there. Texts are wiped
/// at the end: one of them may be a token.
struct JsonObject {
  std::map<std::string, std::string> texts;
  std::map<std::string, int64_t> numbers;                 ///< whole numbers
  std::map<std::string, std::vector<std::string>> lists;  ///< arrays whose elements are all strings
  std::map<std::string, std::vector<int64_t>> number_lists;

  JsonObject() = default;
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;
  JsonObject(JsonObject&&) = default;
  JsonObject& operator=(JsonObject&&) = delete;
  ~JsonObject();

  std::string Text(const std::string& name) const;
  bool Has(const std::string& name) const;
};

/// At most 256 KiB and 16 levels, no member twice. kInvalidInput when it is not one JSON object;
/// the message never quotes it. What is read lies in the object and nowhere else. [any thread]
Result<JsonObject> ParseJsonObject(std::string_view text);

}  // namespace assay::broker
