// Azure: three subscriptions, policy assignments, definitions, exemptions and states. Planted:
// resources against policy, one assignment that is not enforced, an exemption without end.
#include <fmt/format.h>

#include <array>

#include "demo/azure_ids.h"
#include "demo/world.h"

namespace assay::demo {
namespace {

constexpr std::array<const char*, kSubscriptions> kNames = {
    "Aurelia Production", "Aurelia Development", "Aurelia Shared Services"};
constexpr const char* kBenchmark =
    "/providers/Microsoft.Authorization/policySetDefinitions/1f3afdf9-d0c9-4c3d-847f-89da613e70a8";
constexpr const char* kLocations =
    "/providers/Microsoft.Authorization/policyDefinitions/e56962a6-4747-49cd-b67b-bf8b01975c4c";

Json Assignment(const World& world, size_t sub, const char* name, const char* title,
                std::string definition, bool enforced) {
  std::string scope = Scope(world, sub);
  return Json::Object(
      {{"id", scope + "/providers/Microsoft.Authorization/policyAssignments/" + name},
       {"type", "Microsoft.Authorization/policyAssignments"},
       {"name", name},
       {"location", "germanywestcentral"},
       {"properties",
        Json::Object({{"displayName", title},
                      {"policyDefinitionId", std::move(definition)},
                      {"scope", scope},
                      {"notScopes", Json::Array()},
                      {"parameters", Json::Object({})},
                      {"metadata", Json::Object({{"createdBy", world.people[4].id},
                                                 {"createdOn", world.seeded().Day(name, -250)},
                                                 {"updatedBy", nullptr},
                                                 {"updatedOn", nullptr}})},
                      {"enforcementMode", enforced ? "Default" : "DoNotEnforce"}})}});
}

std::string CustomDefinition(const World& world, size_t sub, const char* name) {
  return Scope(world, sub) + "/providers/Microsoft.Authorization/policyDefinitions/" + name;
}

Json Definition(const World& world, size_t sub, const char* name, const char* title,
                const char* effect) {
  Json rule = Json::Raw(fmt::format(
      R"({{"if":{{"field":"type","equals":"Microsoft.Storage/storageAccounts"}},"then":{{"effect":"{}"}}}})",
      effect));
  return Json::Object(
      {{"properties",
        Json::Object({{"displayName", title},
                      {"policyType", "Custom"},
                      {"mode", "Indexed"},
                      {"description", "Own rule of Aurelia Instruments."},
                      {"metadata", Json::Object({{"category", "Storage"}, {"version", "1.2.0"}})},
                      {"parameters", Json::Object({})},
                      {"policyRule", std::move(rule)}})},
       {"id", CustomDefinition(world, sub, name)},
       {"type", "Microsoft.Authorization/policyDefinitions"},
       {"name", name}});
}

Json Exemption(const World& world, size_t sub, const char* name, const char* title, Json expires,
               const char* why) {
  std::string base = Scope(world, sub) + "/providers/Microsoft.Authorization/";
  return Json::Object(
      {{"properties",
        Json::Object({{"policyAssignmentId", base + "policyAssignments/aurelia-benchmark"},
                      {"policyDefinitionReferenceIds", Json::Array()},
                      {"exemptionCategory", "Waiver"},
                      {"displayName", title},
                      {"description", why},
                      {"expiresOn", std::move(expires)}})},
       {"systemData",
        Json::Object({{"createdAt", world.seeded().Day(name, -190)}, {"createdByType", "User"}})},
       {"id", base + "policyExemptions/" + name},
       {"type", "Microsoft.Authorization/policyExemptions"},
       {"name", name}});
}

struct Rule {
  const char* definition;
  const char* reference;
  const char* type;
  const char* action;
};
constexpr std::array<Rule, 4> kRules = {
    {{"404c3081-a854-4457-ae30-26a93ef643f9", "secureTransferToStorageAccountMonitoring",
      "Microsoft.Storage/storageAccounts", "audit"},
     {"0b60c0b2-2dc2-4e1c-b5c9-abbed971de53",
      "keyVaultsShouldHavePurgeProtectionEnabledMonitoringEffect", "Microsoft.KeyVault/vaults",
      "audit"},
     {"f9d614c5-c173-4d56-95a7-b4437057d193", "functionAppsShouldUseTheLatestTlsVersion",
      "Microsoft.Web/sites", "auditifnotexists"},
     {"e71308d3-144b-4262-b144-efdc3cc90517", "networkSecurityGroupsOnSubnetsMonitoring",
      "Microsoft.Network/virtualNetworks", "auditifnotexists"}}};

Json State(const World& world, size_t sub, size_t i, const std::string& base) {
  const Rule& rule = kRules[i % kRules.size()];
  bool custom = i % 11 == 10;
  std::string definition =
      custom
          ? CustomDefinition(world, sub, "aurelia-no-public-blobs")
          : std::string("/providers/microsoft.authorization/policydefinitions/") + rule.definition;
  return Json::Object(
      {{"@odata.id", nullptr},
       {"@odata.context", base + "/$metadata#latest/$entity"},
       {"timestamp", world.seeded().Day("policy-states", 0)},
       {"resourceId", ResourceId(world, sub, custom ? kRules[0].type : rule.type, i)},
       {"policyAssignmentId", Scope(world, sub) +
                                  "/providers/microsoft.authorization/policyassignments/" +
                                  (custom ? "aurelia-own-rules" : "aurelia-benchmark")},
       {"policyDefinitionId", definition},
       {"policySetDefinitionId", custom ? "" : kBenchmark},
       {"policyDefinitionReferenceId", custom ? "" : rule.reference},
       {"policyDefinitionGroupNames", Json::Texts({})},
       {"policyDefinitionAction", custom ? "deny" : rule.action},
       {"resourceType", custom ? kRules[0].type : rule.type},
       {"resourceLocation", "germanywestcentral"},
       {"subscriptionId", world.subscriptions()[sub]},
       {"complianceState", i % 3 == 2 ? "Compliant" : "NonCompliant"}});
}

}  // namespace

void AddSubscriptions(World& world) {
  std::vector<Json> subscriptions;
  for (size_t i = 0; i < kSubscriptions; ++i) {
    const std::string& id = world.subscriptions()[i];
    subscriptions.push_back(Json::Object(
        {{"id", "/subscriptions/" + id},
         {"authorizationSource", "RoleBased"},
         {"managedByTenants", Json::Array()},
         {"subscriptionId", id},
         {"tenantId", world.tenant_id()},
         {"displayName", kNames[i]},
         {"state", "Enabled"},
         {"subscriptionPolicies", Json::Object({{"locationPlacementId", "Public_2014-09-01"},
                                                {"quotaId", "EnterpriseAgreement_2014-09-01"},
                                                {"spendingLimit", "Off"}})}}));
    // What assay's own identity may do here: the Reader role and nothing else.
    world.AddArm(Scope(world, i) + "/providers/Microsoft.Authorization/permissions",
                 {Json::Object({{"actions", Json::Texts({"*/read"})},
                                {"notActions", Json::Array()},
                                {"dataActions", Json::Array()},
                                {"notDataActions", Json::Array()}})});
  }
  world.AddArm("/subscriptions", std::move(subscriptions)).page = 2;
}

void AddAzurePolicy(World& world) {
  for (size_t sub = 0; sub < kSubscriptions; ++sub) {
    std::string own = CustomDefinition(world, sub, "aurelia-no-public-blobs");
    std::string base = Scope(world, sub) + "/providers/";
    std::vector<Json> assignments = {
        Assignment(world, sub, "aurelia-benchmark", "Cloud security benchmark", kBenchmark, true),
        Assignment(world, sub, "aurelia-own-rules", "No public blobs", own, sub != 1)};
    assignments.push_back(
        Assignment(world, sub, "aurelia-regions", "Regions in the EU only", kLocations, true));
    world.AddArm(base + "Microsoft.Authorization/policyAssignments", std::move(assignments)).page =
        2;
    world.AddArm(
        base + "Microsoft.Authorization/policyDefinitions",
        {Definition(world, sub, "aurelia-no-public-blobs", "No public blobs", "deny"),
         Definition(world, sub, "aurelia-cost-centre", "Cost centre tag is set", "audit")});
    std::vector<Json> exemptions;
    if (sub == 0) {
      exemptions = {
          Exemption(world, sub, "legacy-portal", "Old portal until migration",
                    world.seeded().At(60),
                    "The old portal is replaced in the spring; risk accepted by the CISO."),
          Exemption(world, sub, "test-rig", "Test rig", nullptr,
                    "The rig is cut off from every other network and holds no customer data.")};
    }
    world.AddArm(base + "Microsoft.Authorization/policyExemptions", std::move(exemptions));
    std::vector<Json> states;
    constexpr std::array<size_t, 3> kCount = {34, 17, 9};
    for (size_t i = 0; i < kCount[sub]; ++i)
      states.push_back(State(world, sub, i, base + "Microsoft.PolicyInsights/policyStates"));
    Resource& results = world.AddArm(
        base + "Microsoft.PolicyInsights/policyStates/latest/queryResults", std::move(states));
    results.read_post = true;
    results.context = base + "Microsoft.PolicyInsights/policyStates/$metadata#latest";
  }
}

}  // namespace assay::demo
