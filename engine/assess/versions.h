// Versions of plugins: which is older, and what a configuration accepts. Pure functions.
#pragma once

#include <string_view>

namespace assay::assess {

/// Below, at or above 0 as `a` is older than, the same as or newer than `b`. Numbers between dots
/// count as numbers, absent ones as 0; what follows the first '-' makes a version older than the
/// one without. [any thread]
int CompareVersions(std::string_view a, std::string_view b);

/// True when `version` begins with the numbers of `pattern`: "1" and "1.*" accept "1.2.0", "" all.
/// [any thread]
bool AcceptsVersion(std::string_view pattern, std::string_view version);

}  // namespace assay::assess
