// What a run would do that the run before did not: for `run --dry-run`. Asks the ledger and nobody
// else.
#pragma once

#include <string>
#include <vector>

#include "assess/run.h"
#include "assess/runs.h"

namespace assay::assess {

/// One line of a plan.
struct PlanChange {
  char mark = '+';   ///< '+' new, '~' otherwise than before, '-' not any more
  std::string what;  ///< "framework", "collector", "collect", "check"
  std::string id, note;
};

struct PlanDiff {
  std::string since;  ///< the run that it is compared with; empty when none ended yet
  std::vector<PlanChange> changes;
  std::vector<std::string> missing;  ///< Graph permissions that were not granted when `since` ran
  uint64_t requests = 0;             ///< at least: of each endpoint as many as then, of a new one 1
  uint64_t requests_then = 0;
};

/// `ledger` may be null: there is none yet. `some_frameworks`: the plan leaves others out on
/// purpose, as plan.only says of checks. kCorrupt, kIo.
Result<PlanDiff> ComparePlan(ledger::Ledger* ledger, const RunPlan& plan, bool some_frameworks);

}  // namespace assay::assess
