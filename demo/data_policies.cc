// Conditional Access and the tenant-wide policies.
#include <fmt/format.h>

#include "demo/world.h"

namespace assay::demo {
namespace {

constexpr const char* kPhishingResistant = "00000000-0000-0000-0000-000000000004";

/// One Conditional Access policy; the members that differ between policies.
struct Policy {
  const char* name;
  const char* state;
  int created;  ///< days from now
  std::vector<std::string> users = {"All"};
  std::vector<std::string> apps = {"All"};
  std::vector<std::string> actions = {};
  std::vector<std::string> clients = {"all"};
  std::vector<std::string> roles = {};
  std::vector<std::string> exclude_groups = {};
  std::vector<std::string> sign_in_risk = {};
  std::vector<std::string> user_risk = {};
  const char* transfer = nullptr;          ///< authentication flow
  std::vector<std::string> controls = {};  ///< built-in grant controls
  bool strength = false;                   ///< phishing-resistant authentication strength
  const char* guests = nullptr;            ///< includeGuestsOrExternalUsers types
};

Json Users(const World& world, const Policy& policy) {
  Json guests;
  if (policy.guests != nullptr) {
    guests = Json::Object(
        {{"guestOrExternalUserTypes", policy.guests},
         {"externalTenants",
          Json::Object({{"@odata.type", "#microsoft.graph.conditionalAccessAllExternalTenants"},
                        {"membershipKind", "all"}})}});
  }
  return Json::Object({
      {"includeUsers", Json::Texts(policy.users)},
      {"excludeUsers", Json::Texts({world.people[0].id, world.people[1].id})},
      {"includeGroups", Json::Array()},
      {"excludeGroups", Json::Texts(policy.exclude_groups)},
      {"includeRoles", Json::Texts(policy.roles)},
      {"excludeRoles", Json::Array()},
      {"includeGuestsOrExternalUsers", std::move(guests)},
      {"excludeGuestsOrExternalUsers", nullptr},
  });
}

Json Conditions(const World& world, const Policy& policy) {
  Json flows;
  if (policy.transfer != nullptr) flows = Json::Object({{"transferMethods", policy.transfer}});
  return Json::Object({
      {"userRiskLevels", Json::Texts(policy.user_risk)},
      {"signInRiskLevels", Json::Texts(policy.sign_in_risk)},
      {"clientAppTypes", Json::Texts(policy.clients)},
      {"servicePrincipalRiskLevels", Json::Array()},
      {"insiderRiskLevels", nullptr},
      {"platforms", nullptr},
      {"locations", nullptr},
      {"devices", nullptr},
      {"clientApplications", nullptr},
      {"authenticationFlows", std::move(flows)},
      {"applications", Json::Object({{"includeApplications", Json::Texts(policy.apps)},
                                     {"excludeApplications", Json::Array()},
                                     {"includeUserActions", Json::Texts(policy.actions)},
                                     {"includeAuthenticationContextClassReferences", Json::Array()},
                                     {"applicationFilter", nullptr}})},
      {"users", Users(world, policy)},
  });
}

Json GrantControls(const Policy& policy) {
  Json strength;
  if (policy.strength) {
    strength = Json::Object(
        {{"id", kPhishingResistant},
         {"createdDateTime", "2021-12-01T00:00:00Z"},
         {"modifiedDateTime", "2021-12-01T00:00:00Z"},
         {"displayName", "Phishing-resistant MFA"},
         {"policyType", "builtIn"},
         {"requirementsSatisfied", "mfa"},
         {"allowedCombinations",
          Json::Texts({"windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor"})}});
  }
  return Json::Object({{"operator", "OR"},
                       {"builtInControls", Json::Texts(policy.controls)},
                       {"customAuthenticationFactors", Json::Array()},
                       {"termsOfUse", Json::Array()},
                       {"authenticationStrength", std::move(strength)}});
}

Json ConditionalAccessPolicy(const World& world, const Policy& policy) {
  const Seeded& seeded = world.seeded();
  return Json::Object({
      {"id", seeded.Guid(policy.name)},
      {"templateId", nullptr},
      {"displayName", policy.name},
      {"createdDateTime", seeded.Day(policy.name, policy.created)},
      {"modifiedDateTime", seeded.Day(policy.name, policy.created + 4)},
      {"state", policy.state},
      {"sessionControls", nullptr},
      {"conditions", Conditions(world, policy)},
      {"grantControls", GrantControls(policy)},
  });
}

/// Nine policies; planted: one left in report-only, one switched off, one that names a deleted
/// group.
std::vector<Policy> Policies(const World& world) {
  std::vector<Policy> policies = {
      {.name = "CA001 MFA for everyone", .state = "enabled", .created = -420, .controls = {"mfa"}},
      {.name = "CA002 No legacy authentication",
       .state = "enabled",
       .created = -420,
       .clients = {"exchangeActiveSync", "other"},
       .controls = {"block"}},
      {.name = "CA003 Strong sign-in for administrators",
       .state = "enabledForReportingButNotEnforced",
       .created = -160,
       .users = {},
       .controls = {},
       .strength = true},
      {.name = "CA004 Managed devices",
       .state = "enabled",
       .created = -300,

       .controls = {"compliantDevice", "domainJoinedDevice"}},
      {.name = "CA005 No device code flow",
       .state = "disabled",
       .created = -90,
       .transfer = "deviceCodeFlow",
       .controls = {"block"}},
      {.name = "CA006 MFA for guests",
       .state = "enabled",
       .created = -380,
       .users = {},
       .controls = {"mfa"},
       .guests = "internalGuest,b2bCollaborationGuest,b2bCollaborationMember,b2bDirectConnectUser,"
                 "otherExternalUser,serviceProvider"},
      {.name = "CA007 Block risky sign-ins",
       .state = "enabled",
       .created = -210,
       .sign_in_risk = {"medium", "high"},
       .controls = {"block"}},
      {.name = "CA008 Protect registration of methods",
       .state = "enabled",
       .created = -330,
       .apps = {},
       .actions = {"urn:user:registersecurityinfo"},
       .exclude_groups = {world.seeded().Guid("group/deleted-long-ago")},
       .controls = {"mfa"}},
      {.name = "CA009 Block users at high risk",
       .state = "enabled",
       .created = -210,
       .user_risk = {"high"},
       .controls = {"block"}},
  };
  for (const RoleHolder& admin : Administrators()) {
    auto& roles = policies[2].roles;
    if (roles.empty() || roles.back() != admin.role) roles.push_back(admin.role);
  }
  return policies;
}

}  // namespace

void AddConditionalAccess(World& world) {
  std::vector<Json> policies;
  for (const Policy& policy : Policies(world))
    policies.push_back(ConditionalAccessPolicy(world, policy));
  world
      .AddGraph("/v1.0/identity/conditionalAccess/policies", "Policy.Read.All", std::move(policies))
      .page = 3;
}

void AddDirectoryPolicies(World& world) {
  Json authorization = Json::Object({
      {"id", "authorizationPolicy"},
      {"displayName", "Authorization Policy"},
      {"description", "What users and guests may do by default."},
      {"allowInvitesFrom", "everyone"},
      {"allowedToSignUpEmailBasedSubscriptions", false},
      {"allowedToUseSSPR", true},
      {"allowEmailVerifiedUsersToJoinOrganization", false},
      {"allowUserConsentForRiskyApps", nullptr},
      {"blockMsolPowerShell", false},
      {"guestUserRoleId", "10dae51f-b6af-4016-8d66-8c2a99b929b3"},
      {"defaultUserRolePermissions",
       Json::Object(
           {{"allowedToCreateApps", true},
            {"allowedToCreateSecurityGroups", false},
            {"allowedToCreateTenants", false},
            {"allowedToReadBitlockerKeysForOwnedDevice", true},
            {"allowedToReadOtherUsers", true},
            {"permissionGrantPoliciesAssigned",
             Json::Texts({"ManagePermissionGrantsForSelf.microsoft-user-default-legacy"})}})},
  });
  world.AddGraphSingle("/v1.0/policies/authorizationPolicy", "Policy.Read.All",
                       std::move(authorization));
  Json defaults = Json::Object({
      {"id", "00000000-0000-0000-0000-000000000005"},
      {"displayName", "Security Defaults"},
      {"description", "Baseline protection that is off because Conditional Access is in use."},
      {"isEnabled", false},
  });
  world.AddGraphSingle("/v1.0/policies/identitySecurityDefaultsEnforcementPolicy",
                       "Policy.Read.All", std::move(defaults));
}

}  // namespace assay::demo
