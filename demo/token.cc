// Writes tokens with the claims of version 1.0, the version that Graph and ARM get.
#include "demo/token.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"

namespace assay::demo {
namespace {

std::string Base64Url(std::string_view text) {
  std::string out = EncodeBase64(AsBytes(text));
  while (!out.empty() && out.back() == '=') out.pop_back();
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

Json Claims(const World& world, Host host, const std::vector<std::string>& roles) {
  int64_t issued = ToUnixMs(world.seeded().now()) / 1000;
  Json claims = Json::Object({
      {"aud", host == Host::kGraph ? kGraphAudience : kArmAudience},
      {"iss", "https://sts.windows.net/" + world.tenant_id() + "/"},
      {"iat", issued - 300},
      {"nbf", issued - 300},
      {"exp", issued + 3600},
  });
  if (host == Host::kGraph) claims.Set("app_displayname", "assay evidence reader");
  claims.Set("appid", world.client_id());
  claims.Set("appidacr", "1");
  claims.Set("idp", "https://sts.windows.net/" + world.tenant_id() + "/");
  claims.Set("idtyp", "app");
  claims.Set("oid", world.principal_id());
  if (host == Host::kGraph && !roles.empty()) claims.Set("roles", Json::Texts(roles));
  claims.Set("sub", world.principal_id());
  claims.Set("tid", world.tenant_id());
  claims.Set("uti", world.seeded().Guid("uti").substr(0, 22));
  claims.Set("ver", "1.0");
  claims.Set("wids", Json::Texts({"0997a1d0-0d1d-4acb-b408-d5ca73121e90"}));
  return claims;
}

/// 256 bytes like an RS256 signature, derived from what they follow.
std::string Signature(const World& world, const std::string& text) {
  std::string bytes;
  for (int block = 0; block < 32; ++block) {
    uint64_t bits = world.seeded().Bits(fmt::format("signature/{}/{}", block, text));
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(bits >> shift & 0xff);
  }
  return bytes;
}

}  // namespace

std::vector<std::string> DefaultRoles(const World& world) {
  std::set<std::string> roles = {"Directory.Read.All"};
  for (const std::string& path : world.Paths(Host::kGraph)) {
    roles.insert(world.Find(Host::kGraph, path)->permission);
  }
  roles.erase("DeviceManagementConfiguration.Read.All");
  return {roles.begin(), roles.end()};
}

std::vector<std::string> AllReadRoles() {
  return {"AccessReview.Read.All",
          "Application.Read.All",
          "AttackSimulation.Read.All",
          "AuditLog.Read.All",
          "BitlockerKey.ReadBasic.All",
          "DelegatedAdminRelationship.Read.All",
          "Device.Read.All",
          "DeviceLocalCredential.ReadBasic.All",
          "DeviceManagementApps.Read.All",
          "DeviceManagementConfiguration.Read.All",
          "DeviceManagementManagedDevices.Read.All",
          "DeviceManagementRBAC.Read.All",
          "DeviceManagementServiceConfig.Read.All",
          "Directory.Read.All",
          "DirectoryRecommendations.Read.All",
          "Domain-InternalFederation.Read.All",
          "Domain.Read.All",
          "EntitlementManagement.Read.All",
          "Group.Read.All",
          "GroupMember.Read.All",
          "GroupSettings.Read.All",
          "IdentityRiskEvent.Read.All",
          "IdentityRiskyServicePrincipal.Read.All",
          "IdentityRiskyUser.Read.All",
          "LicenseAssignment.Read.All",
          "LifecycleWorkflows-Workflow.ReadBasic.All",
          "OnPremDirectorySynchronization.Read.All",
          "OrgSettings-AppsAndServices.Read.All",
          "OrgSettings-Forms.Read.All",
          "Organization.Read.All",
          "Policy.Read.All",
          "Policy.Read.AuthenticationMethod",
          "Policy.Read.DeviceConfiguration",
          "Policy.Read.PermissionGrant",
          "ProvisioningLog.Read.All",
          "ReportSettings.Read.All",
          "RoleAssignmentSchedule.Read.Directory",
          "RoleEligibilitySchedule.Read.Directory",
          "RoleManagement.Read.Directory",
          "RoleManagementAlert.Read.Directory",
          "SecurityAlert.Read.All",
          "SecurityEvents.Read.All",
          "SecurityIdentitiesHealth.Read.All",
          "SecurityIncident.Read.All",
          "SensitivityLabels.Read.All",
          "ServiceHealth.Read.All",
          "SharePointTenantSettings.Read.All",
          "User.Read.All"};
}

std::string IssueToken(const World& world, Host host, const std::vector<std::string>& roles) {
  Json header = Json::Object({{"typ", "JWT"}});
  if (host == Host::kGraph) header.Set("nonce", world.seeded().Guid("nonce"));
  std::string key = Base64Url(world.seeded().Guid("signing-key").substr(0, 20));
  header.Set("alg", "RS256").Set("x5t", key).Set("kid", key);
  std::string text = Base64Url(header.Dump()) + "." + Base64Url(Claims(world, host, roles).Dump());
  return text + "." + Base64Url(Signature(world, text));
}

}  // namespace assay::demo
