// Service principals with what they may do, devices of the directory, federated credentials.
// Planted: an application of another company that reads mail, one that could take the tenant over
// and is owned by an ordinary user, a consent for everybody, a pull request that may sign in.
#include <fmt/format.h>

#include "demo/token.h"
#include "demo/world.h"

namespace assay::demo {
namespace {

constexpr const char* kReadApplications = "Application.Read.All";
constexpr const char* kVendor = "Mail Archive Cloud";
constexpr const char* kTakesOver = "Application.ReadWrite.All";

std::string TextAt(const Json& item, std::string_view name) {
  const Json* found = item.Find(name);
  return found == nullptr ? std::string() : found->text();
}

struct Principal {
  std::string id, app_id, name, owner_tenant;
  const char* kind = "Application";
};

Json ServicePrincipal(const World& world, const Principal& principal, Json roles = Json::Array()) {
  return Json::Object({{"id", principal.id},
                       {"appId", principal.app_id},
                       {"displayName", principal.name},
                       {"accountEnabled", true},
                       {"servicePrincipalType", principal.kind},
                       {"appOwnerOrganizationId",
                        principal.owner_tenant.empty() ? Json() : Json(principal.owner_tenant)},
                       {"appRoleAssignmentRequired", false},
                       {"createdDateTime", world.seeded().Day("sp/" + principal.name, -300)},
                       {"passwordCredentials", Json::Array()},
                       {"keyCredentials", Json::Array()},
                       {"signInAudience", "AzureADMyOrg"},
                       {"tags", Json::Texts({"WindowsAzureActiveDirectoryIntegratedApp"})},
                       {"verifiedPublisher", Json::Object({{"displayName", nullptr},
                                                           {"verifiedPublisherId", nullptr},
                                                           {"addedDateTime", nullptr}})},
                       {"preferredSingleSignOnMode", nullptr},
                       {"appRoles", std::move(roles)},
                       {"oauth2PermissionScopes", Json::Array()}});
}

std::string OwnId(const World& world, const Json& application) {
  const std::string app_id = TextAt(application, "appId");
  return app_id == world.client_id() ? world.principal_id() : world.seeded().Guid("sp/" + app_id);
}

Json Granted(const World& world, const std::string& graph, const Principal& principal,
             const std::string& permission) {
  const Seeded& seeded = world.seeded();
  return Json::Object({{"id", seeded.Guid("granted/" + principal.id + permission)},
                       {"deletedDateTime", nullptr},
                       {"appRoleId", seeded.Guid("app-role/" + permission)},
                       {"createdDateTime", seeded.Day("granted/" + principal.id, -100)},
                       {"principalDisplayName", principal.name},
                       {"principalId", principal.id},
                       {"principalType", "ServicePrincipal"},
                       {"resourceDisplayName", "Microsoft Graph"},
                       {"resourceId", graph}});
}

Json Consent(const World& world, const std::string& client, const std::string& graph,
             const char* scope) {
  return Json::Object({{"id", world.seeded().Guid("consent/" + client)},
                       {"clientId", client},
                       {"consentType", "AllPrincipals"},
                       {"principalId", nullptr},
                       {"resourceId", graph},
                       {"scope", scope}});
}

/// What a pull request may sign in with; only one application trusts any.
void AddFederation(World& world, const Json& application) {
  std::vector<Json> credentials;
  const std::string name = TextAt(application, "displayName");
  if (name == "Firmware Signer" || name == "Metrology Dashboard") {
    const bool any = name == "Firmware Signer";
    credentials.push_back(
        Json::Object({{"id", world.seeded().Guid("federated/" + name)},
                      {"name", any ? "from-pull-requests" : "production"},
                      {"issuer", "https://ci.aurelia.example"},
                      {"subject", any ? "repo:aurelia/firmware:pull_request"
                                      : "repo:aurelia/dashboard:environment:production"},
                      {"description", nullptr},
                      {"audiences", Json::Texts({"api://AzureADTokenExchange"})},
                      {"claimsMatchingExpression", nullptr}}));
  }
  world.AddGraph(
      "/v1.0/applications/" + TextAt(application, "id") + "/federatedIdentityCredentials",
      kReadApplications, std::move(credentials));
}

Json Device(const World& world, size_t i) {
  const Seeded& seeded = world.seeded();
  const std::string label = fmt::format("directory-device/{}", i);
  const bool phone = i % 4 == 3, stale = i % 16 == 5;
  return Json::Object(
      {{"id", seeded.Guid(label)},
       {"deviceId", seeded.Guid(label + "/device")},
       {"displayName", phone ? fmt::format("AUR-PHONE-{:03}", i) : fmt::format("AUR-LT-{:03}", i)},
       {"accountEnabled", true},
       {"approximateLastSignInDateTime",
        seeded.Day(label, stale ? -260 : -static_cast<int>(seeded.Below(label + "/idle", 40)))},
       {"isCompliant", !stale},
       {"isManaged", true},
       {"operatingSystem", phone ? "iOS" : "Windows"},
       {"operatingSystemVersion", phone ? "18.5" : "10.0.26100.4351"},
       {"trustType", phone ? "Workplace" : "AzureAd"},
       {"registrationDateTime", seeded.Day(label + "/registered", -500)}});
}

}  // namespace

void AddDevices(World& world) {
  std::vector<Json> devices;
  for (size_t i = 0; i < 48; ++i) devices.push_back(Device(world, i));
  world.AddGraph("/v1.0/devices", "Device.Read.All", std::move(devices)).page = 20;
}

void AddServicePrincipals(World& world, const std::vector<Json>& app_roles) {
  const std::string graph = world.seeded().Guid("sp/graph");
  std::vector<Json> principals = {
      ServicePrincipal(world,
                       {graph, "00000003-0000-0000-c000-000000000000", "Microsoft Graph",
                        "f8cdef31-a31e-4b4a-93e4-5f571e91255a"},
                       Json::Array(app_roles))};
  std::vector<Json> granted, consents;
  const Principal vendor = {world.seeded().Guid("sp/vendor"), world.seeded().Guid("app/vendor"),
                            kVendor, world.seeded().Guid("tenant/vendor")};
  const std::vector<Json> applications =
      world.Find(Host::kGraph, "/v1.0/applications")->items;  // a copy: more paths are added below
  for (const Json& application : applications) {
    const Principal own = {OwnId(world, application), TextAt(application, "appId"),
                           TextAt(application, "displayName"), world.tenant_id()};
    principals.push_back(ServicePrincipal(world, own));
    AddFederation(world, application);
    if (own.name == "Backup Orchestrator") {
      granted.push_back(Granted(world, graph, own, kTakesOver));
      world.AddGraph(
          "/v1.0/servicePrincipals/" + own.id + "/owners", kReadApplications,
          {Json::Object({{"@odata.type", "#microsoft.graph.user"}, {"id", world.people[30].id}})});
    }
    if (own.name == "Press Review") consents.push_back(Consent(world, own.id, graph, " Mail.Read"));
    if (own.name == "Docs Search")
      consents.push_back(Consent(world, own.id, graph, " openid User.Read"));
    if (own.id == world.principal_id())
      for (const std::string& name : DefaultRoles(world))
        granted.push_back(Granted(world, graph, own, name));
  }
  principals.push_back(ServicePrincipal(world, vendor));
  granted.push_back(Granted(world, graph, vendor, "Mail.Read"));
  world.AddGraph("/v1.0/servicePrincipals", kReadApplications, std::move(principals)).page = 6;
  world
      .AddGraph("/v1.0/servicePrincipals/" + graph + "/appRoleAssignedTo", kReadApplications,
                std::move(granted))
      .page = 20;
  world.AddGraph("/v1.0/oauth2PermissionGrants", "Directory.Read.All", std::move(consents));
}

}  // namespace assay::demo
