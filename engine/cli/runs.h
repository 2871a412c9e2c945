// What the commands about runs share: one tenant, its ledger, its runs at the moment asked for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "assess/runs.h"
#include "cli/workspace.h"

namespace assay::cli {

struct OpenedRuns : OpenedLedger {
  TreeSize size{};                   ///< entries that may be looked at
  std::vector<assess::RunRow> runs;  ///< oldest first
};

/// Prints and gives nothing when that fails.
std::optional<OpenedRuns> OpenRuns(Context& context, int& exit);
/// The run of that name; prints and gives null when there is none.
const assess::RunRow* RunArgument(Context& context, const OpenedRuns& opened,
                                  const std::string& name, int& exit);

}  // namespace assay::cli
