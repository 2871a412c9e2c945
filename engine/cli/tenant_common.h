// What the tenant commands share: permissions that a tenant's plugins need, and steps of consent.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "assess/needs.h"
#include "cli/workspace.h"

namespace assay::cli {

/// What must be granted so that every check of a tenant can be decided.
struct Wanted {
  std::vector<assess::PermissionNeed> graph;  ///< of the plugins
  std::vector<std::string> permissions;       ///< all to be granted, the guard's among them, sorted
  std::vector<std::string> azure_checks;      ///< empty: nothing is read from Azure
  std::vector<std::string> scopes;            ///< where the role Reader is to be assigned
};
Wanted WantedBy(const assess::RunPlan& plan);

/// The scopes of `azure` in the configuration as Azure names them; the root management group of the
/// directory when nothing is narrowed.
std::vector<std::string> AzureScopes(const config::TenantConfig& tenant);

/// Selects the tenant of -t, or the command's argument. Prints and gives nothing when that fails.
std::optional<Workspace> OpenForTenant(Context& context, int& exit, bool check_secrets,
                                       const config::TenantConfig** tenant);

/// Steps of consent for people: what to grant and where. `certificate`: its file, empty when there
/// is none.
std::string ConsentSteps(const std::string& tenant, const Wanted& wanted,
                         const std::string& certificate, const std::string& thumbprint,
                         const std::string& expires);

/// Where the permissions of an application are granted in the portal.
std::string PermissionPage(const std::string& client_id);

}  // namespace assay::cli
