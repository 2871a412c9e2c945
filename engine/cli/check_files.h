// Files of checks that a command names, with the collectors that they are judged beside.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "config/check_source.h"
#include "kit/case_world.h"

namespace assay::cli {

int RunCheckNew(Context& context);
int RunCheckTest(Context& context);
int RunCheckLint(Context& context);

/// Where the checks of a command lie.
struct CheckPlace {
  std::vector<std::filesystem::path> files;  ///< sorted
  std::filesystem::path cases;               ///< folder of their cases
  std::string plugin;                        ///< their collector, or "checks.d"
  std::filesystem::path sources;             ///< of that collector; empty for checks.d
};

/// The command's argument: a file, a folder of checks, or the sources of a collector. Without one:
/// checks_dir of the configuration, else ./checks.d. kNotFound.
Result<CheckPlace> FindChecks(const Context& context);
/// checks_dir of the configuration when there is one, else "checks.d".
std::filesystem::path OwnChecksFolder(const Context& context);

/// The files, read. kNotFound, kIo.
Result<std::vector<config::CheckSource>> ReadSources(const CheckPlace& place);

/// The installed collectors, with the sources of `place` in the stead of that collector, and the
/// sandbox that the evaluator runs in. `taken` gets ids of checks that others have.
Result<std::unique_ptr<kit::CaseWorld>> OpenWorld(const Context& context, const CheckPlace& place,
                                                  std::vector<std::string>& taken);

}  // namespace assay::cli
