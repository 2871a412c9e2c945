// Dotted versions ("10.0.19045.3803") compared by their numbers.
#pragma once

#include <optional>
#include <string_view>

namespace assay::worker {

/// -1, 0 or 1. Parts that are missing at the end count as 0; white space around is passed over.
/// Nothing when a part is no plain number.
std::optional<int> CompareVersions(std::string_view a, std::string_view b);

}  // namespace assay::worker
