// `assay plugin new`: a project from the templates that are installed with assay. A template is a
// real project whose plugin is called sample-plugin; only that name is replaced.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace assay::kit {

struct ScaffoldRequest {
  std::string id;                   ///< "guest-review"
  std::string kind = "collector";   ///< or "framework"
  std::string lang = "cpp";         ///< or "c"
  std::filesystem::path templates;  ///< <prefix>/share/assay/plugin-new
  std::filesystem::path parent;     ///< the project becomes parent/id
};

/// kInvalidInput when `id` is no plugin id that a project can carry: lower-case letters, digits and
/// single dashes, from a letter on, at most 48 characters.
Status CheckScaffoldId(const std::string& id);

/// Writes the project; returns its files, relative and sorted. kInvalidInput (id, kind, lang),
/// kAlreadyExists (the folder is there: nothing is touched), kNotFound (templates are not
/// installed), kIo.
Result<std::vector<std::string>> WriteScaffold(const ScaffoldRequest& request);

}  // namespace assay::kit
