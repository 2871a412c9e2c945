// What the demo tenant holds: counts, planted failures, and that nobody real is in it.
#include "demo/world.h"

#include <set>

#include "demo_client.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::demo;

namespace {

std::string ArmPath(const DemoTenant& tenant, size_t sub, const std::string& tail) {
  return "/subscriptions/" + tenant.world().subscriptions()[sub] + "/providers/" + tail +
         "?api-version=2023-04-01";
}

/// What stands after "@" or "://" as far as it looks like a host name.
std::vector<std::string> Addresses(const std::string& text) {
  std::vector<std::string> names;
  for (size_t i = 0; i < text.size(); ++i) {
    bool begins = text[i] == '@' || (i >= 2 && text.compare(i - 2, 3, "://") == 0);
    if (!begins) continue;
    size_t end = i + 1;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) ||
                                 text[end] == '.' || text[end] == '-'))
      ++end;
    if (end > i + 1) names.push_back(text.substr(i + 1, end - i - 1));
  }
  return names;
}

size_t CountWhere(const std::vector<std::string>& items, const std::string& pointer,
                  const std::string& value) {
  return static_cast<size_t>(std::count_if(items.begin(), items.end(),
                                           [&](auto& item) { return At(item, pointer) == value; }));
}

}  // namespace

TEST_CASE("World: Holds at least 214 objects of the kinds that checks look at") {
  DemoTenant tenant = MakeTenant();
  auto users = AllItems(tenant, Host::kGraph, "/v1.0/users");
  auto devices = AllItems(tenant, Host::kGraph, "/v1.0/deviceManagement/managedDevices");
  auto apps = AllItems(tenant, Host::kGraph, "/v1.0/applications");
  auto policies = AllItems(tenant, Host::kGraph, "/v1.0/identity/conditionalAccess/policies");
  auto subscriptions = AllItems(tenant, Host::kArm, "/subscriptions?api-version=2022-12-01");
  CHECK(users.size() == 120);
  CHECK(CountWhere(users, "/userType", "Guest") == 16);
  CHECK(devices.size() == 48);
  CHECK(apps.size() == 14);
  CHECK(policies.size() == 9);
  CHECK(subscriptions.size() == 3);
  size_t azure = 0;
  for (size_t sub = 0; sub < 3; ++sub) {
    for (const char* tail :
         {"Microsoft.Authorization/policyAssignments", "Microsoft.Authorization/policyDefinitions",
          "Microsoft.Authorization/policyExemptions"}) {
      azure += AllItems(tenant, Host::kArm, ArmPath(tenant, sub, tail)).size();
    }
  }
  CHECK(users.size() + devices.size() + apps.size() + policies.size() + subscriptions.size() +
            azure >=
        208);
}

TEST_CASE("World: Two of nine administrators have no second factor") {
  DemoTenant tenant = MakeTenant();
  auto details =
      AllItems(tenant, Host::kGraph, "/v1.0/reports/authenticationMethods/userRegistrationDetails");
  size_t admins = 0, without = 0;
  for (const std::string& detail : details) {
    if (At(detail, "/isAdmin") != "true") continue;
    ++admins;
    if (At(detail, "/isMfaRegistered") == "false") ++without;
  }
  CHECK(admins == 9);
  CHECK(without == 2);
  auto held = AllItems(tenant, Host::kGraph, "/v1.0/roleManagement/directory/roleAssignments");
  CHECK(CountWhere(held, "/roleDefinitionId", "62e90394-69f5-4237-9190-012177145e10") == 3);
  CHECK(held.size() == 12);
}

TEST_CASE("World: Plants one failure of every kind") {
  DemoTenant tenant = MakeTenant();
  auto devices = AllItems(tenant, Host::kGraph, "/v1.0/deviceManagement/managedDevices");
  CHECK(CountWhere(devices, "/complianceState", "noncompliant") == 3);
  CHECK(CountWhere(devices, "/isEncrypted", "false") == 2);
  auto apps = AllItems(tenant, Host::kGraph, "/v1.0/applications");
  CHECK(std::count_if(apps.begin(), apps.end(), [](auto& app) {
          std::string end = At(app, "/passwordCredentials/0/endDateTime");
          return !end.empty() && end < "2026-11-02";
        }) == 1);
  auto policies = AllItems(tenant, Host::kGraph, "/v1.0/identity/conditionalAccess/policies");
  CHECK(CountWhere(policies, "/state", "enabledForReportingButNotEnforced") == 1);
  CHECK(At(Ask(tenant, Host::kGraph, "/v1.0/policies/authorizationPolicy").body,
           "/allowInvitesFrom") == "everyone");
  auto off = AllItems(tenant, Host::kArm, ArmPath(tenant, 1, "Microsoft.Security/pricings"));
  auto on = AllItems(tenant, Host::kArm, ArmPath(tenant, 0, "Microsoft.Security/pricings"));
  CHECK(CountWhere(off, "/properties/pricingTier", "Standard") == 0);
  CHECK(CountWhere(on, "/properties/pricingTier", "Standard") == 11);
}

TEST_CASE("World: Stale guests are planted and others are fresh") {
  DemoTenant tenant = MakeTenant();
  auto users = AllItems(tenant, Host::kGraph, "/v1.0/users?$select=id,userType,signInActivity");
  size_t stale = 0, fresh = 0;
  for (const std::string& user : users) {
    std::string last = At(user, "/signInActivity/lastSignInDateTime");
    if (At(user, "/userType") != "Guest" || last.empty()) continue;
    ++(last < "2026-08" ? stale : fresh);
  }
  CHECK(stale == 2);
  CHECK(fresh == 12);
}

TEST_CASE("World: Every object has an id of its own") {
  DemoTenant tenant = MakeTenant();
  std::set<std::string> ids;
  size_t count = 0;
  for (const char* path :
       {"/v1.0/users", "/v1.0/groups", "/v1.0/applications",
        "/v1.0/deviceManagement/managedDevices", "/v1.0/identity/conditionalAccess/policies"}) {
    for (const std::string& item : AllItems(tenant, Host::kGraph, path)) {
      ids.insert(At(item, "/id"));
      ++count;
    }
  }
  CHECK(ids.size() == count);
}

TEST_CASE("World: Names no mail or web address outside .example and its own loopback") {
  // Issuer and audience of workload federation: the check reads them, nothing asks there.
  const std::set<std::string> kFederation = {"token.actions.githubusercontent.com",
                                             "AzureADTokenExchange"};
  DemoTenant tenant = MakeTenant({7, FromUnixMs(1793606400000), {"*"}, false});
  for (Host host : {Host::kGraph, Host::kArm}) {
    for (const std::string& path : tenant.world().Paths(host)) {
      for (const Json& item : tenant.world().Find(host, path)->items) {
        std::string text = item.Dump();
        for (const std::string& name : Addresses(text)) {
          INFO(path << ": " << name);
          // The audience of every federated credential is a name, no address.
          CHECK((name.ends_with(".example") || name == "localhost" || name.starts_with("odata.") ||
                 name == "AzureADTokenExchange" || kFederation.contains(name)));
        }
      }
    }
  }
}
