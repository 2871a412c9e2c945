// Manifests: what is read, and what an untrusted one cannot say.
#include "config/load.h"
#include "support/matchers.h"

namespace assay::config {
namespace {

const std::string kHead =
    "id=\"graph\"\nversion=\"1.0.0\"\nkind=\"collector\"\nabi=\"1.0\"\ntitle=\"Graph\"\n"
    "needs=[\"assay.read/1\",\"assay.emit/1\"]\noptional=[\"assay.log/1\"]\n";
const std::string kDataset =
    "[[dataset]]\nid=\"entra_user\"\nkey=[\"id\"]\nsubject=\"id\"\nlabel=\"upn\"\nsubject_type="
    "\"user\"\n"
    "data_class=\"directory\"\ncolumns=[ {name=\"id\",type=\"text\"}, "
    "{name=\"upn\",type=\"text\",personal=true} ]\n";
const std::string kEndpoint =
    "[[endpoint]]\nid=\"graph-users\"\nhost=\"graph\"\nversion=\"v1.0\"\npath=\"/users\"\n"
    "query={ \"$select\"=\"id,displayName\", \"$top\"=\"999\" "
    "}\npaging=\"odata\"\npermission=\"User.Read.All\"\n"
    "also=[\"Directory.Read.All\"]\ndatasets=[\"entra_user\"]\npersonal=true\n";
const std::string kArm =
    "[[endpoint]]\nid=\"arm-policy-states\"\nhost=\"arm\"\napi_version=\"2019-10-01\"\n"
    "path=\"/subscriptions/{subscriptionId}/providers/Microsoft.PolicyInsights/policyStates/latest/"
    "queryResults\"\n"
    "params={ subscriptionId=\"guid\" }\nread_post=\"policy-states-query\"\npaging=\"odata-post\"\n"
    "action=\"Microsoft.PolicyInsights/policyStates/queryResults/action\"\n";

TEST_CASE("Manifest: reads endpoints, datasets and limits") {
  REQUIRE_OK_AND_ASSIGN(const Manifest manifest,
                        ParseManifest(kHead + kEndpoint + kArm + kDataset +
                                          "[limits]\nmemory_bytes=67108864\nthreads=4\n",
                                      "graph"));
  CHECK(manifest.id == "graph");
  CHECK(manifest.kind == PluginKind::kCollector);
  CHECK(manifest.abi_minor == 0);
  CHECK(manifest.needs == std::vector<std::string>{"assay.read/1", "assay.emit/1"});
  REQUIRE(manifest.endpoints.size() == 2);
  CHECK(manifest.endpoints[0].query[0] ==
        std::pair<std::string, std::string>("$select", "id,displayName"));
  CHECK(manifest.endpoints[0].paging == Paging::kOdata);
  CHECK(manifest.endpoints[0].personal);
  const EndpointSpec& arm = manifest.endpoints[1];
  CHECK(arm.host == ServiceHost::kArm);
  REQUIRE(arm.params.size() == 1);
  CHECK(arm.params[0].type == ParamType::kGuid);
  CHECK(arm.paging == Paging::kOdataPost);
  REQUIRE(manifest.datasets.size() == 1);
  CHECK(manifest.datasets[0].columns[1].personal);
  CHECK(manifest.limits.memory_bytes == 67108864);
  CHECK(manifest.limits.threads == 4);
  CHECK(manifest.limits.cpu_seconds == WorkerLimits().cpu_seconds);
}

TEST_CASE("Manifest: reads the times that stand in a query") {
  REQUIRE_OK_AND_ASSIGN(
      const Manifest manifest,
      ParseManifest(kHead +
                        "[[endpoint]]\nid=\"e\"\nhost=\"graph\"\nversion=\"v1.0\"\n"
                        "path=\"/auditLogs/signIns\"\nparams={ since=\"time\", until=\"time\" }\n"
                        "query={ \"$filter\"=\"at ge {since} and at lt {until}\" }\n"
                        "paging=\"odata\"\npermission=\"AuditLog.Read.All\"\n",
                    "graph"));
  const EndpointSpec& endpoint = manifest.endpoints[0];
  REQUIRE(endpoint.params.size() == 2);
  CHECK(endpoint.params[1].name == "until");
  CHECK(endpoint.params[1].type == ParamType::kTime);
  CHECK(endpoint.query[0].second == "at ge {since} and at lt {until}");
}

TEST_CASE("Manifest: takes a path parameter without a type for a segment") {
  REQUIRE_OK_AND_ASSIGN(const Manifest manifest,
                        ParseManifest(kHead + "[[endpoint]]\nid=\"e\"\nhost=\"graph\"\nversion="
                                              "\"beta\"\npath=\"/groups/{id}/members\"\n"
                                              "paging=\"odata\"\npermission=\"Group.Read.All\"\n",
                                      "graph"));
  REQUIRE(manifest.endpoints[0].params.size() == 1);
  CHECK(manifest.endpoints[0].params[0].name == "id");
  CHECK(manifest.endpoints[0].params[0].type == ParamType::kSegment);
}

TEST_CASE("Manifest: a list of GUIDs belongs to queries of Resource Graph only") {
  const auto parse = [](const std::string& paging, const std::string& type) {
    return ParseManifest(kHead +
                             "[[endpoint]]\nid=\"q\"\nhost=\"arm\"\napi_version=\"2022-10-01\"\n"
                             "path=\"/providers/Microsoft.ResourceGraph/resources\"\nparams={ "
                             "subscriptions=\"" +
                             type + "\" }\nread_post=\"resource-graph-nsgs\"\npaging=\"" + paging +
                             "\"\naction=\"Microsoft.ResourceGraph/resources/read\"\n",
                         "graph");
  };
  REQUIRE_OK_AND_ASSIGN(const Manifest manifest, parse("skiptoken-body", "guids"));
  REQUIRE(manifest.endpoints[0].params.size() == 1);
  CHECK(manifest.endpoints[0].params[0].name == "subscriptions");
  CHECK(manifest.endpoints[0].params[0].type == ParamType::kGuids);
  CHECK(manifest.endpoints[0].paging == Paging::kSkipToken);
  CHECK_FALSE(parse("arm", "guids"));
  CHECK_FALSE(parse("skiptoken-body", "guid"));
  CHECK_FALSE(parse("skiptoken-body", "list"));
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("Manifest: refuses what does not hang together") {
  struct Case {
    const char *from, *to, *words;
  };
  const Case cases[] = {
      {"id=\"graph\"", "id=\"Graph!\"", "graph:1:4: \"Graph!\" is not a name"},
      {"abi=\"1.0\"", "abi=\"1.\"", "abi \"1.\" is not \"major.minor\""},
      {"abi=\"1.0\"", "abi=\"1.0.0\"", "is not \"major.minor\""},
      {"abi=\"1.0\"", "abi=\"1.-1\"", "is not \"major.minor\""},
      {"version=\"1.0.0\"", "version=\"1.*\"", "a plugin has one version"},
      {"kind=\"collector\"", "kind=\"framework\"", "a framework reads nothing"},
      {"kind=\"collector\"", "kind=\"colector\"", "did you mean \"collector\"?"},
      {"title=", "titel=", "unknown key \"titel\""},
      {"version=\"v1.0\"\n", "", "version \"v1.0\" or \"beta\" is missing"},
      {"permission=\"User.Read.All\"\n", "", "permission is missing"},
      {"datasets=[\"entra_user\"]", "datasets=[\"entra_group\"]",
       "names dataset \"entra_group\", which is not declared"},
      {"\"$top\"=\"999\"", "\"$top\"=999", "expected a string, found integer 999"},
      {"path=\"/users\"", "path=\"/users/../groups\"", "not a plain absolute path"},
      {"path=\"/users\"", "path=\"users\"", "not a plain absolute path"},
      {"path=\"/users\"", "path=\"/users?x=1\"", "not a plain absolute path"},
      {"path=\"/users\"", "path=\"/users/%2e\"", "not a plain absolute path"},
      {"path=\"/users\"", "path=\"/users/{id\"", "not a plain absolute path"},
      {"params={ subscriptionId=\"guid\" }", "params={ sub=\"guid\" }",
       "path and query have no parameter \"sub\""},
      {"params={ subscriptionId=\"guid\" }", "params={ subscriptionId=\"any\" }",
       "is \"guid\", \"segment\" or \"time\""},
      {"params={ subscriptionId=\"guid\" }", "params={ subscriptionId=\"time\" }",
       "is a time; those stand in the query"},
      {"\"$top\"=\"999\"", "\"$filter\"=\"at ge {since}\"", "needs type \"time\" or \"guid\""},
      {"\"$top\"=\"999\"", "\"$filter\"=\"at ge {since\"", "a brace without its other"},
      {"api_version=\"2019-10-01\"", "api_version=\"latest\"",
       "api_version is missing or not a date"},
      {"read_post=\"policy-states-query\"\n", "", "needs read_post"},
      {"key=[\"id\"]", "key=[\"oid\"]", "key \"oid\" is not a column of dataset \"entra_user\""},
      {"key=[\"id\"]", "key=[]", "empty key"},
      {"subject=\"id\"", "subject=\"nobody\"", "subject \"nobody\" is not a column"},
      {"label=\"upn\"", "label=\"nobody\"", "label \"nobody\" is not a column"},
      {"type=\"text\",personal", "type=\"text\",fields=[\"a\"],personal",
       "belong to type \"json\""},
      {"type=\"text\",personal", "type=\"json\",fields=[],personal", "has 0 fields"},
      {"type=\"text\",personal", "type=\"json\",fields=[\"a..b\"],personal", "no path of members"},
      {"type=\"text\",personal", "type=\"json\",fields=[\"a[].b\"],personal", "no path of members"},
      {"{name=\"upn\"", "{name=\"id\"", "has column \"id\" twice"},
      {"{name=\"upn\"", "{name=\"UPN\"", "\"UPN\" is not a name"},
      {"{name=\"upn\"", "{name=\"x; drop table y\"", "is not a name"},
      {"type=\"text\",personal", "type=\"blob\",personal", "\"blob\" is not a word for type"},
      {"id=\"entra_user\"", "id=\"sqlite_master\"", "reserved"},
      {"\"assay.read/1\"", "\"other.read/1\"", "is not a host extension"},
      {"memory_bytes=1", "memory_bytes=0", "limit memory_bytes is outside 1 to"},
      {"memory_bytes=1", "memory_bytes=9999999999999", "limit memory_bytes is outside 1 to"},
      {"memory_bytes=1", "threads=0", "limit threads is outside 1 to 8"},
      {"memory_bytes=1", "threads=9", "limit threads is outside 1 to 8"},
      {"memory_bytes=1", "bytes=1", "unknown key \"bytes\" in [limits]"},
      {"id=\"arm-policy-states\"", "id=\"graph-users\"",
       "endpoint \"graph-users\" is defined twice"},
  };
  const std::string whole = kHead + kEndpoint + kArm + kDataset + "[limits]\nmemory_bytes=1\n";
  REQUIRE_OK(ParseManifest(whole, "graph"));
  for (const Case& c : cases) {
    INFO(c.to);
    CHECK_FAILS(ParseManifest(Replaced(whole, c.from, c.to), "graph"), Code::kInvalidInput,
                c.words);
  }
}

TEST_CASE("Manifest: refuses what is too large or not TOML") {
  CHECK_FAILS(ParseManifest(kHead + "#" + std::string(300'000, 'x'), "graph"), Code::kInvalidInput,
              "larger than 262144 bytes");
  CHECK_FAILS(ParseManifest("id = \n", "graph"), Code::kInvalidInput, "graph:1:6:");
  CHECK_FAILS(ParseManifest(std::string("id=\"a\0b\"", 8), "graph"), Code::kInvalidInput,
              "graph:1:");
  CHECK_FAILS(ParseManifest("", "graph"), Code::kInvalidInput, "key \"id\" is missing");
}

TEST_CASE("Manifest: refuses or reads every truncation and every flipped byte, by name and place") {
  const std::string whole = kHead + kEndpoint + kArm + kDataset;
  size_t read = 0, refused = 0;
  const auto look = [&](const std::string& text) {
    const auto manifest = ParseManifest(text, "graph");
    if (manifest) return ++read, true;
    ++refused;
    INFO(text);
    CHECK(CodeName(manifest.error().code) == CodeName(Code::kInvalidInput));
    CHECK_THAT(manifest.error().ToString(), Catch::Matchers::StartsWith("graph:"));
    return false;
  };
  const std::string_view head = kHead;
  for (size_t n = 0; n < whole.size(); n += 3) {
    INFO(n << " bytes");
    // Before the title something that must be there is missing.
    if (look(whole.substr(0, n)) && n < head.find("title")) FAIL("read without all keys");
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string bent = whole;
    bent[i] = static_cast<char>(bent[i] ^ 0x10);
    (void)look(bent);
  }
  // Letters within titles and paths may change; keys, quotes and brackets may not.
  CHECK(read > 20);
  CHECK(refused > whole.size() / 2);
}

}  // namespace
}  // namespace assay::config
