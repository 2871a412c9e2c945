// A loaded configuration and what most commands need of it: tenants selected, ledgers opened.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "assess/prepare.h"
#include "cli/command.h"
#include "config/load.h"
#include "ledger/ledger.h"

namespace assay::cli {

struct Workspace {
  assess::Installation installation;
  config::Config config;
};

/// Finds the installation, loads -C FILE (default ./assay.toml) and prints every diagnostic.
/// Nothing when it has errors: the caller returns `exit`.
std::optional<Workspace> OpenWorkspace(Context& context, int& exit, bool check_secrets = false);

/// Tenants that --tenant or --all name; without either the only one. Prints and gives nothing when
/// that fails.
std::optional<std::vector<const config::TenantConfig*>> SelectTenants(Context& context,
                                                                      const Workspace& workspace,
                                                                      int& exit);
/// One selected tenant and its ledger; the workspace holds what they point into.
struct OpenedLedger {
  std::optional<Workspace> workspace;
  const config::TenantConfig* tenant = nullptr;  ///< null for the log of the instance
  std::string name;                              ///< id of the tenant, or "instance"
  std::unique_ptr<ledger::Ledger> ledger;
};
/// Selects one tenant and leaves its ledger closed. Prints and gives nothing when that fails.
std::optional<OpenedLedger> SelectOne(Context& context, int& exit);
/// The same with the ledger opened for reading.
std::optional<OpenedLedger> OpenOneForReading(Context& context, int& exit);

/// Opens the ledger of each selected tenant for reading, of all without --tenant, and calls
/// `visit`, which gives an exit code. `exit` is the worst: 7, else the highest. False when it came
/// to none because of the configuration or the selection; that is printed.
bool VisitLedgers(
    Context& context, int& exit,
    const std::function<int(const Workspace& workspace, const config::TenantConfig& tenant,
                            ledger::Ledger& ledger)>& visit);

}  // namespace assay::cli
