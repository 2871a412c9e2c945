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

/// Everything at once. `known_checks`: checks that a mapping may name (the installed ones).
/// kNotFound without manifest.toml; files that do not parse are notes. [any thread]
Result<std::vector<LintNote>> LintSources(const std::filesystem::path& folder,
                                          const std::vector<std::string>& known_checks);

}  // namespace assay::kit
