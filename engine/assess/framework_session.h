// One framework plugin in its own worker: controls and check results in, one result a control out.
#pragma once

#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "assess/plugin_set.h"
#include "base/result.h"
#include "model/check.h"
#include "model/framework.h"
#include "sandbox/spawner.h"

namespace assay::assess {

/// Terms of one conversation, and what was seen of it beside the results.
struct FrameworkTerms {
  const std::atomic<bool>* cancelled = nullptr;  ///< set: end soon; null: never
  std::chrono::milliseconds cancel_grace{10'000};
  ipc::Drill drill{};                ///< of the kit
  std::set<std::string> attested{};  ///< controls for which a person's word is valid
  sandbox::WorkerOutcome outcome{};  ///< out
  std::optional<ipc::Done> done{};   ///< out: the worker's last message
};

/// Runs the plugin over `results`. An error names the fate of the worker (plugin_fault): the caller
/// makes every control of the framework `unknown`. A control that the plugin left out is `unknown`
/// with that reason. kCancelled when the run was.
Result<std::vector<ControlResult>> ConcludeFramework(sandbox::Spawner& spawner, sandbox::Tier tier,
                                                     int64_t now_ms, const LoadedPlugin& plugin,
                                                     const std::vector<CheckResult>& results,
                                                     FrameworkTerms* terms = nullptr);

}  // namespace assay::assess
