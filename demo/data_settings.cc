// Settings of the directory beside Conditional Access: sign-in methods, consent, devices, partners.
#include "demo/world.h"

namespace assay::demo {
namespace {

constexpr const char* kPolicy = "Policy.Read.All";

Json Method(const char* type, const char* id, bool enabled, std::string more = {}) {
  const std::string state = enabled ? "enabled" : "disabled";
  return Json::Raw(R"({"@odata.type":"#microsoft.graph.)" + std::string(type) +
                   R"(AuthenticationMethodConfiguration","id":")" + id + R"(","state":")" + state +
                   R"(","excludeTargets":[],)" + more +
                   R"("includeTargets":[{"targetType":"group","id":"all_users"}]})");
}

/// Planted: text messages are still allowed, and the move from the old settings is not finished.
Json SignInMethods() {
  const std::string shown =
      R"({"state":"enabled","includeTarget":{"targetType":"group","id":"all_users"}})";
  return Json::Object({
      {"id", "authenticationMethodsPolicy"},
      {"displayName", "Authentication Methods Policy"},
      {"policyVersion", "1.5"},
      {"policyMigrationState", "migrationInProgress"},
      {"registrationEnforcement",
       Json::Raw(
           R"({"authenticationMethodsRegistrationCampaign":{"state":"enabled","snoozeDurationInDays":1}})")},
      {"systemCredentialPreferences", Json::Raw(R"({"state":"default"})")},
      {"reportSuspiciousActivitySettings", Json::Raw(R"({"state":"enabled"})")},
      {"authenticationMethodConfigurations",
       Json::Array({
           Method("fido2", "Fido2", true, R"("isAttestationEnforced":true,)"),
           Method("microsoftAuthenticator", "MicrosoftAuthenticator", true,
                  R"("featureSettings":{"displayAppInformationRequiredState":)" + shown +
                      R"(,"displayLocationInformationRequiredState":)" + shown + "},"),
           Method("sms", "Sms", true),
           Method("voice", "Voice", false),
           Method("email", "Email", false),
           Method("temporaryAccessPass", "TemporaryAccessPass", true,
                  R"("isUsableOnce":true,"maximumLifetimeInMinutes":480,)"),
       })},
  });
}

void AddConsent(World& world) {
  world.AddGraphSingle(
      "/v1.0/policies/adminConsentRequestPolicy", kPolicy,
      Json::Object(
          {{"isEnabled", true},
           {"notifyReviewers", true},
           {"remindersEnabled", true},
           {"requestDurationInDays", 30},
           {"version", 0},
           {"reviewers", Json::Array({Json::Object({{"query", "/users/" + world.people[3].id},
                                                    {"queryType", "MicrosoftGraph"}})})}}));
  const std::string lifetimes =
      R"({"passwordCredentials":[{"restrictionType":"passwordLifetime","state":"enabled","maxLifetime":"P180D"}],)"
      R"("keyCredentials":[{"restrictionType":"asymmetricKeyLifetime","state":"enabled","maxLifetime":"P365D"}]})";
  world.AddGraphSingle("/v1.0/policies/defaultAppManagementPolicy", kPolicy,
                       Json::Object({{"id", "00000000-0000-0000-0000-000000000000"},
                                     {"isEnabled", true},
                                     {"applicationRestrictions", Json::Raw(lifetimes)},
                                     {"servicePrincipalRestrictions", Json::Raw(lifetimes)}}));
  world.AddGraph("/v1.0/policies/appManagementPolicies", kPolicy, {});
  world.AddGraph("/v1.0/policies/permissionGrantPolicies", "Policy.Read.PermissionGrant",
                 {Json::Object({{"id", "microsoft-user-default-legacy"},
                                {"displayName", "Legacy default"},
                                {"includes", Json::Array()},
                                {"excludes", Json::Array()}})});
  world.AddGraphSingle("/v1.0/policies/authenticationFlowsPolicy", kPolicy,
                       Json::Object({{"id", "authenticationFlowsPolicy"},
                                     {"selfServiceSignUp", Json::Raw(R"({"isEnabled":false})")}}));
}

/// Planted: a trusted network of a whole carrier.
void AddPlaces(World& world) {
  const auto place = [&world](const char* name, const char* range) {
    return Json::Object(
        {{"@odata.type", "#microsoft.graph.ipNamedLocation"},
         {"id", world.seeded().Guid(name)},
         {"displayName", name},
         {"isTrusted", true},
         {"ipRanges", Json::Array({Json::Object({{"@odata.type", "#microsoft.graph.iPv4CidrRange"},
                                                 {"cidrAddress", range}})})}});
  };
  world.AddGraph("/v1.0/identity/conditionalAccess/namedLocations", kPolicy,
                 {place("Musterhafen works", "203.0.113.0/24"),
                  place("Carrier of the sales team", "198.16.0.0/12")});
  world.AddGraph(
      "/v1.0/policies/authenticationStrengthPolicies", "Policy.Read.AuthenticationMethod",
      {Json::Object({{"id", "00000000-0000-0000-0000-000000000004"},
                     {"displayName", "Phishing-resistant MFA"},
                     {"policyType", "builtIn"},
                     {"requirementsSatisfied", "mfa"},
                     {"allowedCombinations", Json::Texts({"windowsHelloForBusiness", "fido2",
                                                          "x509CertificateMultiFactor"})}})});
}

/// Planted: MFA of unknown tenants is trusted, and one service provider is in no register.
void AddPartners(World& world) {
  const auto access = [](const char* type) {
    return Json::Raw(R"({"usersAndGroups":{"accessType":")" + std::string(type) +
                     R"("},"applications":{"accessType":")" + type + R"("}})");
  };
  world.AddGraphSingle(
      "/v1.0/policies/crossTenantAccessPolicy/default", kPolicy,
      Json::Object(
          {{"isServiceDefault", false},
           {"inboundTrust", Json::Raw(R"({"isMfaAccepted":true,"isCompliantDeviceAccepted":false,)"
                                      R"("isHybridAzureADJoinedDeviceAccepted":false})")},
           {"b2bCollaborationInbound", access("allowed")},
           {"b2bDirectConnectInbound", access("blocked")}}));
  world.AddGraph("/v1.0/policies/crossTenantAccessPolicy/partners", kPolicy,
                 {Json::Object({{"tenantId", world.seeded().Guid("partner/provider")},
                                {"isServiceProvider", true},
                                {"inboundTrust", nullptr}})});
  world.AddGraph("/beta/legacy/policies", kPolicy, {});
  world.AddGraph("/v1.0/tenantRelationships/delegatedAdminRelationships",
                 "DelegatedAdminRelationship.Read.All", {});
  for (const char* domain : {"aurelia.example", "aurelia-optics.example"}) {
    world.AddGraph("/v1.0/domains/" + std::string(domain) + "/federationConfiguration",
                   "Domain-InternalFederation.Read.All", {});
  }
  world.AddGraph(
      "/v1.0/directory/onPremisesSynchronization", "OnPremDirectorySynchronization.Read.All",
      {Json::Object({{"id", world.tenant_id()},
                     {"features",
                      Json::Raw(R"({"passwordSyncEnabled":true,"blockSoftMatchEnabled":true,)"
                                R"("blockCloudObjectTakeoverThroughHardMatchEnabled":true})")}})});
}

/// Planted: devices have no local administrator password of their own.
void AddDeviceRegistration(World& world) {
  world.AddGraphSingle(
      "/v1.0/policies/deviceRegistrationPolicy", "Policy.Read.DeviceConfiguration",
      Json::Object(
          {{"id", "deviceRegistrationPolicy"},
           {"userDeviceQuota", 10},
           {"multiFactorAuthConfiguration", "required"},
           {"azureADJoin",
            Json::Raw(
                R"({"isAdminConfigurable":true,"allowedToJoin":{"@odata.type":"#microsoft.graph.enumeratedDeviceRegistrationMembership"},)"
                R"("localAdmins":{"enableGlobalAdmins":false,"registeringUsers":{"@odata.type":"#microsoft.graph.noDeviceRegistrationMembership"}}})")},
           {"localAdminPassword", Json::Raw(R"({"isEnabled":false})")}}));
}

Json Setting(const World& world, const char* name, const char* template_id, const char* values) {
  return Json::Object({{"id", world.seeded().Guid(name)},
                       {"displayName", name},
                       {"templateId", template_id},
                       {"values", Json::Raw(values)}});
}

void AddGroupSettings(World& world) {
  world.AddGraph(
      "/v1.0/groupSettings", "GroupSettings.Read.All",
      {Setting(
           world, "Password Rule Settings", "5cf42378-d67d-4f36-ba46-e8b86229381d",
           R"([{"name":"EnableBannedPasswordCheck","value":"True"},{"name":"BannedPasswordList","value":"aurelia"},)"
           R"({"name":"EnableBannedPasswordCheckOnPremises","value":"True"},)"
           R"({"name":"BannedPasswordCheckOnPremisesMode","value":"Enforce"},)"
           R"({"name":"LockoutThreshold","value":"10"},{"name":"LockoutDurationInSeconds","value":"60"}])"),
       Setting(world, "Group.Unified", "62375ab9-6b52-47ed-826b-58e47e0e304b",
               R"([{"name":"EnableGroupCreation","value":"false"}])")});
  world.AddGraph("/v1.0/groupLifecyclePolicies", "Directory.Read.All",
                 {Json::Object({{"id", world.seeded().Guid("group-lifecycle")},
                                {"groupLifetimeInDays", 365},
                                {"managedGroupTypes", "All"}})});
  const auto policy = [&world](const char* name, const char* definition) {
    return Json::Object({{"id", world.seeded().Guid(name)},
                         {"displayName", name},
                         {"isOrganizationDefault", true},
                         {"definition", Json::Texts({definition})}});
  };
  world.AddGraph("/v1.0/policies/activityBasedTimeoutPolicies", kPolicy,
                 {policy("Idle sign-out",
                         R"({"ActivityBasedTimeoutPolicy":{"Version":1,"ApplicationPolicies":)"
                         R"([{"ApplicationId":"default","WebSessionIdleTimeout":"01:00:00"}]}})")});
  world.AddGraph("/v1.0/policies/tokenLifetimePolicies", kPolicy, {});
}

}  // namespace

void AddSettings(World& world) {
  world.AddGraphSingle("/v1.0/policies/authenticationMethodsPolicy",
                       "Policy.Read.AuthenticationMethod", SignInMethods());
  AddConsent(world);
  AddPlaces(world);
  AddPartners(world);
  AddDeviceRegistration(world);
  AddGroupSettings(world);
}

}  // namespace assay::demo
