// One run of one tenant as the command line does it: plan, tier, canary, ledger, run.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "assess/prepare.h"
#include "assess/progress.h"
#include "cli/changes.h"
#include "cli/summary.h"

namespace assay::cli {

/// Everything is borrowed for the time of the call.
struct RunRequest {
  const assess::Installation* installation = nullptr;
  const config::Config* config = nullptr;
  const config::TenantConfig* tenant = nullptr;
  assess::Selection selection;
  sandbox::Spawner* spawner = nullptr;
  assess::Progress* progress = nullptr;
  const std::atomic<bool>* cancelled = nullptr;
  std::string actor = "cli";
};

struct TenantRun {
  assess::RunReport report;
  CheckCatalogue checks;
  sandbox::Tier tier = sandbox::Tier::kStrict;
  std::string fingerprint;
  std::vector<ledger::ExpiryDone> expired;  ///< by [retention], after the run
  std::optional<Changes> changes;           ///< against the run before; none when it did not end
};

/// Errors carry the ids and codes that ExitFor knows: AS-PLG-* (plugin refused), AS-SBX-*
/// (sandbox), kUnavailable (busy, store), kCorrupt (ledger does not verify at open). A run that
/// stopped early is a value, not an error.
Result<TenantRun> RunTenant(const RunRequest& request);

/// Exit code of a run that ended (cli.md section 3.4); `fail_on` is a severity or empty.
int ExitForRun(const TenantRun& run, const std::string& fail_on);

/// SHA-256 of a file in hexadecimal; empty when it cannot be read.
std::string DigestOf(const std::filesystem::path& file);
/// SHA-256 of the running binary in hexadecimal, for provenance; empty when it cannot be read.
std::string OwnDigest();

}  // namespace assay::cli
