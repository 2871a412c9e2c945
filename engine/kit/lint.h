// `assay plugin lint`: what a reader of a plugin's sources would say, as rules. Looks at text only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace assay::kit {

struct LintNote {
  bool is_error = false;  ///< else a warning
  std::string rule;       ///< "least-permission"
  std::string place;      ///< "manifest.toml: endpoint graph-users"
  std::string text;
};

/// What is installed: checks that a mapping may name, datasets that a check may read.
struct Known {
  std::vector<std::string> checks, datasets;
};

/// Everything at once. kNotFound without manifest.toml; files that do not parse are notes. [any
/// thread]
Result<std::vector<LintNote>> LintSources(const std::filesystem::path& folder, const Known& known);

}  // namespace assay::kit
