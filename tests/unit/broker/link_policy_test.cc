// The continuation link: which bytes count as one, and which may be followed (plugins.md section
// 3).
#include "broker/link_policy.h"

#include "base/text.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::broker;

namespace {

EndpointSpec Spec() {
  EndpointSpec spec;
  spec.id = "graph-signins";
  spec.version = "v1.0";
  spec.path = "/groups/{id}/members";
  spec.params = {{"id", ParamType::kSegment}};
  spec.query = {{"$select", "id,displayName"}, {"$expand", "owners($select=id;$top=5),manager"}};
  spec.paging = Paging::kOdata;
  return spec;
}

Plan MakePlan() { return BuildPlan(*BuiltInCloud("global"), Spec(), {{"id", "g1"}}).value(); }

constexpr char kGood[] = "https://graph.microsoft.com/v1.0/groups/g1/members";

Result<std::string> Extract(const std::string& body, const std::string& token,
                            Paging paging = Paging::kOdata) {
  const size_t at = body.find(token);
  REQUIRE(at != body.npos);
  return ExtractLink(AsBytes(body), at, token.size(), paging);
}

}  // namespace

TEST_CASE("Link: is taken when the paging key stands before it", "[broker]") {
  for (const char* body : {R"({"@odata.nextLink":"https://x"})",
                           R"({"value":[], "@odata.nextLink" :)"
                           "\r\n\t"
                           R"("https://x"})",
                           R"({"value":[{}] , "@odata.nextLink":"https://x","z":1})"}) {
    INFO(body);
    REQUIRE_OK_AND_ASSIGN(const std::string link, Extract(body, "\"https://x\""));
    CHECK(link == "https://x");
  }
  CHECK(Extract(R"({"nextLink":"https://x"})", "\"https://x\"", Paging::kArm));
}

TEST_CASE("Link: has its JSON escapes undone by the broker", "[broker]") {
  REQUIRE_OK_AND_ASSIGN(const std::string link,
                        Extract(R"({"@odata.nextLink":"https:\/\/x?a=1\u0026b=\u00e9\u20AC"})",
                                R"("https:\/\/x?a=1\u0026b=\u00e9\u20AC")"));
  CHECK(link == "https://x?a=1&b=\xc3\xa9\xe2\x82\xac");
}

TEST_CASE("Link: is refused where the key does not stand directly before it", "[broker]") {
  const auto [body, token, paging] = GENERATE(table<std::string, std::string, Paging>({
      {R"({"other":"https://x"})", R"("https://x")", Paging::kOdata},
      {R"({"nextLink":"https://x"})", R"("https://x")", Paging::kOdata},
      {R"({"@odata.nextLink":"https://x"})", R"("https://x")", Paging::kArm},
      {R"({"x@odata.nextLink":"https://x"})", R"("https://x")", Paging::kOdata},
      {R"({"v":["https://x"]})", R"("https://x")", Paging::kOdata},
      {R"({"@odata.nextLink":["https://x"]})", R"("https://x")", Paging::kOdata},
      {R"({"@odata.nextLink" "https://x"})", R"("https://x")", Paging::kOdata},
      {R"({"a":"\"@odata.nextLink\":","b":"https://x"})", R"("https://x")", Paging::kOdata},
      // A tag whose name ends like the key: its quote is escaped.
      {R"({"a\"nextLink":"https://x"})", R"("https://x")", Paging::kArm},
      {R"({"a{\"nextLink":"https://x"})", R"("https://x")", Paging::kArm},
      {R"({"a,\"nextLink":"https://x"})", R"("https://x")", Paging::kArm},
      {R"("https://x")", R"("https://x")", Paging::kOdata},
      {R"(:"https://x")", R"("https://x")", Paging::kOdata},
      {R"("@odata.nextLink":"https://x")", R"("https://x")", Paging::kOdata},
  }));
  INFO(body);
  CHECK_FAILS(Extract(body, token, paging), Code::kDenied, "paging key");
}

TEST_CASE("Link: is refused when the range is not one string literal", "[broker]") {
  const auto [literal, words] = GENERATE(table<std::string, std::string>({
      {R"("a","b")", "more than one"},
      {R"("a\x")", "bad escape"},
      {R"("a\u12")", "bad escape"},
      {R"("a\u12zz")", "bad escape"},
      {R"("\ud83d\ude00")", "bad escape"},
      {R"("a\")", "bad escape"},
      {"\"a\nb\"", "control character"},
      {std::string("\"a\0b\"", 5), "control character"},
      {"\"a\xff\"", "not UTF-8"},
      {R"(a")", "not a string literal"},
      {R"("a)", "not a string literal"},
      {"1", "too short"},
  }));
  INFO(literal);
  const std::string body = "{\"@odata.nextLink\":" + literal + "}";
  CHECK_FAILS(ExtractLink(AsBytes(body), 19, literal.size(), Paging::kOdata), Code::kDenied, words);
}

TEST_CASE("Link: is refused when the range leaves the body or the endpoint has one page",
          "[broker]") {
  const std::string body = R"({"@odata.nextLink":"https://x"})";
  const ByteSpan bytes = AsBytes(body);
  CHECK_FAILS(ExtractLink(bytes, body.size() + 1, 2, Paging::kOdata), Code::kDenied, "outside");
  CHECK_FAILS(ExtractLink(bytes, 19, body.size(), Paging::kOdata), Code::kDenied, "outside");
  CHECK_FAILS(ExtractLink(bytes, UINT64_MAX, 2, Paging::kOdata), Code::kDenied, "outside");
  CHECK_FAILS(ExtractLink(bytes, 19, UINT64_MAX - 18, Paging::kOdata), Code::kDenied, "outside");
  CHECK_FAILS(ExtractLink({}, 0, 0, Paging::kOdata), Code::kDenied, "too short");
  CHECK_FAILS(ExtractLink(bytes, 19, 11, Paging::kSingle), Code::kDenied, "one page");
  const std::string large = "{\"@odata.nextLink\":\"" + std::string(100'000, 'a') + "\"}";
  CHECK_FAILS(ExtractLink(AsBytes(large), 19, 100'002, Paging::kOdata), Code::kDenied, "too long");
}

TEST_CASE("Link: may be followed when it goes on with the same read", "[broker]") {
  const std::string base = kGood;
  for (const std::string& link :
       {base, base + "?$skiptoken=abc", base + "?$skiptoken=a|b{c}", base + "?$filter=a eq 'b'",
        base + "?%24select=id&$skiptoken=1", base + "?$select=displayName,id",
        base + "?$select=%69d", base + "?$expand=manager",
        base + "?$expand=owners($select=id;$top=5)", base + "?$expand=owners($select=id)",
        base + "?x=%252f",
        std::string("https://graph.microsoft.com:443/v1.0/groups/g1/members?$skip=1"),
        std::string("https://graph.microsoft.com/V1.0/Groups/G1/MEMBERS"),
        std::string("https://graph.microsoft.com/v1.0/gr%6Fups/g1/members")}) {
    INFO(link);
    CHECK(CheckLink(MakePlan(), link));
  }
  REQUIRE_OK_AND_ASSIGN(const Url url, CheckLink(MakePlan(), base + "?$filter=a eq 'b'&c=d|e"));
  CHECK(url.ToString() == base + "?$filter=a%20eq%20'b'&c=d%7Ce");
}

TEST_CASE("Link: is refused for each known trick [CL-11]", "[broker]") {
  const auto [link, words] = GENERATE(table<std::string, std::string>({
      {"https://graph.microsoft.com/v1.0/groups/../users", "dot segment"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members/..", "dot segment"},
      {"https://graph.microsoft.com/v1.0/./groups/g1/members", "dot segment"},
      {"https://graph.microsoft.com/v1.0/%2e%2e/groups/g1/members", "encoded dot"},
      {"https://graph.microsoft.com/v1.0/groups/..%2fg1/members", "encoded slash"},
      {"https://graph.microsoft.com/v1.0/groups%2fg1/members", "encoded slash"},
      {"https://graph.microsoft.com/v1.0/groups%5cg1/members", "encoded slash"},
      {"https://graph.microsoft.com/v1.0/groups/%252e%252e/members", "double encoding"},
      {"https://graph.microsoft.com/v1.0/groups/..;/members", "path parameter"},
      {"https://graph.microsoft.com/v1.0/groups/g1;x/members", "path parameter"},
      {"https://graph.microsoft.com/v1.0/groups/g1%3bx/members", "encoded delimiter"},
      {"https://graph.microsoft.com/v1.0/groups/g1/membersEVIL", "path differs"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members/x", "path differs"},
      {"https://graph.microsoft.com/v1.0/groups/g2/members", "path differs"},
      {"https://graph.microsoft.com/v1.0/groups/g1", "path differs"},
      {"https://graph.microsoft.com/beta/groups/g1/members", "path differs"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members/", "empty path segment"},
      {"https://graph.microsoft.com//v1.0/groups/g1/members", "empty path segment"},
      {"https://graph.microsoft.com/v1.0//groups/g1/members", "empty path segment"},
      {"https://graph.microsoft.com\\v1.0\\groups", "backslash"},
      {"https://evil\\@graph.microsoft.com/v1.0/groups/g1/members", "backslash"},
      {"https://user@graph.microsoft.com/v1.0/groups/g1/members", "userinfo"},
      {"https://graph.microsoft.com@evil.example/v1.0/groups/g1/members", "userinfo"},
      {"https://graph.microsoft.com:x@evil.example/v1.0/groups/g1/members", "userinfo"},
      {"https://graph.microsoft.com.evil.example/v1.0/groups/g1/members", "another host"},
      {"https://evilgraph.microsoft.com/v1.0/groups/g1/members", "another host"},
      {"https://x.graph.microsoft.com/v1.0/groups/g1/members", "another host"},
      {"https://management.azure.com/v1.0/groups/g1/members", "another host"},
      {"https://graph.microsoft.com:8443/v1.0/groups/g1/members", "another port"},
      {"https://graph.microsoft.com:80/v1.0/groups/g1/members", "another port"},
      {"https://graph.microsoft.com:/v1.0/groups/g1/members", "port is not"},
      {"https://graph.microsoft.com:0443/v1.0/groups/g1/members", "port is not"},
      {"https://graph.microsoft.com:4 43/v1.0/groups/g1/members", "port is not"},
      {"https://Graph.Microsoft.com/v1.0/groups/g1/members", "upper-case"},
      {"https://GRAPH.MICROSOFT.COM/v1.0/groups/g1/members", "upper-case"},
      {"https://graph.microsoft.com./v1.0/groups/g1/members", "ends with a dot"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members#x", "fragment"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?a=1#x", "fragment"},
      {"https://evil.example#graph.microsoft.com/v1.0/groups/g1/members", "fragment"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members\r\nHost: evil", "control character"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?a=\r\nb", "control character"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?a=\nb", "control character"},
      {"https://graph.microsoft.com/v1.0/groups/g1%0d%0a/members", "encoded control"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?a=%0d%0ab", "encoded control"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?a=%00", "encoded control"},
      {"https://graph.microsoft.com/v1.0/groups/g1%00/members", "encoded control"},
      {std::string("https://graph.microsoft.com/v1.0/groups/g1\0/members", 51),
       "control character"},
      {"https://graph.microsoft.com/v1.0/groups/g 1/members", "space in the path"},
      {" https://graph.microsoft.com/v1.0/groups/g1/members", "scheme"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?a=%zz", "not an encoded byte"},
      {"https://graph.microsoft.com/v1.0/groups/g1%/members", "not an encoded byte"},
      {"http://graph.microsoft.com/v1.0/groups/g1/members", "loopback addresses only"},
      {"HTTPS://graph.microsoft.com/v1.0/groups/g1/members", "scheme"},
      {"ftp://graph.microsoft.com/v1.0/groups/g1/members", "scheme"},
      {"file:///etc/passwd", "scheme"},
      {"gopher://graph.microsoft.com/", "scheme"},
      {"javascript:alert(1)", "scheme"},
      {"//graph.microsoft.com/v1.0/groups/g1/members", "scheme"},
      {"/v1.0/groups/g1/members", "scheme"},
      {"", "scheme"},
      {"https://", "no host"},
      {"https:///v1.0/groups/g1/members", "no host"},
      {"https://graph.microsoft.com", "no path"},
      {"https://13.107.6.1/v1.0/groups/g1/members", "IP literal"},
      {"https://169.254.169.254/metadata/identity", "IP literal"},
      {"http://169.254.169.254/metadata/identity", "IP literal"},
      {"https://[fe80::1]/v1.0/groups/g1/members", "IP literal"},
      {"https://[2001:db8::1]/v1.0/groups/g1/members", "IP literal"},
      {"https://2130706433/v1.0/groups/g1/members", "IP literal"},
      {"https://0x7f000001/v1.0/groups/g1/members", "IP literal"},
      {"http://127.0.0.1/v1.0/groups/g1/members", "scheme differs"},
      {"https://127.0.0.1/v1.0/groups/g1/members", "another host"},
      {"https://localhost/v1.0/groups/g1/members", "another host"},
      {"https://graph\xef\xbc\x8emicrosoft\xef\xbc\x8e"
       "com/v1.0/groups/g1/members",
       "not ASCII"},
      {"https://graph.microsoft.com/v1.0/groups/\xef\xbc\x8e\xef\xbc\x8e/members", "not ASCII"},
      {"https://graph.microsoft.com%2eevil.example/v1.0/groups/g1/members", "percent-encoded"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?$select=id,mail", "$select"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?%24select=mail", "$select"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?$select=id&$SELECT=mail", "$select"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?select=mail", "$select"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?$select=*", "$select"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?$select=id%2Cmail", "$select"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?$expand=members", "$expand"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?$expand=owners", "$expand"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?$expand=owners($select=id,mail)",
       "$expand"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?$expand=manager($expand=manager)",
       "$expand"},
      {"https://graph.microsoft.com/v1.0/groups/g1/members?$expand=manager($select=id", "$expand"},
  }));
  INFO(link);
  CHECK_FAILS(CheckLink(MakePlan(), link), Code::kDenied, words);
}

TEST_CASE("Link: is refused when overlong", "[broker]") {
  CHECK_FAILS(CheckLink(MakePlan(), kGood + ("?a=" + std::string(17'000, 'x'))),
              Code::kLimitExceeded, "16384");
  CHECK_FAILS(CheckLink(MakePlan(), kGood + ("?a=" + std::string(9'000, '|'))),
              Code::kLimitExceeded, "16384");
}

TEST_CASE("Link: to loopback is followed only where the cloud names that very address",
          "[broker]") {
  Cloud cloud = *BuiltInCloud("global");
  cloud.graph = "http://127.0.0.1:8001";
  const Plan plan = BuildPlan(cloud, Spec(), {{"id", "g1"}}).value();
  CHECK(CheckLink(plan, "http://127.0.0.1:8001/v1.0/groups/g1/members?a=b"));
  CHECK_FAILS(CheckLink(plan, "http://127.0.0.1:8002/v1.0/groups/g1/members"), Code::kDenied,
              "port");
  CHECK_FAILS(CheckLink(plan, "http://127.0.0.2:8001/v1.0/groups/g1/members"), Code::kDenied,
              "host");
  CHECK_FAILS(CheckLink(plan, "http://localhost:8001/v1.0/groups/g1/members"), Code::kDenied,
              "host");
  CHECK_FAILS(CheckLink(plan, "https://127.0.0.1:8001/v1.0/groups/g1/members"), Code::kDenied,
              "scheme");
}

TEST_CASE("Link: refusals never quote the link", "[broker]") {
  const auto url = CheckLink(MakePlan(), "https://evil.example/CANARY?token=CANARY");
  REQUIRE_FALSE(url);
  CHECK(url.error().ToString().find("CANARY") == std::string::npos);
}
