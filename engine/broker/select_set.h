// $select and $expand of a continuation link against those of the first request: a link may carry
// less or the same, never more.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace assay::broker {

/// kDenied when `link` selects or expands something that `first` did not. Both are decoded query
/// parameters in order. [any thread]
Status CheckNotWidened(const std::vector<std::pair<std::string, std::string>>& first,
                       const std::vector<std::pair<std::string, std::string>>& link);

}  // namespace assay::broker
