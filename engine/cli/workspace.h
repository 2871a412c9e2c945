// A loaded configuration and what most commands need of it: tenants selected, ledgers opened.
#pragma once

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
/// Opens the one selected tenant's ledger for reading. Prints and gives null when that fails.
std::unique_ptr<ledger::Ledger> OpenForReading(Context& context, const Workspace& workspace,
                                               const config::TenantConfig& tenant, int& exit);

/// The one selected tenant with its ledger.
struct OpenedLedger {
  std::optional<Workspace> workspace;
  const config::TenantConfig* tenant = nullptr;
  std::unique_ptr<ledger::Ledger> ledger;
};
/// Opened for reading, or with `append` for appending. Prints and gives nothing when that fails.
std::optional<OpenedLedger> OpenOneLedger(Context& context, int& exit, bool append = false);
/// The leaf index that the command's argument names. Prints and gives nothing for another word.
std::optional<LeafIndex> EntryArgument(Context& context, int& exit);

}  // namespace assay::cli
