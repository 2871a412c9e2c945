// Doing an old run again from what the ledger keeps of it: same plugins, same configuration, same
// answers in the same order, and every digest compared. Offline, without credentials.
#pragma once

#include <string>
#include <vector>

#include "assess/comparison.h"
#include "assess/recorded_run.h"
#include "assess/run.h"

namespace assay::assess {

/// What a replay is given. The caller keeps everything alive until Replay returned.
struct ReplayPlan {
  std::string run;             ///< "R-12"
  std::set<std::string> only;  ///< checks and controls to compare; empty: all
  const config::Config* config = nullptr;
  const config::TenantConfig* tenant = nullptr;
  ledger::Ledger* ledger = nullptr;  ///< opened for reading is enough
  sandbox::Spawner* spawner = nullptr;
  sandbox::Tier tier = sandbox::Tier::kStrict;
  Progress* progress = nullptr;
  const std::atomic<bool>* cancelled = nullptr;
  std::string engine_version, engine_sha256, worker_sha256;
};

struct ReplayReport {
  std::string run, outcome;  ///< of the run as recorded
  RangeProof range;
  uint64_t files = 0;  ///< of plugins, taken from the ledger
  Compared compared;
  /// Entries that are not derived from evidence and so are not held against anything, by kind.
  std::map<std::string, uint64_t> told;
  std::string impossible;          ///< why nothing at all could be replayed; else empty
  std::vector<std::string> notes;  ///< engine or SQLite differ, the run was partial
  bool identical() const { return compared.differences.empty(); }
  /// Nothing that the run recorded is left out, and the run was whole.
  bool whole = false;
};

/// Does the run again. kNotFound (no such run), kCorrupt (the ledger does not hold together),
/// kDenied (no key for the bodies), else as Run.
Result<ReplayReport> Replay(const ReplayPlan& plan);

}  // namespace assay::assess
