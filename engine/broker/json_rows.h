// The few answers of directory and Azure about assay's own identity, as flat rows. Bounded and
// strict; never used for what collectors read (docs/decisions/0062-consent-guard-reads.md).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assay::broker {

/// One object. Members of nested objects are named "outer.inner"; all texts under one name, of
/// arrays and of arrays of objects too, stand in one list.
struct JsonRow {
  std::map<std::string, std::vector<std::string>> texts;

  /// The first text under `name`, "" when there is none.
  std::string Text(const std::string& name) const;
  std::vector<std::string> All(const std::string& name) const;
};

struct JsonRows {
  std::vector<JsonRow> rows;
  std::string next;  ///< "@odata.nextLink" or "nextLink", "" at the end
};

/// The objects in the array `member`, or the whole object as one row when `member` is empty. At
/// most 4 MiB, 16 levels and 20,000 rows. kInvalidInput when it is not that; the message never
/// quotes it. [any thread]
Result<JsonRows> ParseJsonRows(std::string_view text, const std::string& member);

}  // namespace assay::broker
