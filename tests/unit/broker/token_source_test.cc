// Tokens: what is sent, how long it is kept, and what each refusal tells the operator. [CM-18]
#include <set>

#include "support/fake_tenant.h"

using namespace assay;
using namespace assay::broker;
using namespace assay::test;

namespace {

Reply Nothing(const std::string&) { return Answer(200, "{}"); }

Reply Refused(int code, int status = 400) {
  return Answer(status, "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS" +
                            std::to_string(code) + ": text with " + kSecretCanary +
                            "\",\"error_codes\":[" + std::to_string(code) + "]}");
}

}  // namespace

TEST_CASE("Token: is asked for with the client-credentials grant", "[broker]") {
  FakeTenant tenant(Nothing);
  REQUIRE_OK_AND_ASSIGN(const Consent consent, tenant.Raw().CheckConsent(true));
  CHECK(consent.graph_checked);
  CHECK(consent.arm_token);
  CHECK_THAT(consent.arm_note, Catch::Matchers::StartsWith("not checked: "));
  CHECK(consent.app_id == kApp);
  CHECK(consent.token_tenant == kTenant);
  CHECK(consent.roles == std::vector<std::string>{"User.Read.All"});
  const auto requests = tenant.TokenRequests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].starts_with(
      "POST /11111111-2222-3333-4444-555555555555/oauth2/v2.0/token HTTP/1.1\r\n"));
  CHECK(FieldOf(requests[0], "Content-Type") == "application/x-www-form-urlencoded");
  CHECK(FieldOf(requests[0], "Authorization").empty());
  CHECK(
      requests[0].ends_with("\r\n\r\nclient_id=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee&scope="
                            "https%3A%2F%2Fgraph.microsoft.com%2F.default&client_secret="
                            "CANARY%2Bsecret%2F8Q~x&grant_type=client_credentials"));
  CHECK(requests[1].find("scope=https%3A%2F%2Fmanagement.azure.com%2F.default") !=
        std::string::npos);
}

TEST_CASE("Token: asks for no ARM token where none is needed", "[broker]") {
  FakeTenant tenant(Nothing);
  REQUIRE_OK_AND_ASSIGN(const Consent consent, tenant.Raw().CheckConsent(false));
  CHECK_FALSE(consent.arm_token);
  CHECK(tenant.TokenRequests().size() == 1);
  EndpointSpec arm;
  arm.id = "arm-x";
  arm.host = ServiceHost::kArm;
  arm.api_version = "2022-01-01";
  arm.path = "/subscriptions";
  CHECK_FAILS(tenant.Raw().Start(arm, {}, [](ReadResult) {}), Code::kDenied, "consent guard");
}

TEST_CASE("Token: is kept until five minutes before it expires", "[broker]") {
  FakeTenant tenant(Nothing);
  tenant.Read(FakeTenant::Users());
  CHECK(tenant.TokenRequests().size() == 2);
  tenant.clock.Advance(std::chrono::minutes(54));
  tenant.Read(FakeTenant::Users());
  CHECK(tenant.TokenRequests().size() == 2);
  tenant.clock.Advance(std::chrono::minutes(2));
  tenant.Read(FakeTenant::Users());
  CHECK(tenant.TokenRequests().size() == 3);
}

TEST_CASE("Token: refusals have one hint each and are not asked twice [CM-18]", "[broker]") {
  std::set<std::string> hints;
  for (const int code : {7000215, 7000222, 700016, 65001, 90002, 900023, 53003, 500011, 1234567}) {
    FakeTenant tenant(Nothing);
    tenant.tokens = [code](const std::string&) {
      return Refused(code, code == 7000215 ? 401 : 400);
    };
    const auto consent = tenant.Raw().CheckConsent(true);
    INFO(code);
    CHECK_FAILS(consent, Code::kDenied, "AADSTS" + std::to_string(code));
    CHECK(consent.error().id == "AS-CON-001");
    CHECK(consent.error().ToString().find("CANARY") == std::string::npos);
    CHECK(consent.error().hint.find("CANARY") == std::string::npos);
    CHECK_FALSE(consent.error().hint.empty());
    hints.insert(consent.error().hint);
    CHECK(tenant.TokenRequests().size() == 1);
  }
  CHECK(hints.size() == 9);
}

TEST_CASE("Token: reads the code from the description when there is no list", "[broker]") {
  FakeTenant tenant(Nothing);
  tenant.tokens = [](const std::string&) {
    return Answer(401,
                  R"({"error":"invalid_client","error_description":"AADSTS7000222: expired"})");
  };
  CHECK_FAILS(tenant.Raw().CheckConsent(false), Code::kDenied, "expired (AADSTS7000222)");
}

TEST_CASE("Token: waits for a busy service, but not for long", "[broker]") {
  FakeTenant tenant(Nothing);
  std::atomic<int> count = 0;
  SECTION("recovers") {
    tenant.tokens = [&](const std::string&) {
      return count++ == 0 ? Answer(503, "", "Retry-After: 3\r\n")
                          : Answer(200, TokenBody(MakeToken("https://graph.microsoft.com",
                                                            R"("roles":["User.Read.All"])")));
    };
    REQUIRE_OK(tenant.Raw().CheckConsent(false));
    CHECK(tenant.clock.slept_ms() == 3000);
  }
  SECTION("gives up") {
    tenant.tokens = [](const std::string&) { return Answer(500, "oops"); };
    CHECK_FAILS(tenant.Raw().CheckConsent(false), Code::kUnavailable, "busy (HTTP 500)");
    CHECK(tenant.TokenRequests().size() == 3);
  }
  SECTION("busy by code") {
    tenant.tokens = [](const std::string&) { return Refused(90033); };
    CHECK_FAILS(tenant.Raw().CheckConsent(false), Code::kUnavailable, "busy");
  }
}

TEST_CASE("Token: refuses answers that hold no usable token", "[broker]") {
  const auto [reply, words] = GENERATE(table<Reply, std::string>({
      {Answer(200, "<html>"), "is not JSON"},
      {Answer(200, "{}"), "no access_token"},
      {Answer(200, R"({"access_token":"a b","token_type":"Bearer","expires_in":9})"),
       "no access_token"},
      {Answer(200, R"({"access_token":"a\r\nb","token_type":"Bearer","expires_in":9})"),
       "no access_token"},
      {Answer(200, R"({"access_token":"ab","token_type":"pop","expires_in":9})"),
       "not for a Bearer"},
      {Answer(200, R"({"access_token":"ab","token_type":"Bearer"})"), "no lifetime"},
      {Answer(200, R"({"access_token":"ab","token_type":"Bearer","expires_in":-5})"),
       "no lifetime"},
      {Answer(200, TokenBody("opaque")), "three parts"},
      {Answer(302, "", "Location: http://127.0.0.1:1/\r\n"), "without a code (HTTP 302)"},
      {Answer(404, "{}"), "without a code (HTTP 404)"},
      {Answer(200, std::string(300'000, '[')), "is not JSON"},
  }));
  FakeTenant tenant(Nothing);
  tenant.tokens = [&, bytes = reply](const std::string&) { return bytes; };
  CHECK_FAILS(tenant.Raw().CheckConsent(false), Code::kDenied, words);
  CHECK(tenant.TokenRequests().size() == 1);
}

TEST_CASE("Token: calls a mangled answer unavailable and does not ask again", "[broker]") {
  FakeTenant tenant(Nothing);
  tenant.tokens = [](const std::string&) { return Reply{"HTTP/1.1 200 OK\r\n\r\n{}", true}; };
  CHECK_FAILS(tenant.Raw().CheckConsent(false), Code::kUnavailable,
              "neither Content-Length nor chunked");
  CHECK(tenant.TokenRequests().size() == 1);
}

TEST_CASE("Token: is refused when it may write, before any read [CL-9]", "[broker]") {
  FakeTenant tenant(Nothing);
  tenant.tokens = [](const std::string&) {
    return Answer(200, TokenBody(MakeToken("https://graph.microsoft.com",
                                           R"("roles":["Directory.ReadWrite.All"])")));
  };
  const auto consent = tenant.Raw().CheckConsent(true);
  CHECK_FAILS(consent, Code::kDenied, "may write to your tenant: Directory.ReadWrite.All");
  CHECK(consent.error().id == "AS-CON-003");
  CHECK(consent.error().ToString().find("CANARY") == std::string::npos);
  CHECK(tenant.ApiRequests().empty());
}

TEST_CASE("Token: reports how far the local clock is off", "[broker]") {
  FakeTenant tenant(Nothing);
  tenant.tokens = [](const std::string&) {
    return Answer(
        200, TokenBody(MakeToken("https://graph.microsoft.com", R"("roles":["User.Read.All"])")),
        "Date: Wed, 18 Nov 2026 11:06:30 GMT\r\n");
  };
  REQUIRE_OK_AND_ASSIGN(const Consent consent, tenant.Raw().CheckConsent(false));
  CHECK(consent.clock_offset_ms == 10'000);
}

TEST_CASE("Token: takes the lifetime as text and keeps short-lived tokens for half of it",
          "[broker]") {
  FakeTenant tenant(Nothing);
  tenant.tokens = [](const std::string& request) {
    const bool arm = request.find("management") != request.npos;
    return Answer(200, R"({"token_type":"bearer","expires_in":"100","access_token":")" +
                           (arm ? MakeToken("https://management.azure.com/", "")
                                : MakeToken("00000003-0000-0000-c000-000000000000",
                                            R"("roles":["User.Read.All"])")) +
                           "\"}");
  };
  tenant.Read(FakeTenant::Users());
  tenant.Read(FakeTenant::Users());
  CHECK(tenant.TokenRequests().size() == 2);
  tenant.clock.Advance(std::chrono::seconds(51));
  tenant.Read(FakeTenant::Users());
  CHECK(tenant.TokenRequests().size() == 3);
}
