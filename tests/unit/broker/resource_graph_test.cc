// Queries of Resource Graph: the closed list of their texts, the subscriptions in their bodies, and
// the tokens that carry a read on.
#include "assay/read.h"
#include "base/text.h"
#include "broker/link_policy.h"
#include "broker/page_fetch.h"
#include "broker/read_posts.h"
#include "support/fake_tenant.h"

using namespace assay;
using namespace assay::broker;
using namespace assay::test;

namespace {

constexpr char kOne[] = "aaaaaaaa-0000-4000-8000-000000000001";
constexpr char kTwo[] = "bbbbbbbb-0000-4000-8000-000000000002";
constexpr const char* kQueries[] = {"inventory", "storage", "keyvaults", "nsgs",   "network",
                                    "compute",   "data",    "recovery",  "vaults", "workspaces"};

EndpointSpec Query(const std::string& which = "nsgs") {
  EndpointSpec spec;
  spec.id = "arm-rg-" + which;
  spec.host = ServiceHost::kArm;
  spec.api_version = "2022-10-01";
  spec.path = "/providers/Microsoft.ResourceGraph/resources";
  spec.params = {{"subscriptions", ParamType::kGuids}};
  spec.paging = Paging::kSkipToken;
  spec.read_post = "resource-graph-" + which;
  return spec;
}

Result<Plan> Build(const EndpointSpec& spec, const std::string& subscriptions) {
  return BuildPlan(*BuiltInCloud("global"), spec, {{"subscriptions", subscriptions}});
}

std::string Guid(size_t n) {
  const std::string digits = std::to_string(n);
  return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

std::string Guids(size_t count) {
  std::vector<std::string> out;
  for (size_t i = 0; i < count; ++i) out.push_back(Guid(i));
  return Join(out, ",");
}

std::string BodyOfRequest(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

std::string Page(const std::string& token) {
  return R"({"totalRecords":2,"data":[{}],"$skipToken":")" + token + "\"}";
}

/// Answers pages whose tokens are these, the last one again and again.
ScriptedServer::Script Tokens(std::vector<std::string> tokens) {
  auto next = std::make_shared<std::atomic<size_t>>(0);
  return [tokens = std::move(tokens), next](const std::string&) {
    return Answer(200, Page(tokens[std::min(next->fetch_add(1), tokens.size() - 1)]));
  };
}

}  // namespace

TEST_CASE("ResourceGraph: every query text is the broker's own and needs no escape [CL-11]",
          "[broker]") {
  for (const char* which : kQueries) {
    INFO(which);
    const ReadPost* post = FindReadPost(std::string("resource-graph-") + which);
    REQUIRE(post != nullptr);
    CHECK(post->query.find_first_of("\"\\\n") == post->query.npos);
    // Nothing in the language writes, but a function that an administrator saved could be called.
    CHECK((post->query.starts_with("resources | ") ||
           post->query.starts_with("recoveryservicesresources | ")));
    CHECK(post->query.find(';') == post->query.npos);
    REQUIRE_OK_AND_ASSIGN(const Plan plan, Build(Query(which), kOne));
    CHECK(plan.method == "POST");
    CHECK(BodyOf(plan, {plan.url}) ==
          std::string(R"({"subscriptions":[")") + kOne + R"("],"query":")" +
              std::string(post->query) +
              R"(","options":{"resultFormat":"objectArray","$top":1000}})");
  }
}

TEST_CASE("ResourceGraph: subscriptions are GUIDs, none twice, a thousand at most", "[broker]") {
  REQUIRE_OK_AND_ASSIGN(
      const Plan plan,
      Build(Query(), std::string(kTwo) + "," + "AAAAAAAA-0000-4000-8000-000000000001"));
  CHECK(plan.subscriptions == std::vector<std::string>{kTwo, kOne});
  CHECK(Build(Query(), Guids(1000)));
  const auto [list, words] = GENERATE(table<std::string, std::string>({
      {"", "not a GUID"},
      {",", "not a GUID"},
      {std::string(kOne) + ",", "not a GUID"},
      {std::string(kOne) + ", " + kTwo, "not a GUID"},
      {std::string(kOne) + ";" + kTwo, "not a GUID"},
      {R"(x"],"query":"resources","z":[")", "not a GUID"},
      {std::string(kOne) + R"("],"query":"x)", "not a GUID"},
      {std::string(kOne) + "," + kOne, "a GUID twice"},
      {"aaaaaaaa-0000-4000-8000-000000000001,AAAAAAAA-0000-4000-8000-000000000001", "a GUID twice"},
      {Guids(1001), "more than 1000"},
  }));
  INFO(list.substr(0, 100));
  CHECK_FAILS(Build(Query(), list), Code::kInvalidInput, words);
}

TEST_CASE("ResourceGraph: a manifest cannot bend the query [CL-11]", "[broker]") {
  EndpointSpec spec = Query();
  spec.paging = Paging::kNone;
  CHECK_FAILS(Build(spec, kOne), Code::kDenied, "paging does not fit");
  spec = Query();
  spec.read_post.clear();
  CHECK_FAILS(Build(spec, kOne), Code::kDenied, "need a read_post");
  spec = Query();
  spec.read_post = "resource-graph-everything";
  CHECK_FAILS(Build(spec, kOne), Code::kDenied, "not in the compiled list");
  spec = Query();
  spec.path += "History";
  CHECK_FAILS(Build(spec, kOne), Code::kDenied, "path differs");
  spec = Query();
  spec.params.clear();
  CHECK_FAILS(BuildPlan(*BuiltInCloud("global"), spec, {}), Code::kDenied, "lists its subscr");
  spec = Query();
  spec.params.push_back({"more", ParamType::kGuids});
  CHECK_FAILS(BuildPlan(*BuiltInCloud("global"), spec, {{"subscriptions", kOne}, {"more", kTwo}}),
              Code::kDenied, "no place");
  spec = Query();
  spec.read_post = "policy-states-query";
  CHECK_FAILS(Build(spec, kOne), Code::kDenied, "path differs");
}

TEST_CASE("ResourceGraph: the last gate knows bodies that the list writes [CL-11]", "[broker]") {
  const EndpointSpec spec = Query();
  REQUIRE_OK_AND_ASSIGN(const Plan plan, Build(spec, std::string(kOne) + "," + kTwo));
  const auto gate = [&](const std::string& body) {
    return CheckOutgoing(*BuiltInCloud("global"), spec, "POST", plan.url, body);
  };
  const std::string first = BodyOf(plan, {plan.url}), next = BodyOf(plan, {plan.url, "ew0K+/=_-"});
  CHECK(gate(first));
  CHECK(gate(next));
  CHECK(next.ends_with(R"("$top":1000,"$skipToken":"ew0K+/=_-"}})"));
  const auto bent = [&](std::string from, const std::string& what, const std::string& with) {
    const size_t at = from.find(what);
    REQUIRE(at != from.npos);
    return from.replace(at, what.size(), with);
  };
  for (const std::string& body :
       {std::string(), std::string("{}"), first + " ", bent(first, "$top\":1000", "$top\":9999"),
        bent(first, "project id", "project *"), bent(first, R"(],")", R"(,"x"],")"),
        bent(first, "\"resources", "\"resourcechanges"), bent(first, kOne, "x"),
        bent(next, "ew0K", "a\",\"b\":\""), bent(next, "ew0K+/=_-", ""),
        bent(first, "}}", ",\"$skipToken\":\"\"}}"), bent(next, "}}", "},\"facets\":[]}")}) {
    INFO(body);
    CHECK_FAILS(gate(body), Code::kDenied, "not one that the compiled list writes");
  }
  EndpointSpec get = Query();
  get.read_post.clear();
  get.paging = Paging::kArm;
  CHECK_FAILS(CheckOutgoing(*BuiltInCloud("global"), get, "GET", plan.url, first), Code::kDenied,
              "not one that");
}

TEST_CASE("ResourceGraph: carries a read on with the token of the page before", "[broker]") {
  FakeTenant tenant(Tokens({"first+token/=", "second"}));
  const ReadResult first = tenant.Read(Query(), {{"subscriptions", kOne}});
  const ReadResult second = tenant.Next(first, "$skipToken");
  CHECK(second.outcome == ASSAY_PAGE_OK);
  const auto requests = tenant.ApiRequests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[1].starts_with(
      "POST /providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01 HTTP/1.1\r\n"));
  CHECK(FieldOf(requests[1], "Content-Type") == "application/json");
  CHECK(BodyOfRequest(requests[0]).ends_with("\"$top\":1000}}"));
  CHECK(BodyOfRequest(requests[1]).ends_with("\"$top\":1000,\"$skipToken\":\"first+token/=\"}}"));
  CHECK(first.record.request_body == BodyOfRequest(requests[0]));
  CHECK(second.record.request_body == BodyOfRequest(requests[1]));
}

TEST_CASE("ResourceGraph: refuses tokens that are none", "[broker]") {
  const auto [token, words] = GENERATE(table<std::string, std::string>({
      {R"(a\",\"query\":\"resourcechanges)", "a character that no token has"},
      {R"(a\\)", "a character that no token has"},
      {R"(a\u0022}}{\u0022query\u0022:\u0022x)", "a character that no token has"},
      {"a b", "a character that no token has"},
      {R"(a\nb)", "a character that no token has"},
      {R"(a\u0000b)", "a character that no token has"},
      {R"(a\u00e9)", "a character that no token has"},
      {R"(\u007f)", "a character that no token has"},
      {std::string(8193, 'a'), "longer than 8192 bytes"},
  }));
  INFO(token.substr(0, 60));
  const std::string body = Page(token);
  ReadState read;
  REQUIRE_OK_AND_ASSIGN(read.plan, Build(Query(), kOne));
  const size_t at = body.find("Token\":") + 7;
  CHECK_FAILS(ReadLink(read, AsBytes(body), at, token.size() + 2), Code::kDenied, words);
}

TEST_CASE("ResourceGraph: a refused or repeated token ends the read as partial", "[broker]") {
  FakeTenant tenant(Tokens({"same", "same", "same"}));
  const ReadResult first = tenant.Read(Query(), {{"subscriptions", kOne}});
  const ReadResult second = tenant.Next(first, "$skipToken");
  CHECK(second.outcome == ASSAY_PAGE_OK);
  const ReadResult third = tenant.Next(second, "$skipToken");
  CHECK(third.outcome == ASSAY_PAGE_REFUSED);
  CHECK(third.reason == Reason::kPartial);
  CHECK_THAT(third.detail, Catch::Matchers::Contains("goes in circles"));
  CHECK(tenant.ApiRequests().size() == 2);
}

TEST_CASE("ResourceGraph: a token stands under its own key only", "[broker]") {
  const auto extract = [](const std::string& body) {
    const size_t at = body.find("\"T\"");
    return ExtractLink(AsBytes(body), at, 3, Paging::kSkipToken);
  };
  CHECK(extract(R"({"$skipToken":"T"})"));
  for (const char* body : {R"({"nextLink":"T"})", R"({"skipToken":"T"})", R"({"$skipToken":["T"]})",
                           R"({"a\"$skipToken":"T"})"}) {
    INFO(body);
    CHECK_FAILS(extract(body), Code::kDenied, "paging key");
  }
}

TEST_CASE("ResourceGraph: never asks about a subscription that nobody wants read [CM-17]",
          "[broker]") {
  const std::string both = std::string(kOne) + "," + kTwo;
  const auto refused = [&](auto set) {
    FakeTenant tenant(Tokens({"t"}));
    set(tenant.options);
    CHECK_FAILS(tenant.Get().Start(Query(), {{"subscriptions", both}}, [](ReadResult) {}),
                Code::kDenied, "does not want this subscription");
    CHECK(tenant.ApiRequests().empty());
    CHECK(tenant.Read(Query(), {{"subscriptions", kOne}}).outcome == ASSAY_PAGE_OK);
  };
  refused([&](BrokerOptions& o) {
    o.exclude_subscriptions = {"BBBBBBBB-0000-4000-8000-000000000002"};
  });
  refused([&](BrokerOptions& o) { o.subscriptions = {kOne}; });
}
