// Settings and policies that graph reads: small answers kept as items.
#include <algorithm>
#include <catch2/catch.hpp>

#include "plugins/fake_host.h"

using namespace assay;
using namespace assay::testing;

namespace {

/// The items of a dataset, in the order of its rows.
std::vector<std::string> Items(FakeHost& host, const std::string& dataset) {
  std::vector<std::string> out;
  for (const auto& row : host.dataset(dataset).rows) out.push_back(row.at("item").text);
  return out;
}

size_t Asked(const FakeHost& host, const std::string& request) {
  return static_cast<size_t>(std::count(host.requests().begin(), host.requests().end(), request));
}

}  // namespace

TEST_CASE("Graph: keeps of a setting what its checks may look at", "[plugins][CL-10]") {
  FakeHost host("graph", Schema_graph());
  ServeFixtures(host, "graph");
  host.Serve("graph-sharepoint-settings",
             {{R"({"sharingCapability":"disabled","tenantDefaultTimezone":"x",)"
               R"("idleSessionSignOut":{"isEnabled":true,"signOutAfterInSeconds":3600}})"}});
  REQUIRE(host.Run() == ASSAY_OK);
  const auto& rows = host.dataset("m365_sharepoint_settings").rows;
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].at("id").text == "default");
  CHECK(Items(host, "m365_sharepoint_settings")[0] ==
        R"({"sharingCapability":"disabled",)"
        R"("idleSessionSignOut":{"isEnabled":true,"signOutAfterInSeconds":3600}})");
}

TEST_CASE("Graph: folds the ids of policies and follows their pages", "[plugins]") {
  FakeHost host("graph", Schema_graph());
  ServeFixtures(host, "graph");
  REQUIRE(host.Run() == ASSAY_OK);
  const auto& settings = host.dataset("entra_group_setting").rows;
  REQUIRE(settings.size() == 2);
  CHECK(settings[0].at("template_id").text == "5cf42378-d67d-4f36-ba46-e8b86229381d");
  const auto& partners = host.dataset("entra_cross_tenant_partner").rows;
  REQUIRE(partners.size() == 2);
  CHECK(partners[1].at("tenant_id").text == "0000abcd-0000-4000-8000-000000000541");
  CHECK(host.dataset("entra_named_location").rows.size() == 3);
}

TEST_CASE("Graph: asks for the federation of federated domains only", "[plugins]") {
  FakeHost host("graph", Schema_graph());
  ServeFixtures(host, "graph");
  REQUIRE(host.Run() == ASSAY_OK);
  CHECK(Asked(host, "graph-domain-federation works.example") == 1);
  CHECK(Asked(host, "graph-domain-federation fabrikam.example") == 0);
  const auto& rows = host.dataset("entra_domain_federation").rows;
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].at("domain_id").text == "works.example");
}

TEST_CASE("Graph: knows no federation while domains cannot be read", "[plugins][CL-10]") {
  FakeHost host("graph", Schema_graph());
  ServeFixtures(host, "graph");
  host.Serve("graph-domains", {{"", ASSAY_PAGE_HTTP_ERROR, 403}});
  REQUIRE(host.Run() == ASSAY_OK);
  CHECK(host.dataset("entra_domain_federation").completeness == ASSAY_UNAVAILABLE);
}

TEST_CASE("Graph: an undocumented path that is gone proves nothing", "[plugins][CL-10]") {
  FakeHost host("graph", Schema_graph());
  ServeFixtures(host, "graph");
  host.Serve("graph-legacy-policies", {{"", ASSAY_PAGE_HTTP_ERROR, 404}});
  REQUIRE(host.Run() == ASSAY_OK);
  CHECK(host.dataset("entra_legacy_policy").completeness == ASSAY_UNAVAILABLE);
  CHECK(host.dataset("entra_onprem_sync").completeness == ASSAY_COMPLETE);
}

TEST_CASE("Item: Member names of any number and length stay within the parser's buffer",
          "[plugins][CL-10]") {
  std::string body = "{";
  for (int i = 0; i < 20000; ++i) {
    body += "\"" + std::string(100, 'k') + std::to_string(i) + "\":1,";
  }
  body += R"("s\u0065ttings":{"isExternalSendForm\u0045nabled":true,"x":2}})";
  FakeHost host("graph", Schema_graph());
  ServeFixtures(host, "graph");
  host.Serve("graph-forms-settings", {{body}});
  REQUIRE(host.Run() == ASSAY_OK);
  REQUIRE(host.breaches().empty());
  REQUIRE(Items(host, "m365_forms_settings").size() == 1);
  CHECK(Items(host, "m365_forms_settings")[0] ==
        R"({"settings":{"isExternalSendFormEnabled":true}})");
}
