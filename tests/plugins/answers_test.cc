// What collectors make of answers that are no data: refusals, licences, throttling, and bodies that
// are broken in every way met in the wild. Nothing is silently skipped.
#include <catch2/catch.hpp>

#include "plugins/fake_host.h"

using namespace assay;
using namespace assay::testing;

namespace {

Answer Error(uint32_t status, const std::string& code, const std::string& message = "m") {
  return {R"({"error":{"code":")" + code + R"(","message":")" + message + R"("}})",
          ASSAY_PAGE_HTTP_ERROR,
          status,
          {}};
}

/// Runs intune with `answers` for the devices; everything else is an empty list.
DatasetSeen Devices(std::vector<Answer> answers) {
  FakeHost host("intune", Schema_intune());
  host.ServeElse({R"({"value":[]})"});
  host.Serve("intune-managed-devices", std::move(answers));
  INFO(host.error());
  REQUIRE(host.Run() == ASSAY_OK);
  for (const std::string& breach : host.breaches()) FAIL_CHECK(breach);
  return host.dataset("intune_device");
}

struct Case {
  const char* name;
  Answer answer;
  uint32_t completeness;
  uint32_t reason;
  const char* words;
  size_t rows;
};

}  // namespace

TEST_CASE("Answers: name the reason of a refusal", "[plugins]") {
  const auto c = GENERATE(values<Case>({
      {"permission", Error(403, "Authorization_RequestDenied", "Insufficient privileges"),
       ASSAY_UNAVAILABLE, ASSAY_REASON_PERMISSION, "403 Authorization_RequestDenied", 0},
      {"unauthorised", Error(401, "InvalidAuthenticationToken"), ASSAY_UNAVAILABLE,
       ASSAY_REASON_PERMISSION, "401", 0},
      {"licence by code", Error(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"),
       ASSAY_UNAVAILABLE, ASSAY_REASON_LICENCE, "NonPremiumTenant", 0},
      {"licence by message", Error(400, "BadRequest", "The tenant needs an AAD Premium license"),
       ASSAY_UNAVAILABLE, ASSAY_REASON_LICENCE, "400 BadRequest", 0},
      {"provider", Error(409, "DisallowedProvider"), ASSAY_UNAVAILABLE, ASSAY_REASON_UNSUPPORTED,
       "DisallowedProvider", 0},
      {"not onboarded", Error(404, "NotFound", "The tenant is not onboarded"), ASSAY_UNAVAILABLE,
       ASSAY_REASON_UNSUPPORTED, "404", 0},
      {"not found", Error(404, "ResourceNotFound"), ASSAY_UNAVAILABLE, ASSAY_REASON_UNAVAILABLE,
       "404 ResourceNotFound", 0},
      {"throttled", Error(429, "TooManyRequests"), ASSAY_UNAVAILABLE, ASSAY_REASON_THROTTLED, "429",
       0},
      {"a code that is none", Error(500, "ada@fabrikam.example"), ASSAY_UNAVAILABLE,
       ASSAY_REASON_UNAVAILABLE, "the service answered 500", 0},
      {"no JSON",
       {"<html>", ASSAY_PAGE_HTTP_ERROR, 502, {}},
       ASSAY_UNAVAILABLE,
       ASSAY_REASON_UNAVAILABLE,
       "502",
       0},
      {"no answer",
       {"", ASSAY_PAGE_UNAVAILABLE, 0, "connection reset"},
       ASSAY_UNAVAILABLE,
       ASSAY_REASON_UNAVAILABLE,
       "no answer: connection reset",
       0},
  }));
  INFO(c.name);
  const DatasetSeen seen = Devices({c.answer});
  CHECK(seen.completeness == c.completeness);
  CHECK(seen.reason == c.reason);
  CHECK_THAT(seen.detail, Catch::Matchers::Contains(c.words));
  CHECK(seen.detail.find("fabrikam") == std::string::npos);
}

TEST_CASE("Answers: keep what was read when a later page fails", "[plugins]") {
  const std::string first =
      R"({"value":[{"id":"d1"}],"@odata.nextLink":"https:\/\/graph.microsoft.com\/x"})";
  SECTION("throttled") {
    const DatasetSeen seen = Devices({{first}, Error(429, "TooManyRequests")});
    CHECK(seen.rows.size() == 1);
    CHECK(seen.completeness == ASSAY_PARTIAL);
    CHECK(seen.reason == ASSAY_REASON_THROTTLED);
  }
  SECTION("link refused by the broker") {
    const DatasetSeen seen = Devices({{first}, {"", ASSAY_PAGE_REFUSED, 0, "foreign host"}});
    CHECK(seen.rows.size() == 1);
    CHECK(seen.completeness == ASSAY_PARTIAL);
    CHECK(seen.reason == ASSAY_REASON_PARTIAL);
    CHECK_THAT(seen.detail, Catch::Matchers::Contains("refused: foreign host"));
  }
}

TEST_CASE("Answers: survive every odd body and say what was odd", "[plugins]") {
  const auto c = GENERATE(values<Case>({
      {"byte order mark",
       {"\xEF\xBB\xBF{\"value\":[{\"id\":\"d1\"}]}"},
       ASSAY_COMPLETE,
       ASSAY_REASON_NONE,
       "",
       1},
      {"white space",
       {" \r\n{ \"value\" : [ { \"id\" : \"d1\" } ] } \n "},
       ASSAY_COMPLETE,
       ASSAY_REASON_NONE,
       "",
       1},
      {"empty list", {R"({"value":[]})"}, ASSAY_COMPLETE, ASSAY_REASON_NONE, "", 0},
      {"empty link",
       {R"({"value":[],"@odata.nextLink":""})"},
       ASSAY_COMPLETE,
       ASSAY_REASON_NONE,
       "",
       0},
      {"empty", {""}, ASSAY_UNAVAILABLE, ASSAY_REASON_UNAVAILABLE, "an empty answer", 0},
      {"HTML", {"<!DOCTYPE html>"}, ASSAY_UNAVAILABLE, ASSAY_REASON_UNAVAILABLE, "HTML", 0},
      {"UTF-16",
       {std::string("\xFF\xFE{\0}\0", 6)},
       ASSAY_UNAVAILABLE,
       ASSAY_REASON_UNAVAILABLE,
       "UTF-16",
       0},
      {"an array",
       {R"([{"id":"d1"}])"},
       ASSAY_UNAVAILABLE,
       ASSAY_REASON_UNAVAILABLE,
       "no JSON object at /, byte 0",
       0},
      {"no list",
       {R"({"id":"d1"})"},
       ASSAY_UNAVAILABLE,
       ASSAY_REASON_UNAVAILABLE,
       "no list at /value",
       0},
      {"value is an object",
       {R"({"value":{"id":"d1"}})"},
       ASSAY_UNAVAILABLE,
       ASSAY_REASON_UNAVAILABLE,
       "no list at /value",
       0},
      {"invalid UTF-8",
       {"{\"value\":[{\"id\":\"\xC3(\"}]}"},
       ASSAY_UNAVAILABLE,
       ASSAY_REASON_UNAVAILABLE,
       "invalid UTF-8",
       0},
      {"wrong type",
       {R"({"value":[{"id":"d1","isEncrypted":"yes"}]})"},
       ASSAY_PARTIAL,
       ASSAY_REASON_PARTIAL,
       "unexpected type at /value/0/isEncrypted, byte 21",
       1},
      {"text for an id",
       {R"({"value":[{"id":7}]})"},
       ASSAY_PARTIAL,
       ASSAY_REASON_PARTIAL,
       "unexpected type at /value/0/id, byte 11",
       0},
      {"no id",
       {R"({"value":[{"deviceName":"x"},{"id":"d2"}]})"},
       ASSAY_PARTIAL,
       ASSAY_REASON_PARTIAL,
       "a record without id",
       1},
      {"an element that is no object",
       {R"({"value":[3,{"id":"d2"}]})"},
       ASSAY_PARTIAL,
       ASSAY_REASON_PARTIAL,
       "unexpected type at /value/0",
       1},
      {"duplicate member",
       {R"({"value":[{"id":"d1","id":"d2"}]})"},
       ASSAY_PARTIAL,
       ASSAY_REASON_PARTIAL,
       "duplicate member at /value/0/id",
       1},
      {"duplicate list",
       {R"({"value":[{"id":"d1"}],"value":[{"id":"d2"}]})"},
       ASSAY_PARTIAL,
       ASSAY_REASON_PARTIAL,
       "duplicate member at /value",
       1},
      {"escaped member name",
       {R"({"value":[{"\u0069d":"d1"}]})"},
       ASSAY_COMPLETE,
       ASSAY_REASON_NONE,
       "",
       1},
      {"text after the end",
       {R"({"value":[{"id":"d1"}]}garbage)"},
       ASSAY_UNAVAILABLE,
       ASSAY_REASON_UNAVAILABLE,
       "a cut answer",
       0},
      {"a second document",
       {R"({"value":[{"id":"d1"}]}{"value":[{"id":"d2"}]})"},
       ASSAY_PARTIAL,
       ASSAY_REASON_PARTIAL,
       "text after the end of the JSON",
       1},
      {"link is a number",
       {R"({"value":[],"@odata.nextLink":5})"},
       ASSAY_PARTIAL,
       ASSAY_REASON_PARTIAL,
       "unexpected type at /@odata.nextLink",
       0},
      {"link of another paging",
       {R"({"value":[],"nextLink":"https:\/\/x"})"},
       ASSAY_PARTIAL,
       ASSAY_REASON_PARTIAL,
       "does not declare",
       0},
      {"lone surrogate",
       {R"({"value":[{"id":"d1","deviceName":"\ud800"}]})"},
       ASSAY_PARTIAL,
       ASSAY_REASON_PARTIAL,
       "malformed value at /value/0/deviceName",
       1},
  }));
  INFO(c.name);
  const DatasetSeen seen = Devices({c.answer});
  CHECK(seen.completeness == c.completeness);
  CHECK(seen.reason == c.reason);
  CHECK_THAT(seen.detail, Catch::Matchers::Contains(c.words));
  CHECK(seen.rows.size() == c.rows);
}

TEST_CASE("Answers: a cut body keeps the records before the cut", "[plugins]") {
  const DatasetSeen seen = Devices({{R"({"value":[{"id":"d1"},{"id":"d2"},{"id":}]})"}});
  CHECK(seen.rows.size() == 2);
  CHECK(seen.completeness == ASSAY_PARTIAL);
  CHECK_THAT(seen.detail, Catch::Matchers::Contains("/value/2"));
}

TEST_CASE("Answers: deep nesting neither crashes nor costs other records", "[plugins]") {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  const DatasetSeen seen =
      Devices({{R"({"value":[{"id":"d1","other":)" + deep + R"(},{"id":"d2"}]})"}});
  CHECK(seen.rows.size() == 2);
}

TEST_CASE("Collectors: what depends on a failed read fails with its reason", "[plugins]") {
  FakeHost host("azure-policy", Schema_azure_policy());
  host.Serve("arm-subscriptions", {Error(403, "AuthorizationFailed")});
  REQUIRE(host.Run() == ASSAY_OK);
  for (const char* id : {"azure_subscription", "policy_assignment", "policy_state"}) {
    INFO(id);
    CHECK(host.dataset(id).completeness == ASSAY_UNAVAILABLE);
    CHECK(host.dataset(id).reason == ASSAY_REASON_PERMISSION);
  }
}

TEST_CASE("Collectors: one subscription of two that fails leaves the dataset partial",
          "[plugins]") {
  FakeHost host("defender", Schema_defender());
  ServeFixtures(host, "defender");
  host.Serve("defender-pricings", {Error(409, "Subscription Not Registered")},
             "22222222-2222-4222-8222-222222222222");
  REQUIRE(host.Run() == ASSAY_OK);
  const DatasetSeen& seen = host.dataset("defender_pricing");
  CHECK(seen.rows.size() == 2);
  CHECK(seen.completeness == ASSAY_PARTIAL);
  CHECK(seen.reason == ASSAY_REASON_UNSUPPORTED);
}

TEST_CASE("Collectors: a read that is not granted is a permission, not an error", "[plugins]") {
  FakeHost host("graph", Schema_graph());
  ServeFixtures(host, "graph");
  host.RefuseRequest("graph-users-signin-activity", ASSAY_E_DENIED);
  REQUIRE(host.Run() == ASSAY_OK);
  CHECK(host.dataset("entra_user_activity").completeness == ASSAY_UNAVAILABLE);
  CHECK(host.dataset("entra_user_activity").reason == ASSAY_REASON_PERMISSION);
  CHECK_THAT(host.dataset("entra_user_activity").detail, Catch::Matchers::Contains("not granted"));
  CHECK(host.dataset("entra_user").completeness == ASSAY_COMPLETE);
}

TEST_CASE("Collectors: each host call that fails ends the run with a named error", "[plugins]") {
  const std::string plugin =
      GENERATE("graph", "azure-policy", "intune", "defender", "activity-log");
  INFO(plugin);
  FakeHost whole(plugin, SchemaOf(plugin));
  ServeFixtures(whole, plugin);
  REQUIRE(whole.Run() == ASSAY_OK);
  for (uint64_t n = 0; n < whole.calls(); ++n) {
    FakeHost host(plugin, SchemaOf(plugin));
    ServeFixtures(host, plugin);
    host.FailCall(n);
    INFO("call " << n);
    CHECK(host.Run() == ASSAY_E_INTERNAL);
    CHECK_FALSE(host.error().empty());
    for (const std::string& breach : host.breaches()) FAIL_CHECK(breach);
  }
}
