// The demo tenant as a function: determinism, paging, permissions, throttling, refusals.
#include <set>

#include "demo_client.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::demo;
using Catch::Matchers::Contains;

TEST_CASE("DemoTenant: Same seed and moment give the same bytes everywhere") {
  DemoTenant one = MakeTenant(), two = MakeTenant();
  for (Host host : {Host::kGraph, Host::kArm}) {
    for (const std::string& path : one.world().Paths(host)) {
      bool post = one.world().Find(host, path)->read_post;
      std::string target = path + "?api-version=2023-01-01";
      Answer a = Ask(one, host, target, post ? "POST" : "GET");
      Answer b = Ask(two, host, target, post ? "POST" : "GET");
      CHECK(a.body == b.body);
      CHECK(a.headers == b.headers);
    }
  }
}

TEST_CASE("DemoTenant: Another seed gives other ids") {
  DemoTenant one = MakeTenant();
  DemoTenant two = MakeTenant({8, FromUnixMs(1793606400000), {}, false});
  CHECK(one.world().tenant_id() != two.world().tenant_id());
  CHECK(Ask(one, Host::kGraph, "/v1.0/users").body != Ask(two, Host::kGraph, "/v1.0/users").body);
}

TEST_CASE("DemoTenant: Dates move with the moment that is passed in") {
  DemoTenant later = MakeTenant({7, FromUnixMs(1793606400000 + 365ll * 86400000), {}, false});
  auto policies = AllItems(later, Host::kGraph, "/v1.0/identity/conditionalAccess/policies");
  REQUIRE_FALSE(policies.empty());
  CHECK(At(policies[4], "/createdDateTime") > "2027-06");
}

TEST_CASE("DemoTenant: Paging reaches every user once and honours $top") {
  DemoTenant tenant = MakeTenant();
  for (const char* target :
       {"/v1.0/users?$select=id&$top=999", "/v1.0/users?$select=id&$top=7", "/v1.0/users"}) {
    std::set<std::string> ids;
    auto items = AllItems(tenant, Host::kGraph, target);
    for (const std::string& item : items) ids.insert(At(item, "/id"));
    CHECK(items.size() == 120);
    CHECK(ids.size() == 120);
  }
  CHECK(AllPages(tenant, Host::kGraph, "/v1.0/users?$top=999").size() == 3);
  CHECK(AllPages(tenant, Host::kGraph, "/v1.0/users?$top=7").size() == 18);
}

TEST_CASE("DemoTenant: Refuses a skip token that it did not make") {
  DemoTenant tenant = MakeTenant();
  Answer answer =
      Ask(tenant, Host::kGraph, "/v1.0/users?$skiptoken=RFNwdAIAAQAAA000000000000000028");
  CHECK(answer.status == 400);
  CHECK_THAT(answer.body, Contains("skip token is not valid"));
}

TEST_CASE("DemoTenant: $select and $expand shape the items") {
  DemoTenant tenant = MakeTenant();
  auto plain = AllItems(tenant, Host::kGraph, "/v1.0/users");
  auto activity = AllItems(tenant, Host::kGraph, "/v1.0/users?$select=id,signInActivity&$top=500");
  CHECK(At(plain[3], "/signInActivity").empty());
  CHECK_FALSE(At(activity[3], "/signInActivity/lastSignInDateTime").empty());
  CHECK(At(activity[3], "/displayName").empty());
  std::string roles = "/v1.0/roleManagement/directory/roleAssignments";
  CHECK(At(AllItems(tenant, Host::kGraph, roles)[0], "/principal").empty());
  auto expanded =
      AllItems(tenant, Host::kGraph, roles + "?$expand=principal($select=id,displayName)");
  CHECK_FALSE(At(expanded[0], "/principal/displayName").empty());
}

TEST_CASE("DemoTenant: Names the missing Intune permission in Graph's error body") {
  DemoTenant tenant = MakeTenant();
  Answer answer = Ask(tenant, Host::kGraph, "/beta/deviceManagement/deviceCompliancePolicies");
  CHECK(answer.status == 403);
  CHECK(At(answer.body, "/error/code") == "Forbidden");
  CHECK_THAT(At(answer.body, "/error/message"), Contains("DeviceManagementConfiguration.Read.All"));
  DemoTenant granted =
      MakeTenant({7, FromUnixMs(1793606400000), {"DeviceManagementConfiguration.Read.All"}, false});
  CHECK(AllItems(granted, Host::kGraph,
                 "/beta/deviceManagement/deviceCompliancePolicies?$expand=assignments")
            .size() == 4);
  CHECK(At(Ask(granted, Host::kGraph, "/v1.0/users").body, "/error/code") ==
        "Authorization_RequestDenied");
}

TEST_CASE("DemoTenant: Throttles one list once and tells when to come back") {
  DemoTenant tenant = MakeTenant({7, FromUnixMs(1793606400000), {}, true});
  Request request;
  request.path = "/v1.0/reports/authenticationMethods/userRegistrationDetails";
  request.authorization = Bearer(tenant, Host::kGraph);
  Answer first = tenant.Handle(request);
  CHECK(first.status == 429);
  CHECK(std::count(first.headers.begin(), first.headers.end(),
                   Headers::value_type("Retry-After", "1")) == 1);
  request.seen = 1;
  CHECK(tenant.Handle(request).status == 200);
}

TEST_CASE("DemoTenant: Refuses missing tokens, foreign audiences and writes") {
  DemoTenant tenant = MakeTenant();
  Request request;
  request.path = "/v1.0/users";
  CHECK(tenant.Handle(request).status == 401);
  request.authorization = Bearer(tenant, Host::kArm);
  CHECK_THAT(tenant.Handle(request).body, Contains("Invalid audience"));
  for (const char* method : {"POST", "PATCH", "PUT", "DELETE"}) {
    CHECK(Ask(tenant, Host::kGraph, "/v1.0/users", method).status == 405);
  }
  CHECK(Ask(tenant, Host::kGraph, "/v1.0/me/messages").status == 400);
  CHECK(Ask(tenant, Host::kArm, "/subscriptions").status == 400);  // api-version is missing
}

TEST_CASE("DemoTenant: Policy states are a POST query that filters and pages") {
  DemoTenant tenant = MakeTenant();
  std::string path =
      "/subscriptions/" + tenant.world().subscriptions()[0] +
      "/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults?api-version=2019-10-01";
  CHECK(Ask(tenant, Host::kArm, path).status == 405);
  CHECK(AllItems(tenant, Host::kArm, path, "POST").size() == 34);
  auto failing =
      AllItems(tenant, Host::kArm, path + "&$filter=complianceState%20eq%20'NonCompliant'", "POST");
  CHECK(failing.size() == 23);
  for (const std::string& state : failing) CHECK(At(state, "/complianceState") == "NonCompliant");
}
