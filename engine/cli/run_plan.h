// `assay run --dry-run`: what a run would do, set against the run before.
#pragma once

#include <vector>

#include "cli/workspace.h"

namespace assay::cli {

/// Shows the plan of each tenant; the exit code. Asks no tenant and writes nothing.
int ShowPlans(Context& context, const Workspace& workspace,
              const std::vector<const config::TenantConfig*>& tenants);
/// Prints an error, with its places in the configuration where there are any.
void ReportRefusal(const Context& context, const Error& error,
                   const std::vector<config::Diagnostic>& refusals);

}  // namespace assay::cli
