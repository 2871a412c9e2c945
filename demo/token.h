// Access tokens of the demo tenant: the shape of Microsoft's, a signature that proves nothing
// outside.
#pragma once

#include <string>
#include <vector>

#include "demo/world.h"

namespace assay::demo {

/// Audiences that the demo's two services accept and its token service writes.
inline constexpr const char* kGraphAudience = "https://graph.aurelia.example";
inline constexpr const char* kArmAudience = "https://arm.aurelia.example";

/// Application permissions in the Graph token unless a test says otherwise: all that the resources
/// need, without DeviceManagementConfiguration.Read.All, which nobody granted. [any thread]
std::vector<std::string> DefaultRoles(const World& world);

/// Every application permission that reads and that a collector may ever need. [any thread]
std::vector<std::string> AllReadRoles();

/// A JWT for one audience, valid for an hour from the tenant's moment. `roles` only for Graph. [any
/// thread]
std::string IssueToken(const World& world, Host host, const std::vector<std::string>& roles);

}  // namespace assay::demo
