// `assay check lint`: what is wrong with a file of checks, each thing under its place.
#pragma once

#include <filesystem>

#include "config/check_source.h"
#include "kit/case_world.h"

namespace assay::kit {

struct CheckLint {
  const CaseWorld& world;
  const std::vector<std::string>& taken;  ///< ids of checks that are installed elsewhere
  std::filesystem::path cases;            ///< folder of <check>.toml
};

/// Adds to `source`: names that collide or are unknown, SQL that the evaluator refuses (under line
/// and column), datasets that the SQL does not look at, missing cases and statements. Errors are
/// those of the machine.
Status LintChecks(const CheckLint& lint, config::CheckSource& source);

}  // namespace assay::kit
