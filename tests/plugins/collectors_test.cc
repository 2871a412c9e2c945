// The collectors on their own fixtures: which rows come out, which records are marked, what is
// asked.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "../../plugins/graph/src/privileges.h"
#include "plugins/fake_host.h"

using namespace assay;
using namespace assay::testing;

namespace {

constexpr const char* kFirst = "11111111-1111-4111-8111-111111111111";
constexpr const char* kEmpty = R"({"value":[]})";

/// Serves the fixtures; ARM reads of the second subscription answer an empty list.
void ServeAll(FakeHost& host, const std::string& plugin) {
  ServeFixtures(host, plugin);
  if (plugin == "graph" || plugin == "intune") return;
  const std::string second = "22222222-2222-4222-8222-222222222222";
  for (const char* endpoint :
       {"arm-policy-assignments", "arm-policy-definitions", "arm-policy-set-definitions",
        "arm-policy-exemptions", "arm-policy-states", "arm-policy-summary",
        "arm-policy-remediations", "arm-policy-attestations", "arm-role-assignments",
        "arm-role-definitions", "arm-role-assignment-schedules", "arm-role-eligibility-schedules",
        "arm-own-permissions", "arm-locks", "defender-pricings", "defender-secure-scores",
        "defender-assessments", "defender-alerts", "log-activity-events"}) {
    host.Serve(endpoint, {{kEmpty}}, second);
  }
}

/// Parameters with which an endpoint was asked for.
std::set<std::string> Asked(FakeHost& host, const std::string& endpoint) {
  std::set<std::string> out;
  for (const std::string& request : host.requests()) {
    if (request.starts_with(endpoint + " ")) out.insert(request.substr(endpoint.size() + 1));
  }
  return out;
}

void RequireClean(FakeHost& host) {
  INFO(host.error());
  for (const std::string& breach : host.breaches()) FAIL_CHECK(breach);
}

}  // namespace

TEST_CASE("Collectors: read their fixtures completely", "[plugins]") {
  const std::string plugin =
      GENERATE("graph", "azure-policy", "intune", "defender", "activity-log");
  INFO(plugin);
  FakeHost host(plugin, SchemaOf(plugin));
  ServeAll(host, plugin);
  REQUIRE(host.Run() == ASSAY_OK);
  RequireClean(host);
  for (const DatasetInfo* dataset : SchemaOf(plugin)) {
    INFO(dataset->id);
    const DatasetSeen& seen = host.dataset(std::string(dataset->id));
    CHECK(seen.stated);
    CHECK(seen.detail == "");
    CHECK(seen.completeness == ASSAY_COMPLETE);
    CHECK_FALSE(seen.rows.empty());
  }
}

TEST_CASE("Collectors: give the same rows whatever the order of pages", "[plugins]") {
  FakeHost wide("azure-policy", Schema_azure_policy());
  ServeAll(wide, "azure-policy");
  REQUIRE(wide.Run() == ASSAY_OK);
  FakeHost narrow("azure-policy", Schema_azure_policy());
  ServeAll(narrow, "azure-policy");
  narrow.LimitOutstanding(1);
  REQUIRE(narrow.Run() == ASSAY_OK);
  RequireClean(narrow);
  // 3 of the tenant, its settings, 14 of each subscription, 10 queries, 3 of what these found.
  CHECK(wide.requests().size() == 45);
  CHECK(narrow.requests().size() == 45);
  CHECK(wide.dataset("policy_state").rows.size() == 3);
  CHECK(narrow.dataset("policy_state").rows.size() == 3);
}

TEST_CASE("Graph: follows pages, folds ids and keeps text as it came", "[plugins]") {
  FakeHost host("graph", Schema_graph());
  ServeAll(host, "graph");
  REQUIRE(host.Run() == ASSAY_OK);
  RequireClean(host);
  const auto& users = host.dataset("entra_user").rows;
  REQUIRE(users.size() == 3);
  CHECK(users[1].at("display_name").text == "Bö “B” Muster");
  CHECK(users[1].at("on_premises_sync_enabled").number == 1);
  CHECK(users[0].at("on_premises_sync_enabled").null);
  CHECK(users[2].at("id").text == "00000000-0000-4000-8000-000000000012");
  REQUIRE(host.records("graph-users").size() == 2);
  CHECK(host.records("graph-users")[0].find("ada@fabrikam.example") != std::string::npos);
}

TEST_CASE("Graph: makes one row of each service plan and each credential", "[plugins]") {
  FakeHost host("graph", Schema_graph());
  ServeAll(host, "graph");
  REQUIRE(host.Run() == ASSAY_OK);
  const auto& plans = host.dataset("entra_sku_plan").rows;
  REQUIRE(plans.size() == 2);
  CHECK(plans[1].at("plan_id").text == "eec0eb4f-6444-4f95-aba0-50c24d67f998");
  CHECK(plans[1].at("enabled_units").number == 10);
  const auto& credentials = host.dataset("entra_application_credential").rows;
  REQUIRE(credentials.size() == 2);
  CHECK(credentials[0].at("kind").text == "password");
  CHECK(credentials[1].at("kind").text == "key");
  const auto& applications = host.dataset("entra_application").rows;
  REQUIRE(applications.size() == 2);
  CHECK(applications[0].at("password_count").number == 1);
  CHECK(applications[0].at("owner_count").number == 1);
  CHECK(applications[1].at("owner_count").number == 0);
}

TEST_CASE("Graph: reads the members of groups that roles name and of no other group", "[plugins]") {
  FakeHost host("graph", Schema_graph());
  ServeAll(host, "graph");
  REQUIRE(host.Run() == ASSAY_OK);
  // 20 holds a role, 22 may take one on: an eligibility does not say that it is a group.
  CHECK(Asked(host, "graph-group-members") ==
        std::set<std::string>{"00000000-0000-4000-8000-000000000020",
                              "00000000-0000-4000-8000-000000000022"});
  REQUIRE(host.dataset("entra_group_member").rows.size() == 2);
  std::set<std::string> groups;
  for (const auto& row : host.dataset("entra_group_member").rows)
    groups.insert(row.at("group_id").text);
  CHECK(groups == Asked(host, "graph-group-members"));
  CHECK(Asked(host, "graph-group-owners") ==
        std::set<std::string>{"00000000-0000-4000-8000-000000000020",
                              "00000000-0000-4000-8000-000000000022"});
}

TEST_CASE("Graph: reads the members of groups that a policy excludes, when they exist",
          "[plugins]") {
  FakeHost host("graph", Schema_graph());
  ServeAll(host, "graph");
  const std::string there = "00000000-0000-4000-8000-000000000021";
  host.Serve("graph-ca-policies",
             {{R"({"value":[{"id":"p1","conditions":{"users":{"excludeGroups":[")" + there +
               R"(","00000000-0000-4000-8000-0000000000ff"]}}}]})"}});
  REQUIRE(host.Run() == ASSAY_OK);
  RequireClean(host);
  CHECK(Asked(host, "graph-group-members").contains(there));
  CHECK_FALSE(Asked(host, "graph-group-members").contains("00000000-0000-4000-8000-0000000000ff"));
  CHECK(host.dataset("entra_group_member").completeness == ASSAY_COMPLETE);
}

TEST_CASE("Graph: says that members are missing when nothing tells which ids are groups",
          "[plugins]") {
  FakeHost host("graph", Schema_graph());
  ServeAll(host, "graph");
  host.Serve("graph-groups", {{"", ASSAY_PAGE_HTTP_ERROR, 403}});
  REQUIRE(host.Run() == ASSAY_OK);
  RequireClean(host);
  const DatasetSeen& members = host.dataset("entra_group_member");
  CHECK(members.completeness == ASSAY_PARTIAL);
  CHECK(members.detail.find("which principals are groups is not known: graph-groups") !=
        std::string::npos);
}

TEST_CASE("Graph: reads the owners of powerful applications only", "[plugins]") {
  FakeHost host("graph", Schema_graph());
  ServeAll(host, "graph");
  REQUIRE(host.Run() == ASSAY_OK);
  CHECK(Asked(host, "graph-sp-app-role-assignments") ==
        std::set<std::string>{"00000000-0000-4000-8000-000000000050"});
  CHECK(Asked(host, "graph-sp-owners") ==
        std::set<std::string>{"00000000-0000-4000-8000-000000000051"});
  CHECK(host.dataset("entra_app_role").rows.size() == 2);
}

TEST_CASE("Graph: asks for the federated credentials of a bounded number of applications",
          "[plugins]") {
  FakeHost host("graph", Schema_graph());
  ServeAll(host, "graph");
  std::string applications = R"({"value":[)";
  for (uint32_t i = 0; i <= graph::kMaxApplications; ++i) {
    std::string id = std::to_string(1'000'000 + i);
    applications +=
        (i == 0 ? "" : ",") + std::string(R"({"id":"00000000-0000-4000-8000-00000)") + id + R"("})";
  }
  host.Serve("graph-applications", {{applications + "]}"}});
  host.Serve("graph-app-federated-credentials", {{kEmpty}});
  REQUIRE(host.Run() == ASSAY_OK);
  CHECK(Asked(host, "graph-app-federated-credentials").size() == graph::kMaxApplications);
  const DatasetSeen& credentials = host.dataset("entra_federated_credential");
  CHECK(credentials.completeness == ASSAY_PARTIAL);
  CHECK(
      credentials.detail ==
      "graph-app-federated-credentials: only the first 20000 of 20001 applications were asked for");
}

TEST_CASE("Graph: knows the same powers as the views of its checks", "[plugins]") {
  std::ifstream file(ASSAY_SOURCE_DIR "/plugins/graph/views.sql");
  const std::string views((std::istreambuf_iterator<char>(file)), {});
  const auto body = [&](const std::string& name) {
    const size_t start = views.find("CREATE VIEW " + name + "(");
    REQUIRE(start != std::string::npos);
    return views.substr(start, views.find(';', start) - start);
  };
  const auto held = [&](const std::string& view, const auto& list) {
    const std::string text = body(view);
    for (const std::string_view one : list) {
      INFO(one);
      CHECK(text.find("('" + std::string(one) + "')") != std::string::npos);
    }
    CHECK(static_cast<size_t>(std::count(text.begin(), text.end(), '(')) == list.size() + 1);
  };
  held("tier0_role", graph::kTier0Roles);
  held("critical_permission", graph::kCriticalPermissions);
}

TEST_CASE("Intune: makes the settings of policies flat, and reads those of three families alone",
          "[plugins]") {
  FakeHost host("intune", Schema_intune());
  ServeAll(host, "intune");
  REQUIRE(host.Run() == ASSAY_OK);
  RequireClean(host);
  const auto asked =
      std::count_if(host.requests().begin(), host.requests().end(), [](const auto& request) {
        return request.starts_with("intune-configuration-policy-settings");
      });
  CHECK(asked == 2);  // of four policies
  std::map<std::string, std::string> seen;
  for (const auto& row : host.dataset("intune_policy_setting").rows)
    seen[row.at("position").text + " " + row.at("setting_id").text] = row.at("value").text;
  const std::string drives = "device_vendor_msft_bitlocker_encryptionmethodbydrivetype";
  const std::string rules = "device_vendor_msft_policy_config_defender_attacksurfacereductionrules";
  CHECK(seen.size() == 6);
  CHECK(seen.at("1/0 " + drives) == drives + "_1");
  CHECK(seen.at("1/1 " + drives + "_encryptionmethodwithxtsosdropdown_name")
            .ends_with("dropdown_name_7"));
  CHECK(
      seen.at("2/0 " + rules + "_blockpersistencethroughwmieventsubscription").ends_with("_block"));
  CHECK(seen.at("2/1 " + rules + "_exclusions") == "C:\\Tools");
  CHECK(seen.at("3/0 device_vendor_msft_laps_policies_passwordlength") == "21");
}

TEST_CASE("Intune: keeps no secret value, and says what it could not flatten", "[plugins]") {
  const auto settings = [](const std::string& instance) {
    FakeHost host("intune", Schema_intune());
    ServeAll(host, "intune");
    const std::string body = R"({"value":[{"id":"0","settingInstance":)" + instance + "}]}";
    host.Serve("intune-configuration-policy-settings", {{body}});
    CHECK(host.Run() == ASSAY_OK);
    RequireClean(host);
    return host.dataset("intune_policy_setting");
  };
  const DatasetSeen secret = settings(
      R"({"settingDefinitionId":"s","simpleSettingValue":{"value":"hush","valueState":"notEncrypted"}})");
  REQUIRE(secret.rows.size() == 2);  // the same answer for two policies
  CHECK(secret.rows[0].at("value").null);
  CHECK(secret.completeness == ASSAY_COMPLETE);
  std::string deep = R"({"settingDefinitionId":"last"})";
  for (int i = 0; i < 30; ++i)
    deep = R"({"settingDefinitionId":"g","groupSettingCollectionValue":[{"children":[)" + deep +
           "]}]}";
  const DatasetSeen nested = settings(deep);
  CHECK(nested.completeness == ASSAY_PARTIAL);
  CHECK_THAT(nested.detail, Catch::Matchers::Contains("settings nested too deep"));
  const DatasetSeen odd =
      settings(R"({"settingDefinitionId":"s","choiceSettingCollectionValue":{"value":"v"}})");
  CHECK(odd.completeness == ASSAY_PARTIAL);
  CHECK_THAT(odd.detail, Catch::Matchers::Contains("a collection that is no list"));
}

TEST_CASE("Intune: names each operating system once, and no certificate is no gap", "[plugins]") {
  FakeHost host("intune", Schema_intune());
  ServeAll(host, "intune");
  host.Serve("intune-apns-certificate", {{"{}", ASSAY_PAGE_HTTP_ERROR, 404}});
  REQUIRE(host.Run() == ASSAY_OK);
  RequireClean(host);
  CHECK(host.dataset("intune_device").rows.size() == 4);
  CHECK(host.dataset("intune_platform").rows.size() == 3);
  CHECK(host.dataset("intune_apns_certificate").rows.empty());
  CHECK(host.dataset("intune_apns_certificate").completeness == ASSAY_COMPLETE);
}

TEST_CASE("Graph, Intune: logs are asked for from a week before the evidence's time [CM-16]",
          "[plugins]") {
  FakeHost graph("graph", Schema_graph());
  ServeAll(graph, "graph");
  REQUIRE(graph.Run() == ASSAY_OK);
  RequireClean(graph);
  CHECK(Asked(graph, "graph-risk-detections") == std::set<std::string>{"2026-06-08T12:00:00Z"});
  const auto& detections = graph.dataset("entra_risk_detection").rows;
  REQUIRE(detections.size() == 2);
  CHECK(detections[0].at("timing").text == "realtime");
  CHECK(detections[1].at("user_id").text == "00000000-0000-4000-8000-00000000001a");
  FakeHost intune("intune", Schema_intune());
  ServeAll(intune, "intune");
  REQUIRE(intune.Run() == ASSAY_OK);
  RequireClean(intune);
  CHECK(Asked(intune, "intune-audit-events") == std::set<std::string>{"2026-06-08T12:00:00Z"});
  const auto& events = intune.dataset("intune_audit_event").rows;
  REQUIRE(events.size() == 2);
  CHECK(events[0].at("targets").text == R"({"resources":[{"type":"ManagedDevice"}]})");
  for (const auto& [column, cell] : events[0]) {
    INFO(column);
    CHECK(cell.text.find("ann@") == std::string::npos);
  }
}

TEST_CASE("Azure Policy: rows carry their subscription and lower-case ids", "[plugins]") {
  FakeHost host("azure-policy", Schema_azure_policy());
  ServeAll(host, "azure-policy");
  REQUIRE(host.Run() == ASSAY_OK);
  const auto& states = host.dataset("policy_state").rows;
  REQUIRE(states.size() == 3);
  CHECK(states[0].at("subscription_id").text == kFirst);
  CHECK(states[0].at("resource_id").text.find("/storageaccounts/alpha") != std::string::npos);
  CHECK(states[1].at("reference_id").text == "");
  CHECK_FALSE(states[1].at("reference_id").null);
  CHECK(states[0].at("compliance_state").text == "noncompliant");
}

TEST_CASE("Defender: keeps neither addresses of contacts nor owners of incidents", "[plugins]") {
  FakeHost host("defender", Schema_defender());
  ServeAll(host, "defender");
  REQUIRE(host.Run() == ASSAY_OK);
  const auto& contact = host.dataset("defender_contact").rows.at(0);
  CHECK(contact.at("emails").text == "*@contoso.example;*@contoso.example");
  CHECK(contact.at("item").text.find("+49") == std::string::npos);
  const auto& incidents = host.dataset("xdr_incident").rows;
  REQUIRE(incidents.size() == 3);
  CHECK(std::count_if(incidents.begin(), incidents.end(),
                      [](const auto& row) { return row.at("assigned").text == "yes"; }) == 2);
}

TEST_CASE("Defender: counts scores as they came and takes the parts of the first", "[plugins]") {
  FakeHost host("defender", Schema_defender());
  ServeAll(host, "defender");
  REQUIRE(host.Run() == ASSAY_OK);
  const auto& scores = host.dataset("m365_secure_score").rows;
  REQUIRE(scores.size() == 3);
  for (const auto& row : scores)
    CHECK((row.at("position").number == 0) == (row.at("current").text == "410.5"));
  CHECK(host.dataset("m365_control_score").rows.size() == 3);
}

TEST_CASE("Defender: a subscription without the provider has an empty list of plans", "[plugins]") {
  FakeHost host("defender", Schema_defender());
  ServeAll(host, "defender");
  host.Serve(
      "defender-pricings",
      {{R"({"error":{"code":"Subscription Not Registered"}})", ASSAY_PAGE_HTTP_ERROR, 404, {}}},
      "22222222-2222-4222-8222-222222222222");
  REQUIRE(host.Run() == ASSAY_OK);
  CHECK(host.dataset("defender_pricing").completeness == ASSAY_COMPLETE);
  CHECK(host.dataset("defender_plan_list").rows.size() == 2);
}

TEST_CASE("Activity log: reads windows of a day that end at the evidence's time", "[plugins]") {
  FakeHost host("activity-log", Schema_activity_log());
  ServeAll(host, "activity-log");
  REQUIRE(host.Run() == ASSAY_OK);
  RequireClean(host);
  const auto& windows = host.dataset("log_window").rows;
  REQUIRE(windows.size() == 7 + 2 * 7);
  size_t audits = 0;
  for (const auto& row : windows) {
    CHECK(row.at("until").text > row.at("since").text);
    CHECK(row.at("until").text <= "2026-06-15T12:00:00Z");
    CHECK(row.at("since").text >= "2026-06-08T12:00:00Z");
    audits += row.at("endpoint").text == "log-directory-audits" ? 1 : 0;
  }
  CHECK(audits == 7);
}

TEST_CASE("Activity log: keeps no receiver of an action group and no name of a target",
          "[plugins]") {
  FakeHost host("activity-log", Schema_activity_log());
  ServeAll(host, "activity-log");
  REQUIRE(host.Run() == ASSAY_OK);
  const std::string group = host.dataset("log_action_group").rows.at(0).at("item").text;
  CHECK(group.find("soc@") == std::string::npos);
  CHECK(group.find("emailReceivers") != std::string::npos);
  for (const auto& row : host.dataset("log_directory_audit").rows)
    CHECK(row.at("targets").text.find("ben@") == std::string::npos);
}

TEST_CASE("Azure Policy: asks Resource Graph for all subscriptions at once", "[plugins]") {
  FakeHost host("azure-policy", Schema_azure_policy());
  ServeAll(host, "azure-policy");
  REQUIRE(host.Run() == ASSAY_OK);
  std::vector<std::string> asked;
  for (const std::string& request : host.requests())
    if (request.starts_with("arm-rg-storage") || request.starts_with("arm-blob-services"))
      asked.push_back(request);
  CHECK(asked ==
        std::vector<std::string>{"arm-rg-storage 11111111-1111-4111-8111-111111111111,"
                                 "22222222-2222-4222-8222-222222222222",
                                 "arm-blob-services 11111111-1111-4111-8111-111111111111"});
  const auto& resources = host.dataset("azure_resource").rows;
  REQUIRE(resources.size() == 3);
  CHECK(resources[0].at("tags").text == R"({
        "Owner": "ops",
        "criticality": "high"
      })");
  CHECK(resources[2].at("resource_group").text == "rg1");
  CHECK(host.dataset("azure_lock").rows.at(0).at("scope").text ==
        "/subscriptions/11111111-1111-4111-8111-111111111111/resourcegroups/rg1");
  CHECK(host.dataset("azure_role_assignment").rows.at(0).at("role_id").text ==
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635");
}

TEST_CASE("Azure Policy: what Resource Graph leaves out makes the table partial", "[plugins]") {
  const auto [body, words] = GENERATE(table<std::string, std::string>({
      {R"({"totalRecords":3,"data":[],"resultTruncated":"false"})", "0 of 3 came"},
      {R"({"totalRecords":0,"data":[],"resultTruncated":"true"})", "0 of 0 came"},
      {R"({"totalRecords":0,"data":[],"resultTruncated":true})", "0 of 0 came"},
  }));
  INFO(body);
  FakeHost host("azure-policy", Schema_azure_policy());
  ServeAll(host, "azure-policy");
  host.Serve("arm-rg-nsgs", {{body}});
  REQUIRE(host.Run() == ASSAY_OK);
  RequireClean(host);
  CHECK(host.dataset("azure_nsg").completeness == ASSAY_PARTIAL);
  CHECK_THAT(host.dataset("azure_nsg").detail, Catch::Matchers::Contains(words));
  CHECK(host.dataset("azure_key_vault").completeness == ASSAY_COMPLETE);
}

TEST_CASE("Azure Policy: records of Resource Graph stand in data, and nowhere else", "[plugins]") {
  FakeHost host("azure-policy", Schema_azure_policy());
  ServeAll(host, "azure-policy");
  host.Serve("arm-rg-nsgs", {{R"({"value":[]})"}});
  host.Serve("arm-locks", {{R"({"data":[]})"}});
  REQUIRE(host.Run() == ASSAY_OK);
  CHECK(host.dataset("azure_nsg").completeness != ASSAY_COMPLETE);
  CHECK(host.dataset("azure_lock").completeness != ASSAY_COMPLETE);
}

TEST_CASE("Azure Policy: settings of the hierarchy that were never made are no gap", "[plugins]") {
  FakeHost host("azure-policy", Schema_azure_policy());
  ServeAll(host, "azure-policy");
  host.Serve("arm-mg-settings", {{"{}", ASSAY_PAGE_HTTP_ERROR, 404}});
  REQUIRE(host.Run() == ASSAY_OK);
  CHECK(host.dataset("azure_mg_settings").completeness == ASSAY_COMPLETE);
  CHECK(host.dataset("azure_mg_settings").rows.empty());

  FakeHost nothing("azure-policy", Schema_azure_policy());
  nothing.ServeElse({R"({"value":[]})"});
  REQUIRE(nothing.Run() == ASSAY_OK);
  CHECK(nothing.dataset("azure_mg_settings").completeness == ASSAY_UNAVAILABLE);
}

TEST_CASE("Defender: writes scores as plain decimals", "[plugins]") {
  FakeHost host("defender", Schema_defender());
  ServeAll(host, "defender");
  REQUIRE(host.Run() == ASSAY_OK);
  const auto& scores = host.dataset("defender_secure_score").rows;
  REQUIRE(scores.size() == 1);
  CHECK(scores[0].at("score_ratio").text == "0.7019");
  CHECK(scores[0].at("score_current").text == "36.5");
  CHECK(scores[0].at("score_max").text == "52");
}
