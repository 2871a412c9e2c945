// Azure: three subscriptions, policy assignments, definitions, exemptions and states, Defender for
// Cloud. Planted: plans off in one subscription, resources against policy, an exemption without
// end.
#include <fmt/format.h>

#include <array>

#include "demo/world.h"

namespace assay::demo {
namespace {

constexpr std::array<const char*, 3> kNames = {"Aurelia Production", "Aurelia Development",
                                               "Aurelia Shared Services"};
constexpr const char* kBenchmark =
    "/providers/Microsoft.Authorization/policySetDefinitions/1f3afdf9-d0c9-4c3d-847f-89da613e70a8";
constexpr const char* kLocations =
    "/providers/Microsoft.Authorization/policyDefinitions/e56962a6-4747-49cd-b67b-bf8b01975c4c";

std::string Scope(const World& world, size_t sub) {
  return "/subscriptions/" + world.subscriptions()[sub];
}

/// Lower-case name of a subscription as it stands in resource names.
constexpr std::array<const char*, 3> kShort = {"prod", "dev", "shared"};

std::string ResourceId(const World& world, size_t sub, const char* type, size_t i) {
  std::string_view tail = std::string_view(type).substr(std::string_view(type).rfind('/') + 1);
  return fmt::format("{}/resourceGroups/rg-{}-{}/providers/{}/{}{}{:02}", Scope(world, sub),
                     kShort[sub], i % 3 + 1, type, kShort[sub], tail.substr(0, 4), i);
}

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
  for (size_t i = 0; i < kNames.size(); ++i) {
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
  for (size_t sub = 0; sub < kNames.size(); ++sub) {
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

namespace {

constexpr std::array<const char*, 12> kPlans = {"VirtualMachines",
                                                "SqlServers",
                                                "AppServices",
                                                "StorageAccounts",
                                                "SqlServerVirtualMachines",
                                                "KeyVaults",
                                                "Arm",
                                                "OpenSourceRelationalDatabases",
                                                "CosmosDbs",
                                                "Containers",
                                                "CloudPosture",
                                                "Api"};

Json Pricing(const World& world, size_t sub, const char* plan) {
  std::string_view name = plan;
  bool off = sub == 1 || name == "Api";
  Json properties = Json::Object(
      {{"pricingTier", off ? "Free" : "Standard"}, {"freeTrialRemainingTime", "PT0S"}});
  if (!off && name == "VirtualMachines") properties.Set("subPlan", "P2");
  if (!off && name == "StorageAccounts") properties.Set("subPlan", "DefenderForStorageV2");
  if (!off) {
    properties.Set("enablementTime", world.seeded().Day(plan, -300));
    properties.Set("resourcesCoverageStatus", "FullyCovered");
    if (name == "VirtualMachines" || name == "CloudPosture") {
      properties.Set(
          "extensions",
          Json::Array({Json::Object({{"name", "AgentlessVmScanning"}, {"isEnabled", "True"}})}));
    } else if (name == "StorageAccounts") {
      properties.Set("extensions", Json::Array({Json::Object({{"name", "OnUploadMalwareScanning"},
                                                              {"isEnabled", "True"}})}));
    }
  }
  return Json::Object({{"id", Scope(world, sub) + "/providers/Microsoft.Security/pricings/" + plan},
                       {"name", plan},
                       {"type", "Microsoft.Security/pricings"},
                       {"properties", std::move(properties)}});
}

struct Advice {
  const char* key;
  const char* title;
  const char* severity;
};
constexpr std::array<Advice, 6> kAdvice = {
    {{"e1145ab1-eb4f-43d8-911b-36ddf771d13f", "Install updates on machines", "High"},
     {"1c5de8e1-f68d-6a17-e0d2-ec259c42768c", "Storage accounts accept encrypted transport only",
      "High"},
     {"d8326952-60bb-40fb-b33f-51e662708a88", "Key vaults keep deleted objects", "Medium"},
     {"eade5b56-eefd-444f-95c8-23f29e5d93cb", "Subnets have a security group", "Low"},
     {"151e82c5-5341-a74b-1eb0-bc38d2c84bb5", "Owners of subscriptions use a second factor",
      "High"},
     {"57e98606-6b1e-6193-0e3d-fe621387c16b", "Virtual machines encrypt temporary disks",
      "Medium"}}};

Json Assessment(const World& world, size_t sub, size_t i) {
  const Advice& advice = kAdvice[i % kAdvice.size()];
  std::string label = fmt::format("assessment/{}/{}", sub, i);
  std::string resource = ResourceId(world, sub, kRules[i % kRules.size()].type, i);
  bool healthy = i % 4 != 0 || i % kAdvice.size() == 0;
  Json status =
      Json::Object({{"code", healthy ? "Healthy" : "Unhealthy"},
                    {"firstEvaluationDate", world.seeded().Day(label + "/first", -200)},
                    {"statusChangeDate", world.seeded().Day(label, i % 8 == 0 ? -75 : -6)}});
  return Json::Object(
      {{"type", "Microsoft.Security/assessments"},
       {"id", resource + "/providers/Microsoft.Security/assessments/" + advice.key},
       {"name", advice.key},
       {"properties",
        Json::Object({{"resourceDetails", Json::Object({{"Source", "Azure"}, {"Id", resource}})},
                      {"displayName", advice.title},
                      {"status", std::move(status)},
                      {"metadata", Json::Object({{"displayName", advice.title},
                                                 {"assessmentType", "BuiltIn"},
                                                 {"description", "Shortened for the demo tenant."},
                                                 {"severity", advice.severity},
                                                 {"userImpact", "Low"},
                                                 {"implementationEffort", "Low"}})}})}});
}

}  // namespace

void AddDefender(World& world) {
  constexpr std::array<int, 3> kScore = {41, 17, 36};  // of 58
  for (size_t sub = 0; sub < kNames.size(); ++sub) {
    std::string base = Scope(world, sub) + "/providers/Microsoft.Security/";
    std::vector<Json> pricings, assessments;
    for (const char* plan : kPlans) pricings.push_back(Pricing(world, sub, plan));
    Resource& plans = world.AddArm(base + "pricings", std::move(pricings));
    plans.page = 100;  // the service does not page this list
    int score = kScore[sub];
    world.AddArm(
        base + "secureScores",
        {Json::Object(
            {{"id", base + "secureScores/ascScore"},
             {"name", "ascScore"},
             {"type", "Microsoft.Security/secureScores"},
             {"properties",
              Json::Object({{"displayName", "ASC score"},
                            {"score", Json::Object({{"max", 58},
                                                    {"current", score},
                                                    {"percentage", Json::Raw(fmt::format(
                                                                       "{:.4f}", score / 58.0))}})},
                            {"weight", 120}})}})});
    for (size_t i = 0; i < (sub == 0 ? 24u : 11u); ++i)
      assessments.push_back(Assessment(world, sub, i));
    Resource& list = world.AddArm(base + "assessments", std::move(assessments));
    // `metadata` sits inside properties; the service adds it only when asked, the demo always does.
    list.page = 8;
  }
}

}  // namespace assay::demo
