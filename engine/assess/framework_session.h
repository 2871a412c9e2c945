// One framework plugin in its own worker: controls and check results in, one result a control out.
#pragma once

#include <vector>

#include "assess/plugin_set.h"
#include "base/result.h"
#include "model/check.h"
#include "model/framework.h"
#include "sandbox/spawner.h"

namespace assay::assess {

/// What the kit asks for and sees beside the results.
struct FrameworkRehearsal {
  ipc::Drill drill{};
  sandbox::WorkerOutcome outcome{};  ///< out
  std::optional<ipc::Done> done{};   ///< out: the worker's last message
};

/// Runs the plugin over `results`. An error names the fate of the worker (plugin_fault): the caller
/// makes every control of the framework `unknown`. A control that the plugin left out is `unknown`
/// with that reason.
Result<std::vector<ControlResult>> ConcludeFramework(sandbox::Spawner& spawner, sandbox::Tier tier,
                                                     int64_t now_ms, const LoadedPlugin& plugin,
                                                     const std::vector<CheckResult>& results,
                                                     FrameworkRehearsal* rehearsal = nullptr);

}  // namespace assay::assess
