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

/// Members by type; members of other types (nested objects, null) are only counted.
struct JsonObject {
  std::map<std::string, std::string> texts;
  std::map<std::string, int64_t> numbers;                 ///< whole numbers
  std::map<std::string, std::vector<std::string>> lists;  ///< arrays whose elements are all strings
  std::map<std::string, std::vector<int64_t>> number_lists;

  std::string Text(const std::string& name) const;
  bool Has(const std::string& name) const;
};

/// At most 256 KiB and 16 levels. kInvalidInput when it is not one JSON object;
/// the message never quotes it. [any thread]
Result<JsonObject> ParseJsonObject(std::string_view text);

}  // namespace assay::broker
