// The plugins of an old run as it used them, out of the ledger's `plugin.file` entries.
#pragma once

#include <vector>

#include "assess/plugin_set.h"
#include "assess/recorded_run.h"
#include "assess/replay_state.h"

namespace assay::assess {

struct KeptPlugins {
  std::vector<LoadedPlugin> collectors, frameworks;
  std::vector<CheckSpec> checks;  ///< those of the run, as it was told to decide them, by id
  uint64_t files = 0;
};

/// Loads them with the limits, parameters and controls of the run. What is not there any more, and
/// why, goes to `state`. kCorrupt when a file is not the one that the run names.
Result<KeptPlugins> LoadKeptPlugins(ledger::Ledger& ledger, const RecordedRun& run,
                                    const RunSettings& settings, ReplayState& state);

}  // namespace assay::assess
