// What the commands that take evidence away share: a tenant's ledger opened for writing, who asks,
// and the question before anything is done.
#pragma once

#include <memory>
#include <optional>

#include "assess/privacy.h"
#include "cli/workspace.h"

namespace assay::cli {

/// The one selected tenant's ledger, with its lease unless `read_only`. Prints and gives nothing
/// when that fails.
std::optional<OpenedLedger> OpenSelected(Context& context, bool read_only, int& exit);

/// "account:1000": who logged in on this machine, never a name.
std::string AccountId();
/// --ticket, --reason (privacy when not given) and the account.
assess::ErasureRequest RequestFrom(const Context& context);

/// True with --yes, or when `expected` is typed on the terminal. Otherwise prints why nothing was
/// done; the caller returns kUsage.
bool Confirm(Context& context, const std::string& question, const std::string& expected);

}  // namespace assay::cli
