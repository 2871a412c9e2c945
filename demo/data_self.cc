// The demo's own application as its directory and Azure know it: granted are the permissions that
// the token shows, all of them reads, and the role Reader.
#include "demo/token.h"
#include "demo/world.h"

namespace assay::demo {
namespace {

constexpr const char* kReadApplications = "Application.Read.All";
constexpr const char* kReaderRole = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

std::string RoleId(const World& world, const std::string& name) {
  return world.seeded().Guid("app-role/" + name);
}

Json AppRole(const World& world, const std::string& name) {
  return Json::Object({{"allowedMemberTypes", Json::Texts({"Application"})},
                       {"description", "Allows the app to read."},
                       {"displayName", name},
                       {"id", RoleId(world, name)},
                       {"isEnabled", true},
                       {"origin", "Application"},
                       {"value", name}});
}

Json Assignment(const World& world, const std::string& graph, const std::string& name) {
  return Json::Object({{"id", world.seeded().Guid("granted/" + name)},
                       {"deletedDateTime", nullptr},
                       {"appRoleId", RoleId(world, name)},
                       {"createdDateTime", world.seeded().Day("granted", 0)},
                       {"principalDisplayName", "assay evidence reader"},
                       {"principalId", world.principal_id()},
                       {"principalType", "ServicePrincipal"},
                       {"resourceDisplayName", "Microsoft Graph"},
                       {"resourceId", graph}});
}

}  // namespace

void AddSelf(World& world) {
  const std::string graph = world.seeded().Guid("sp/graph"), self = world.principal_id();
  std::vector<Json> roles, granted;
  for (const std::string& name : AllReadRoles()) roles.push_back(AppRole(world, name));
  std::vector<Json> offered = roles;  // the reads and two that planted applications hold
  for (const char* name : {"Application.ReadWrite.All", "Mail.Read"})
    offered.push_back(AppRole(world, name));
  AddServicePrincipals(world, offered);
  for (const std::string& name : DefaultRoles(world))
    granted.push_back(Assignment(world, graph, name));
  world.AddGraphSingle("/v1.0/servicePrincipals/" + graph, kReadApplications,
                       Json::Object({{"id", graph},
                                     {"appId", "00000003-0000-0000-c000-000000000000"},
                                     {"displayName", "Microsoft Graph"},
                                     {"appRoles", Json::Array(std::move(roles))}}));
  world.AddGraph("/v1.0/servicePrincipals/" + self + "/appRoleAssignments", kReadApplications,
                 std::move(granted));
  for (size_t sub = 0; sub < world.subscriptions().size(); ++sub) {
    const std::string& subscription = world.subscriptions()[sub];
    const std::string scope = "/subscriptions/" + subscription;
    const std::string base = scope + "/providers/Microsoft.Authorization/";
    const std::string id = world.seeded().Guid("reader/" + subscription);
    std::vector<Json> assignments = AzureRoles(world, sub);
    assignments.push_back(Json::Object(
        {{"id", base + "roleAssignments/" + id},
         {"name", id},
         {"type", "Microsoft.Authorization/roleAssignments"},
         {"properties", Json::Object({{"roleDefinitionId", base + "roleDefinitions/" + kReaderRole},
                                      {"principalId", self},
                                      {"principalType", "ServicePrincipal"},
                                      {"scope", scope}})}}));
    world.AddArm(base + "roleAssignments", std::move(assignments));
  }
}

}  // namespace assay::demo
