// Azure beside policy: management groups, roles, locks, what policy sums up. Planted: one owner
// alone in Shared Services, a guest who may change everything in Development, an application that
// owns it, a custom role that allows everything, a remediation that failed.
#include <fmt/format.h>

#include "demo/azure_ids.h"
#include "demo/world.h"

namespace assay::demo {
namespace {

constexpr const char* kOwner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
constexpr const char* kContributor = "b24988ac-6180-42a0-ab88-20f7382dd24c";
constexpr const char* kReader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

std::string Authorization(const World& world, size_t sub) {
  return Scope(world, sub) + "/providers/Microsoft.Authorization/";
}

Json Role(const World& world, size_t sub, const std::string& label, const char* role,
          const std::string& principal, const char* type, const std::string& scope) {
  const std::string id = world.seeded().Guid(fmt::format("azure-role/{}/{}", sub, label));
  return Json::Object(
      {{"id", Authorization(world, sub) + "roleAssignments/" + id},
       {"name", id},
       {"type", "Microsoft.Authorization/roleAssignments"},
       {"properties",
        Json::Object({{"roleDefinitionId", Authorization(world, sub) + "roleDefinitions/" + role},
                      {"principalId", principal},
                      {"principalType", type},
                      {"scope", scope},
                      {"condition", nullptr},
                      {"createdOn", world.seeded().Day("azure-role/" + label, -400)}})}});
}

/// An activated and a standing assignment, as privileged identity management lists them.
Json Instance(const World& world, size_t sub, const char* kind, const char* type, Json ends) {
  const std::string id = world.seeded().Guid(fmt::format("azure-pim/{}/{}/{}", sub, kind, type));
  return Json::Object(
      {{"id", Authorization(world, sub) + kind + "/" + id},
       {"name", id},
       {"properties",
        Json::Object({{"roleDefinitionId", Authorization(world, sub) + "roleDefinitions/" + kOwner},
                      {"principalId", world.people[sub].id},
                      {"principalType", "User"},
                      {"scope", Scope(world, sub)},
                      {"assignmentType", type},
                      {"memberType", "Direct"},
                      {"startDateTime", world.seeded().Day("azure-pim", -30)},
                      {"endDateTime", std::move(ends)}})}});
}

Json CustomRole(const World& world, size_t sub, const char* name, const char* action) {
  const std::string id = world.seeded().Guid(fmt::format("custom-role/{}/{}", sub, name));
  return Json::Object(
      {{"id", Authorization(world, sub) + "roleDefinitions/" + id},
       {"name", id},
       {"properties",
        Json::Object(
            {{"roleName", name},
             {"type", "CustomRole"},
             {"assignableScopes", Json::Texts({Scope(world, sub)})},
             {"permissions", Json::Array({Json::Object({{"actions", Json::Texts({action})},
                                                        {"notActions", Json::Array()},
                                                        {"dataActions", Json::Array()},
                                                        {"notDataActions", Json::Array()}})})}})}});
}

void AddHierarchy(World& world) {
  const std::string base = "/providers/Microsoft.Management/managementGroups";
  std::vector<Json> groups;
  for (const auto& [name, title] : {std::pair<std::string, const char*>(world.tenant_id(), "Root"),
                                    {"aurelia", "Aurelia Instruments"}})
    groups.push_back(Json::Object(
        {{"id", base + "/" + name},
         {"type", "Microsoft.Management/managementGroups"},
         {"name", name},
         {"properties", Json::Object({{"tenantId", world.tenant_id()}, {"displayName", title}})}}));
  world.AddArm(base, std::move(groups));
  world.AddArmSingle(
      base + "/" + world.tenant_id() + "/settings/default",
      Json::Object(
          {{"id", base + "/" + world.tenant_id() + "/settings/default"},
           {"type", "Microsoft.Management/managementGroups/settings"},
           {"name", "default"},
           {"properties", Json::Object({{"tenantId", world.tenant_id()},
                                        {"requireAuthorizationForGroupCreation", true}})}}));
  world.AddArm("/providers/Microsoft.Authorization/roleAssignments", {});
}

void AddPolicySums(World& world, size_t sub) {
  const std::string base = Scope(world, sub) + "/providers/Microsoft.PolicyInsights/";
  const auto count = [](const char* state, int n) {
    return Json::Object({{"complianceState", state}, {"count", n}});
  };
  world
      .AddArm(base + "policyStates/latest/summarize",
              {Json::Object(
                  {{"results",
                    Json::Object({{"nonCompliantResources", sub == 1 ? 12 : 4},
                                  {"nonCompliantPolicies", 3},
                                  {"resourceDetails",
                                   Json::Array({count("compliant", 88),
                                                count("noncompliant", sub == 1 ? 12 : 4)})}})},
                   {"policyAssignments", Json::Array()}})})
      .read_post = true;
  std::vector<Json> tasks;
  if (sub == 1)
    tasks.push_back(Json::Object(
        {{"id", base + "remediations/tags-2"},
         {"name", "tags-2"},
         {"properties",
          Json::Object({{"policyAssignmentId",
                         Authorization(world, sub) + "policyAssignments/aurelia-own-rules"},
                        {"provisioningState", "Failed"},
                        {"createdOn", world.seeded().Day("remediation", -20)}})}}));
  world.AddArm(base + "remediations", std::move(tasks));
  world.AddArm(base + "attestations", {});
  const std::string sets = "/providers/Microsoft.Authorization/policySetDefinitions/";
  const std::string benchmark = "1f3afdf9-d0c9-4c3d-847f-89da613e70a8";
  world.AddArm(Authorization(world, sub) + "policySetDefinitions",
               {Json::Object({{"id", sets + benchmark},
                              {"name", benchmark},
                              {"properties",
                               Json::Object({{"displayName", "Cloud security benchmark"},
                                             {"policyType", "BuiltIn"},
                                             {"metadata", Json::Object({{"version", "57.2.0"}})},
                                             {"policyDefinitions", Json::Array()}})}})});
}

}  // namespace

std::vector<Json> AzureRoles(const World& world, size_t sub) {
  const std::string scope = Scope(world, sub);
  std::vector<Json> out = {Role(world, sub, "owner-1", kOwner, world.people[0].id, "User", scope),
                           Role(world, sub, "readers", kReader, world.people[6].id, "User", scope)};
  if (sub != 2)
    out.push_back(Role(world, sub, "owner-2", kOwner, world.people[1].id, "User", scope));
  if (sub != 1) return out;
  for (const Person& person : world.people)
    if (person.guest) {
      out.push_back(Role(world, sub, "guest", kContributor, person.id, "User", scope));
      break;
    }
  out.push_back(Role(world, sub, "pipeline", kOwner, world.seeded().Guid("sp/pipeline"),
                     "ServicePrincipal", scope));
  return out;
}

void AddAzureAccess(World& world) {
  AddHierarchy(world);
  for (size_t sub = 0; sub < kSubscriptions; ++sub) {
    const std::string base = Authorization(world, sub);
    AddPolicySums(world, sub);
    std::vector<Json> roles = {CustomRole(world, sub, "Machine operator",
                                          "Microsoft.Compute/virtualMachines/start/action")};
    if (sub == 1) roles.push_back(CustomRole(world, sub, "Developer plus", "*"));
    world.AddArm(base + "roleDefinitions", std::move(roles));
    world.AddArm(base + "roleAssignmentScheduleInstances",
                 {Instance(world, sub, "roleAssignmentScheduleInstances",
                           sub == 0 ? "Activated" : "Assigned",
                           sub == 2 ? Json(world.seeded().At(90)) : Json(nullptr))});
    world.AddArm(base + "roleEligibilityScheduleInstances",
                 {Instance(world, sub, "roleEligibilityScheduleInstances", "Eligible",
                           world.seeded().At(180))});
    std::vector<Json> locks;
    if (sub == 0) {
      const std::string id = base + "locks/keep";
      locks.push_back(Json::Object(
          {{"id", id},
           {"name", "keep"},
           {"type", "Microsoft.Authorization/locks"},
           {"properties", Json::Object({{"level", "CanNotDelete"}, {"notes", "Production"}})}}));
    }
    world.AddArm(base + "locks", std::move(locks));
  }
}

}  // namespace assay::demo
