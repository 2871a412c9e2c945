// Logs of Azure and of the directory, where they go and who is told. Planted: Development exports
// nothing and alerts nobody, a role was given past PIM, an old protocol signed in.
#include <fmt/format.h>

#include <array>

#include "demo/azure_ids.h"
#include "demo/world.h"

namespace assay::demo {
namespace {

constexpr const char* kInsights = "/providers/Microsoft.Insights/";

Json Named(const char* value) {
  return Json::Object({{"value", value}, {"localizedValue", value}});
}

Json Event(const World& world, const std::string& scope, const char* operation, int hours) {
  const std::string label = fmt::format("event/{}/{}/{}", scope, operation, hours);
  return Json::Object(
      {{"eventDataId", world.seeded().Guid(label)},
       {"eventTimestamp", Seconds(world.seeded().now() - std::chrono::hours(hours))},
       {"operationName", Named(operation)},
       {"level", "Informational"},
       {"status", Named("Succeeded")},
       {"caller", world.people[3].upn},
       {"authorization", Json::Object({{"action", operation}, {"scope", scope}})},
       {"resourceId", scope},
       {"correlationId", world.seeded().Guid(label + "/correlation")}});
}

Json Logs(const std::vector<std::string>& categories) {
  std::vector<Json> out;
  for (const std::string& one : categories)
    out.push_back(Json::Object({{"category", one}, {"categoryGroup", nullptr}, {"enabled", true}}));
  return Json::Array(std::move(out));
}

std::string Workspace(const World& world) {
  return ResourceId(world, 2, "Microsoft.OperationalInsights/workspaces", 1);
}

Json Setting(const World& world, const char* name, const std::vector<std::string>& categories) {
  return Json::Object({{"id", std::string("settings/") + name},
                       {"name", name},
                       {"properties", Json::Object({{"logs", Logs(categories)},
                                                    {"workspaceId", Workspace(world)},
                                                    {"storageAccountId", nullptr}})}});
}

constexpr std::array<const char*, 11> kWatched = {
    "Microsoft.Authorization/policyAssignments/write",
    "Microsoft.Authorization/policyAssignments/delete",
    "Microsoft.Network/networkSecurityGroups/write",
    "Microsoft.Network/networkSecurityGroups/delete",
    "Microsoft.Security/securitySolutions/write",
    "Microsoft.Security/securitySolutions/delete",
    "Microsoft.Sql/servers/firewallRules/write",
    "Microsoft.Sql/servers/firewallRules/delete",
    "Microsoft.Network/publicIPAddresses/write",
    "Microsoft.Network/publicIPAddresses/delete",
    "Microsoft.Authorization/roleAssignments/write"};

Json Watch(const World& world, size_t sub, const char* field, const char* value,
           const std::string& group) {
  const std::string name = fmt::format("watch-{}", value);
  return Json::Object(
      {{"id", ResourceId(world, sub, "Microsoft.Insights/activityLogAlerts",
                         world.seeded().Below(name, 1000))},
       {"name", name},
       {"properties",
        Json::Object(
            {{"enabled", true},
             {"scopes", Json::Texts({Scope(world, sub)})},
             {"condition", Json::Object({{"allOf", Json::Array({Json::Object(
                                                       {{"field", field}, {"equals", value}})})}})},
             {"actions", Json::Object({{"actionGroups", Json::Array({Json::Object(
                                                            {{"actionGroupId", group}})})}})}})}});
}

void AddAlerts(World& world, size_t sub) {
  const std::string base = Scope(world, sub) + kInsights;
  const std::string group = ResourceId(world, sub, "Microsoft.Insights/actionGroups", 1);
  std::vector<Json> alerts;
  for (const char* operation : kWatched)
    if (sub != 1) alerts.push_back(Watch(world, sub, "operationName", operation, group));
  if (sub == 0) alerts.push_back(Watch(world, sub, "category", "ServiceHealth", group));
  world.AddArm(base + "activityLogAlerts", std::move(alerts));
  Json receiver = Json::Object(
      {{"name", "soc"}, {"emailAddress", "soc@aurelia.example"}, {"status", "Enabled"}});
  Json properties = Json::Object({{"groupShortName", "soc"}, {"enabled", true}});
  properties.Set("emailReceivers", sub == 1 ? Json::Array() : Json::Array({std::move(receiver)}));
  world.AddArm(base + "actionGroups",
               {Json::Object({{"id", group}, {"name", "soc"}, {"properties", properties}})});
}

Json Audit(const World& world, const char* id, const char* activity, const char* category,
           const char* service, int hours) {
  return Json::Object(
      {{"id", id},
       {"activityDateTime", Seconds(world.seeded().now() - std::chrono::hours(hours))},
       {"activityDisplayName", activity},
       {"category", category},
       {"operationType", "Add"},
       {"result", "success"},
       {"loggedByService", service},
       {"initiatedBy",
        Json::Object({{"user", Json::Object({{"id", world.people[0].id},
                                             {"userPrincipalName", world.people[0].upn}})},
                      {"app", nullptr}})},
       {"targetResources",
        Json::Array({Json::Object({{"id", world.people[40].id}, {"type", "User"}})})}});
}

Json SignIn(const World& world, size_t n, const char* client, const char* requirement) {
  const Person& person = world.people[n % 100];
  return Json::Object(
      {{"id", world.seeded().Guid(fmt::format("signin/{}", n))},
       {"createdDateTime",
        Seconds(world.seeded().now() - std::chrono::hours(3 + static_cast<int>(n) * 2))},
       {"userId", person.id},
       {"userPrincipalName", person.upn},
       {"appId", world.seeded().Guid("app/portal")},
       {"appDisplayName", "Intranet"},
       {"clientAppUsed", client},
       {"conditionalAccessStatus", "success"},
       {"isInteractive", true},
       {"riskLevelDuringSignIn", "none"},
       {"riskState", "none"},
       {"authenticationRequirement", requirement},
       {"resourceDisplayName", "Intranet"},
       {"status", Json::Object({{"errorCode", 0}})},
       {"deviceDetail", Json::Object({{"isCompliant", n % 3 != 0}, {"isManaged", true}})},
       {"location", Json::Object({{"countryOrRegion", "DE"}})}});
}

/// Where the logs of a resource go. Development exports nothing.
void AddResourceLogs(World& world, size_t sub) {
  const auto add = [&](const std::string& resource, const std::vector<std::string>& categories) {
    std::vector<Json> settings;
    if (sub != 1) settings = {Setting(world, "to-workspace", categories)};
    world.AddArm(resource + kInsights + "diagnosticSettings", std::move(settings));
  };
  add(ResourceId(world, sub, "Microsoft.KeyVault/vaults", 1), {"AuditEvent"});
  add(ResourceId(world, sub, "Microsoft.Storage/storageAccounts", 0) + "/blobServices/default",
      {"StorageRead", "StorageWrite", "StorageDelete"});
  add(ResourceId(world, sub, "Microsoft.Network/networkSecurityGroups", 0),
      {"NetworkSecurityGroupEvent", "NetworkSecurityGroupRuleCounter"});
  add(ResourceId(world, sub, "Microsoft.Sql/servers", 0), {"SQLSecurityAuditEvents"});
}

void AddDirectoryLogs(World& world) {
  constexpr const char* kAudit = "AuditLog.Read.All";
  world.AddGraph(
      "/v1.0/auditLogs/directoryAudits", kAudit,
      {Audit(world, "Directory_A1", "Add member to role", "RoleManagement", "PIM", 20),
       Audit(world, "Directory_A2", "Add member to role", "RoleManagement", "Core Directory", 70),
       Audit(world, "Directory_A3", "Update user", "UserManagement", "Core Directory", 100)});
  std::vector<Json> sign_ins;
  for (size_t n = 0; n < 30; ++n)
    sign_ins.push_back(
        SignIn(world, n, n == 7 ? "IMAP4" : "Browser",
               n % 6 == 1 ? "singleFactorAuthentication" : "multiFactorAuthentication"));
  world.AddGraph("/v1.0/auditLogs/signIns", kAudit, std::move(sign_ins));
  world.AddGraph("/v1.0/auditLogs/provisioning", "ProvisioningLog.Read.All", {});
}

}  // namespace

void AddLogs(World& world) {
  for (size_t sub = 0; sub < kSubscriptions; ++sub) {
    const std::string base = Scope(world, sub) + kInsights;
    std::vector<Json> events;
    for (int i = 0; i < 40; ++i)
      events.push_back(Event(
          world,
          ResourceId(world, sub, "Microsoft.Storage/storageAccounts", static_cast<size_t>(i) % 4),
          "Microsoft.Storage/storageAccounts/write", 2 + i * 4));
    world.AddArm(base + "eventtypes/management/values", std::move(events));
    std::vector<Json> settings;
    if (sub != 1)
      settings = {
          Setting(world, "to-workspace", {"Administrative", "Security", "Alert", "Policy"})};
    world.AddArm(base + "diagnosticSettings", std::move(settings));
    AddAlerts(world, sub);
    AddResourceLogs(world, sub);
  }
  world.AddArm(std::string(kInsights) + "eventtypes/management/values",
               {Event(world, "/providers/Microsoft.Authorization",
                      "Microsoft.Authorization/roleAssignments/write", 30)});
  world.AddArm("/providers/microsoft.aadiam/diagnosticSettings",
               {Setting(world, "entra", {"AuditLogs", "SignInLogs"})});
  AddDirectoryLogs(world);
}

}  // namespace assay::demo
