// One run over one tenant, end to end: plan, consent, collect, evaluate, map, commit.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "assess/dataset_board.h"
#include "assess/kept_files.h"
#include "assess/plugin_set.h"
#include "assess/progress.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/broker.h"
#include "config/config.h"
#include "ledger/ledger.h"
#include "sandbox/spawner.h"

namespace assay::assess {

/// What a run is given. The caller keeps everything alive until Run returned.
struct RunPlan {
  const config::Config* config = nullptr;
  const config::TenantConfig* tenant = nullptr;
  std::vector<LoadedPlugin> collectors;  ///< verified against their locks, selected for this tenant
  std::vector<LoadedPlugin> frameworks;
  std::vector<CheckSpec> checks;  ///< enabled ones, parameters and severities applied
  broker::BrokerOptions broker;
  sandbox::Spawner* spawner = nullptr;
  sandbox::Tier tier = sandbox::Tier::kStrict;
  ledger::Ledger* ledger = nullptr;
  Progress* progress = nullptr;
  const Clock* clock = &SystemClock();
  const std::atomic<bool>* cancelled = nullptr;
  std::string engine_version, engine_sha256, config_sha256, actor = "cli";
  std::string worker_sha256;         ///< of assay-worker, where plugins and SQL run
  std::vector<UsedFile> own_checks;  ///< files of the admin's own checks
  ipc::Settings settings{};          ///< what collectors may ask for (assay/config.h)
  bool only = false;                 ///< `checks` are not all that are enabled
};

/// A finding that this run saw for the first time.
struct NewFinding {
  uint64_t number = 0;
  std::string check, subject, label;
};

struct RunReport {
  std::string run;              ///< "R-12"
  std::string interrupted_run;  ///< an earlier run that never finished, else empty
  std::vector<CheckResult> checks;
  std::vector<ControlResult> controls;
  std::vector<std::pair<std::string, DatasetStanding>> datasets;
  std::vector<std::string> missing_permissions;
  std::vector<std::pair<std::string, std::string>> plugin_faults;  ///< plugin, what happened
  std::vector<std::string> warnings;
  broker::Consent consent;
  uint64_t subjects = 0, reads = 0, entries = 0, new_findings = 0;
  std::vector<std::pair<uint64_t, std::string>> exceptions;  ///< number, "exception.closed"
  std::vector<std::pair<std::string, std::pair<int, int>>>
      endpoints_done;       ///< plugin -> done, asked
  broker::PaceReport pace;  ///< what the collecting waited for
  int64_t collect_ms = 0, check_ms = 0, commit_ms = 0;
  ledger::Head head;
  std::string checkpoint;
  bool cancelled = false;
  /// Set when the run had to stop: consent (kDenied), upstream (kUnavailable). What was taken
  /// stays.
  std::optional<Error> stopped;
};

/// Does the run. An error means that the ledger itself failed (nothing more could be recorded);
/// everything else is in the report. [one at a time for each ledger]
Result<RunReport> Run(RunPlan plan);

}  // namespace assay::assess
