// Control states as the newest runs left them, lowered by what ended since, for the commands about
// frameworks.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assess/history.h"
#include "cli/command.h"
#include "config/config.h"

namespace assay::cli {

/// The newest finished run of one tenant.
struct TenantStates {
  std::string tenant;
  assess::RunView run;
  std::vector<ControlResult> results;               ///< those of run.controls
  std::vector<config::FrameworkConfig> frameworks;  ///< of the configuration
};

/// One for each tenant that has a finished run: the one that --tenant names, else all. Without a
/// configuration none. A tenant that has no ledger yet is passed over, unless it was named. Prints
/// and gives nothing when reading fails; `exit` then says how.
std::optional<std::vector<TenantStates>> ReadStates(Context& context, int& exit);

/// The same where at least one is needed: kNotFound "no finished run yet".
std::optional<std::vector<TenantStates>> NeedStates(Context& context, int& exit);

/// The result and where it is recorded; null when that run did not decide the control.
const assess::ControlView* FindState(const TenantStates& states, const std::string& framework,
                                     const std::string& control);

}  // namespace assay::cli
