// Which permissions the plugins of a tenant need, and what is lost without one: from the manifests,
// so that documentation, scripts and messages cannot say different things.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "assess/plugin_set.h"

namespace assay::assess {

/// One application permission on Microsoft Graph.
struct PermissionNeed {
  std::string permission;                   ///< the least that works
  std::vector<std::string> also;            ///< higher ones that work for every read of it
  std::vector<std::string> plugins, reads;  ///< ids of plugins; "GET /v1.0/users"
  std::vector<std::string> checks;          ///< not assessed without it, by id
  bool optional = true;                     ///< no dataset is incomplete without it
};

/// Sorted by name. `checks`: those of the tenant. [any thread]
std::vector<PermissionNeed> GraphNeeds(const std::vector<LoadedPlugin>& collectors,
                                       const std::vector<CheckSpec>& checks);
/// Those of `needs` for which `held` has neither the permission nor a higher one. [any thread]
std::vector<PermissionNeed> Missing(const std::vector<PermissionNeed>& needs,
                                    const std::vector<std::string>& held);
/// Ids of checks that need Azure. [any thread]
std::vector<std::string> AzureChecks(const std::vector<LoadedPlugin>& collectors,
                                     const std::vector<CheckSpec>& checks);
/// What the consent guard itself is allowed to ask with: reads that make its answer certain.
/// [any thread]
std::vector<std::string> GuardPermissions();

}  // namespace assay::assess
