// From a validated configuration to a run plan: which plugins, checks and frameworks of the
// installation a tenant uses, each verified against its lock before a process is started.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "assess/run.h"
#include "base/result.h"
#include "config/config.h"
#include "config/diagnostic.h"

namespace assay::assess {

/// Where this assay is installed: <root>/bin/assay, <root>/lib/assay/...
struct Installation {
  std::filesystem::path root;
  std::filesystem::path worker() const { return root / "bin" / "assay-worker"; }
  std::filesystem::path plugins() const { return root / "lib" / "assay" / "plugins"; }
  std::filesystem::path frameworks() const { return root / "lib" / "assay" / "frameworks"; }
  std::filesystem::path lock() const { return root / "lib" / "assay" / "assay-plugins.lock"; }
  std::filesystem::path binary() const { return root / "bin" / "assay"; }
};
/// From the running binary's own path. kIo.
Result<Installation> LocateInstallation();

/// Limits a run to part of what is configured; empty means all.
struct Selection {
  std::vector<std::string> checks, frameworks;
  /// Gets a refusal that has a place in the configuration (AS-PLG-005); may be null.
  std::vector<config::Diagnostic>* refusals = nullptr;
};

/// Plugins, checks, frameworks and broker options for one tenant; spawner, ledger, tier and
/// progress are the caller's to add. Errors with id AS-PLG-*: a plugin was refused (exit 8);
/// others: configuration (exit 3).
Result<RunPlan> PlanRun(const Installation& installation, const config::Config& config,
                        const config::TenantConfig& tenant, const Selection& selection);

/// The administrator's own checks: every .toml of checks_dir, by name of the file. Empty without
/// one. kInvalidInput, kIo.
Result<std::vector<CheckSpec>> ReadOwnChecks(const config::Config& config);

/// Folder of a tenant's ledger, and how to open it. The master key and the ledger key lie where
/// [keys] says, else under the storage path with mode 0600.
ledger::OpenOptions LedgerOptions(const config::Config& config, const config::TenantConfig& tenant,
                                  bool create);

/// Lowest tier that the configuration accepts against what the machine offers. kDenied with the one
/// line of TOML that would accept less.
Result<sandbox::Tier> ChooseTier(const config::Config& config, const sandbox::TierReport& offered);

}  // namespace assay::assess
