// What may be built and what must be refused before a socket is opened. [CL-11]
#include "broker/url_policy.h"

#include "broker/content_policy.h"
#include "broker/read_posts.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::broker;

namespace {

constexpr char kSub[] = "01234567-89ab-cdef-0123-456789abcdef";

Cloud Global() { return *BuiltInCloud("global"); }

EndpointSpec Graph(const std::string& path) {
  EndpointSpec spec;
  spec.id = "graph-x";
  spec.version = "v1.0";
  spec.path = path;
  return spec;
}

EndpointSpec Arm(const std::string& path) {
  EndpointSpec spec;
  spec.id = "arm-x";
  spec.host = ServiceHost::kArm;
  spec.api_version = "2022-04-01";
  spec.path = path;
  return spec;
}

EndpointSpec WithSegment() {
  EndpointSpec spec = Graph("/users/{id}/owners");
  spec.params = {{"id", ParamType::kSegment}};
  return spec;
}

EndpointSpec PolicyQuery() {
  EndpointSpec spec =
      Arm("/subscriptions/{subscriptionId}/providers/Microsoft.PolicyInsights/policyStates/latest/"
          "queryResults");
  spec.api_version = "2019-10-01";
  spec.params = {{"subscriptionId", ParamType::kGuid}};
  spec.read_post = "policy-states-query";
  spec.paging = Paging::kOdataPost;
  return spec;
}

}  // namespace

TEST_CASE("UrlPolicy: builds Graph and ARM URLs", "[broker]") {
  EndpointSpec users = Graph("/users");
  users.query = {{"$select", "id,displayName"}, {"$filter", "a eq 'b&c' and d#1+2%"}};
  REQUIRE_OK_AND_ASSIGN(Plan plan, BuildPlan(Global(), users, {}));
  CHECK(plan.method == "GET");
  CHECK(plan.url.ToString() ==
        "https://graph.microsoft.com/v1.0/users?$select=id,displayName&$filter="
        "a%20eq%20'b%26c'%20and%20d%231%2B2%25");
  EndpointSpec locks = Arm("/subscriptions/{s}/providers/Microsoft.Authorization/locks");
  locks.params = {{"s", ParamType::kGuid}};
  locks.query = {{"$filter", "atScope()"}};
  REQUIRE_OK_AND_ASSIGN(plan, BuildPlan(Global(), locks, {{"s", kSub}}));
  CHECK(plan.url.ToString() ==
        "https://management.azure.com/subscriptions/01234567-89ab-cdef-0123-456789abcdef/"
        "providers/Microsoft.Authorization/locks?api-version=2022-04-01&$filter=atScope()");
}

TEST_CASE("UrlPolicy: encodes a parameter by its bytes", "[broker]") {
  REQUIRE_OK_AND_ASSIGN(Plan plan,
                        BuildPlan(Global(), WithSegment(), {{"id", "caf\xc3\xa9.rg-1_(x)"}}));
  CHECK(plan.url.path == "/v1.0/users/caf%C3%A9.rg-1_(x)/owners");
  CHECK(plan.segments ==
        std::vector<std::string>{"v1.0", "users", "caf\xc3\xa9.rg-1_(x)", "owners"});
}

TEST_CASE("UrlPolicy: refuses attacks in a path parameter [CL-11]", "[broker]") {
  const std::string value =
      GENERATE(std::string(""), ".", "..", "...", "a..b", "%2e%2e", "%2E%2e", "..%2f", "%2f",
               "a%2fb", "%252e", "%252f", "..;", "a;b", "a/b", "/", "//", "\\", "a\\b", "a b", " ",
               "a#b", "a?b", "a\r\nb", "a\nb", "%0d%0a", std::string("a\0b", 3), "%00", "a\x7f",
               "a\tb", "\xff", "\xc0\xae\xc0\xae",
               "\xef\xbc\x8e\xef\xbc\x8e",  // full-width dots
               "\xef\xbc\x8f",              // full-width slash
               "\xe2\x80\xa4\xe2\x80\xa4",  // one dot leaders
               "\xe2\x80\xa5",              // two dot leader
               "\xe2\x88\x95",              // division slash
               "\xe2\x84\x80",              // a/c
               "\xe3\x80\x82",              // ideographic full stop
               "\xe2\x80\xae"
               "x",  // right-to-left override
               "\xf0\x9f\x98\x80", "a\"b", "<a>", "a|b", "{x}", "a%", std::string(513, 'a'));
  INFO(value);
  const auto plan = BuildPlan(Global(), WithSegment(), {{"id", value}});
  CHECK_FAILS(plan, Code::kInvalidInput, "parameter \"id\"");
}

TEST_CASE("UrlPolicy: accepts nothing but a GUID where a GUID is declared", "[broker]") {
  EndpointSpec spec = Arm("/subscriptions/{s}/x");
  spec.params = {{"s", ParamType::kGuid}};
  for (const char* bad :
       {"", "x", "01234567-89ab-cdef-0123-456789abcde", "../../../x",
        "{01234567-89ab-cdef-0123-456789abcdef}", "01234567-89ab-cdef-0123-456789abcdeg"}) {
    INFO(bad);
    CHECK_FAILS(BuildPlan(Global(), spec, {{"s", bad}}), Code::kInvalidInput, "parameter \"s\"");
  }
  CHECK(BuildPlan(Global(), spec, {{"s", kSub}}));
}

TEST_CASE("UrlPolicy: refuses parameters that are missing, unknown or doubled", "[broker]") {
  CHECK_FAILS(BuildPlan(Global(), WithSegment(), {}), Code::kInvalidInput, "\"id\" is missing");
  CHECK_FAILS(BuildPlan(Global(), WithSegment(), {{"id", "a"}, {"x", "b"}}), Code::kInvalidInput,
              "unknown parameter \"x\"");
  CHECK_FAILS(BuildPlan(Global(), WithSegment(), {{"id", "a"}, {"id", "b"}}), Code::kInvalidInput,
              "given twice");
  CHECK_FAILS(BuildPlan(Global(), Graph("/users/{id}"), {}), Code::kInvalidInput,
              "has no parameter");
}

TEST_CASE("UrlPolicy: refuses hostile path templates", "[broker]") {
  const std::string path =
      GENERATE(std::string("users"), "", "/", "//users", "/users//x", "/users/../admin", "/./users",
               "/users/.", "/users/%2e%2e/x", "/users/..;/x", "/users x", "/users\\x", "/users#x",
               "/users?x=1", "/us\r\ners", "/a:b@evil.example/", "/users/{id",
               "/\xef\xbc\x8e\xef\xbc\x8e/x", std::string("/a\0b", 4));
  INFO(path);
  CHECK_FAILS(BuildPlan(Global(), Graph(path), {}), Code::kDenied, "path template");
}

TEST_CASE("UrlPolicy: refuses hostile versions and query parameters", "[broker]") {
  EndpointSpec spec = Graph("/users");
  spec.version = "v1.0/../beta";
  CHECK_FAILS(BuildPlan(Global(), spec, {}), Code::kDenied, "version");
  spec = Arm("/x");
  spec.api_version = "2022&x=1";
  CHECK_FAILS(BuildPlan(Global(), spec, {}), Code::kDenied, "api_version");
  spec = Arm("/x");
  spec.query = {{"API-Version", "1"}};
  CHECK_FAILS(BuildPlan(Global(), spec, {}), Code::kDenied, "api-version");
  spec = Graph("/users");
  spec.query = {{"$select", "a\r\nHost: evil"}};
  CHECK_FAILS(BuildPlan(Global(), spec, {}), Code::kDenied, "control character");
  spec.query = {{"a=b&c", "x"}};
  CHECK_FAILS(BuildPlan(Global(), spec, {}), Code::kDenied, "name is not plain");
  spec.query = {{"$filter", std::string(17'000, 'x')}};
  CHECK_FAILS(BuildPlan(Global(), spec, {}), Code::kLimitExceeded, "16384");
}

TEST_CASE("UrlPolicy: fills times into the query and nothing that could be a condition",
          "[broker]") {
  EndpointSpec spec = Graph("/auditLogs/signIns");
  spec.params = {{"since", ParamType::kTime}, {"until", ParamType::kTime}};
  spec.query = {{"$filter", "at ge '{since}' and at lt '{until}'"}};
  const auto build = [&](const std::string& since) {
    return BuildPlan(Global(), spec, {{"since", since}, {"until", "2026-11-21T00:00:00.500Z"}});
  };
  REQUIRE_OK_AND_ASSIGN(const Plan plan, build("2026-11-20T00:00:00Z"));
  CHECK(plan.url.query ==
        "$filter=at%20ge%20'2026-11-20T00:00:00Z'%20and%20at%20lt%20'2026-11-21T00:00:00.500Z'");
  for (const char* bad :
       {"", "1'or'1", "x,y", "a(b)", "a=b", "a&b", "now", "2026-11-20", "2026-13-20T00:00:00Z",
        "2026-11-20T00:00:00+01:00", "2026-11-20t00:00:00z", "2026-11-20 00:00:00Z",
        "2026-11-20T00:00:00.1234567Z", "2026-11-20T00:00:00Z or true", "2026-11-20T00:00:00Z'",
        "2026-11-20T00:00:0pZ", " 2026-11-20T00:00:00Z"}) {
    INFO(bad);
    CHECK_FAILS(build(bad), Code::kInvalidInput, "parameter \"since\"");
  }
}

TEST_CASE(
    "UrlPolicy: fills nothing but declared times and GUIDs into the query, no time into a path",
    "[broker]") {
  EndpointSpec spec = Graph("/auditLogs/signIns");
  spec.query = {{"$filter", "userId eq '{id}'"}};
  CHECK_FAILS(BuildPlan(Global(), spec, {}), Code::kDenied, "of type time or guid");
  spec.params = {{"id", ParamType::kSegment}};
  CHECK_FAILS(BuildPlan(Global(), spec, {{"id", "x"}}), Code::kDenied, "of type time or guid");
  spec.params = {{"id", ParamType::kGuid}};
  REQUIRE_OK_AND_ASSIGN(const Plan plan, BuildPlan(Global(), spec, {{"id", kSub}}));
  CHECK(plan.first_query[0].second == "userId eq '" + std::string(kSub) + "'");
  spec = Graph("/auditLogs/{at}");
  spec.params = {{"at", ParamType::kTime}};
  CHECK_FAILS(BuildPlan(Global(), spec, {{"at", "2026-11-20T00:00:00Z"}}), Code::kDenied,
              "holds a time");
}

TEST_CASE("UrlPolicy: allows POST only for reads of the compiled list [CL-11]", "[broker]") {
  const Params params = {{"subscriptionId", kSub}};
  REQUIRE_OK_AND_ASSIGN(Plan plan, BuildPlan(Global(), PolicyQuery(), params));
  CHECK(plan.method == "POST");
  CHECK(BodyOf(plan, {plan.url}).empty());
  EndpointSpec spec = PolicyQuery();
  spec.read_post = "trigger-evaluation";
  CHECK_FAILS(BuildPlan(Global(), spec, params), Code::kDenied, "not in the compiled list");
  spec = PolicyQuery();
  spec.read_post = "policy-states-summarize";
  CHECK_FAILS(BuildPlan(Global(), spec, params), Code::kDenied, "path differs");
  spec = PolicyQuery();
  spec.api_version = "2018-07-01";
  CHECK_FAILS(BuildPlan(Global(), spec, params), Code::kDenied, "api_version differs");
  spec = PolicyQuery();
  spec.host = ServiceHost::kGraph;
  spec.version = "v1.0";
  CHECK_FAILS(BuildPlan(Global(), spec, params), Code::kDenied, "path differs");
  spec = PolicyQuery();
  spec.read_post.clear();
  CHECK_FAILS(BuildPlan(Global(), spec, params), Code::kDenied, "odata-post");
}

TEST_CASE("UrlPolicy: refuses POST paths beside the template of the list [CL-11]", "[broker]") {
  const std::string path = GENERATE(
      std::string("/subscriptions/{subscriptionId}/providers/Microsoft.PolicyInsights/policyStates/"
                  "latest/triggerEvaluation"),
      "/subscriptions/{subscriptionId}/providers/Microsoft.PolicyInsights/policyStates/latest/"
      "queryResults/x",
      "/subscriptions/x/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults",
      "/subscriptions/{subscriptionId}/providers/Microsoft.PolicyInsights/policyStates/{v}/"
      "queryResults",
      "/{a}/{b}/{c}/{d}/{e}/{f}/{g}", "/providers/Microsoft.ResourceGraph/resources");
  EndpointSpec spec = PolicyQuery();
  spec.path = path;
  CHECK_FAILS(BuildPlan(Global(), spec, {{"subscriptionId", kSub}}), Code::kDenied, "path differs");
}

TEST_CASE("UrlPolicy: lets no other method or host through the last gate [CL-11]", "[broker]") {
  REQUIRE_OK_AND_ASSIGN(const Plan plan, BuildPlan(Global(), Graph("/users"), {}));
  CHECK(CheckOutgoing(Global(), Graph("/users"), "GET", plan.url));
  for (const char* method :
       {"POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get", "", "GET ", "MERGE"}) {
    INFO(method);
    CHECK_FAILS(CheckOutgoing(Global(), Graph("/users"), method, plan.url), Code::kDenied,
                "is not allowed, only GET");
  }
  Url elsewhere = plan.url;
  elsewhere.host = "graph.microsoft.com.evil.example";
  CHECK_FAILS(CheckOutgoing(Global(), Graph("/users"), "GET", elsewhere), Code::kDenied,
              "leave the configured host");
  CHECK_FAILS(CheckOutgoing(Global(), PolicyQuery(), "GET", plan.url), Code::kDenied, "only POST");
}

TEST_CASE("UrlPolicy: refuses content endpoints [CM-12]", "[broker]") {
  const std::string path = GENERATE(
      std::string("/users/{id}/messages"), "/users/{id}/mailFolders",
      "/users/{id}/MAILFOLDERS/inbox/Messages", "/users/{id}/drive/items/x/content",
      "/drives/x/items/y/content", "/chats", "/users/{id}/chats/x",
      "/teams/{id}/channels/c/messages", "/users/{id}/photo/$value", "/users/{id}/onenote/pages",
      "/users/{id}/calendar/events", "/users/{id}/calendarView", "/users/{id}/contacts",
      "/sites/root/drive", "/me/onlineMeetings/x/transcripts", "/users/{id}/onlineMeetings",
      "/users/{id}/messages('x')");
  EndpointSpec spec = Graph(path);
  spec.params = {{"id", ParamType::kSegment}};
  INFO(path);
  const auto plan = BuildPlan(Global(), spec, {{"id", "u1"}});
  REQUIRE_FALSE(plan);
  CHECK(plan.error().id == "AS-SBX-004");
  CHECK_FAILS(plan, Code::kDenied, "content endpoint");
}

TEST_CASE("UrlPolicy: refuses content that comes by a parameter, $expand or $select [CM-12]",
          "[broker]") {
  EndpointSpec spec = Graph("/users/{id}/{nav}");
  spec.params = {{"id", ParamType::kSegment}, {"nav", ParamType::kSegment}};
  CHECK_FAILS(BuildPlan(Global(), spec, {{"id", "u"}, {"nav", "messages"}}), Code::kDenied,
              "content endpoint");
  for (const char* expand : {"messages", "drive($expand=root)", "manager($expand=mailFolders)"}) {
    spec = Graph("/users");
    spec.query = {{"$expand", expand}};
    CHECK_FAILS(BuildPlan(Global(), spec, {}), Code::kDenied, "content endpoint");
  }
  spec = Graph("/informationProtection/bitlocker/recoveryKeys");
  spec.query = {{"$select", "id,key"}};
  CHECK_FAILS(BuildPlan(Global(), spec, {}), Code::kDenied, "content endpoint");
  spec = Graph("/directory/deviceLocalCredentials");
  spec.query = {{"$select", "id,credentials"}};
  CHECK_FAILS(BuildPlan(Global(), spec, {}), Code::kDenied, "content endpoint");
  spec.query = {{"$select", "id,deviceName,lastBackupDateTime"}};
  CHECK(BuildPlan(Global(), spec, {}));
}

TEST_CASE("Cloud: knows the four built-in clouds", "[broker]") {
  for (const char* name : {"global", "usgov", "usgov-dod", "china"}) {
    const auto cloud = BuiltInCloud(name);
    REQUIRE(cloud);
    for (const std::string& base : {cloud->login, cloud->graph, cloud->arm}) {
      REQUIRE_OK_AND_ASSIGN(const Url url, ParseBaseUrl(base));
      CHECK(url.tls);
    }
    CHECK(cloud->graph_scope == cloud->graph + "/.default");
  }
  CHECK(BuiltInCloud("china")->login == "https://login.partner.microsoftonline.cn");
  CHECK_FALSE(BuiltInCloud("mars"));
}

TEST_CASE("BaseUrl: takes loopback in plain http and DNS names over https only", "[broker]") {
  for (const char* good : {"http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9/",
                           "https://127.3.2.1", "https://graph.microsoft.com/"}) {
    INFO(good);
    CHECK(ParseBaseUrl(good));
  }
  for (const char* bad : {"",
                          "graph.microsoft.com",
                          "http://graph.microsoft.com",
                          "ftp://127.0.0.1",
                          "https://10.0.0.1",
                          "https://169.254.169.254",
                          "http://169.254.169.254",
                          "http://[fe80::1]",
                          "https://[::ffff:127.0.0.1]",
                          "https://0x7f.1",
                          "https://2130706433",
                          "http://127.0.0.01",
                          "http://127.1",
                          "http://0.0.0.0",
                          "https://graph.microsoft.com.",
                          "https://Graph.microsoft.com",
                          "https://a@graph.microsoft.com",
                          "https://graph.microsoft.com:0",
                          "https://graph.microsoft.com:65536",
                          "https://graph.microsoft.com:x",
                          "https://graph.microsoft.com/x",
                          "https://graph.microsoft.com?x",
                          "https://graph.microsoft.com#x",
                          "https://graph",
                          "https://-a.example",
                          "https://a..example",
                          "https://",
                          "https:///x",
                          "http://127.0.0.1.evil.example",
                          "http://localhost.evil.example",
                          "https://gr\xc3\xa4ph.example"}) {
    INFO(bad);
    CHECK_FAILS(ParseBaseUrl(bad), Code::kInvalidInput, "base url");
  }
}
