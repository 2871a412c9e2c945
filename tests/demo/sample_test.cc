// The sample server: matching of templates, order of samples, bytes untouched.
#include <filesystem>

#include "base/bytes.h"
#include "base/files.h"
#include "demo/loopback.h"
#include "demo/sample_server.h"
#include "fetch.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::demo;
namespace fs = std::filesystem;

namespace {

constexpr const char* kTable =
    "# comment\n"
    "arm-subscriptions\tGET\t/subscriptions\n"
    "pricings\tGET\t/subscriptions/{subscriptionId}/providers/Microsoft.Security/pricings\n"
    "states\tPOST\t/subscriptions/{subscriptionId}/providers/Microsoft.PolicyInsights/policyStates/"
    "latest/queryResults\n"
    "users\tGET\t/v1.0/users\n";

/// A folder of samples with a manifest, removed at the end.
class SampleFolder {
 public:
  SampleFolder()
      : path_(fs::temp_directory_path() / ("assay-samples-" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
    Write(
        "MANIFEST.tsv",
        "file\twhat\tmethod\turl\n"
        "a.json\texample (HTTP "
        "200)\tGET\thttps://management.azure.com/Subscriptions/0b1f/providers/microsoft.security/"
        "pricings?api-version=1\n"
        "b.json\texample\tGET\t/subscriptions/{id}/providers/Microsoft.Security/pricings\n"
        "c.json\texample (HTTP 404)\tGET\t/subscriptions/x/providers/Microsoft.Security/pricings\n"
        "d.json\texample (HTTP 200)\tGET\thttps://graph.microsoft.com/beta/users?$top=1\n"
        "e.json\texample (HTTP "
        "200)\tPOST\t/subscriptions/x/providers/Microsoft.PolicyInsights/policyStates/latest/"
        "queryResults\n");
    Write("a.json", "{\"value\":[ 1 ],\r\n \"nextLink\":\"https://management.azure.com/next\"}\n");
    Write("b.json", "{\"value\":[2]}");
    Write("d.json", "{}");
    Write("e.json", "{\"value\":[]}");
  }
  ~SampleFolder() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

 private:
  void Write(const std::string& name, const std::string& text) {
    REQUIRE_OK(WriteFileDurably(path_ / name, AsBytes(text), 0600));
  }
  fs::path path_;
};

SampleCatalogue Load(const SampleFolder& folder, bool wide = false) {
  auto templates = ParseEndpointTable(kTable);
  REQUIRE(templates);
  auto catalogue = SampleCatalogue::Load(folder.path(), std::move(*templates), wide);
  REQUIRE(catalogue);
  return std::move(*catalogue);
}

}  // namespace

TEST_CASE("Samples: Match by segments with placeholders and without case") {
  CHECK(FitsTemplate("/subscriptions/{s}/providers/X/y", "/Subscriptions/123/Providers/x/Y/"));
  CHECK_FALSE(FitsTemplate("/subscriptions/{s}/providers/X/y", "/subscriptions//providers/X/y"));
  CHECK_FALSE(FitsTemplate("/subscriptions", "/subscriptions/1"));
  CHECK(FitsWidely("/v1.0/users", "/beta/users"));
  CHECK(FitsWidely("/subscriptions/{s}/providers/A.B/c", "/providers/M/groups/g/providers/A.B/c"));
  CHECK_FALSE(FitsWidely("/subscriptions/{s}/providers/A.B/c", "/providers/A.B/d"));
}

TEST_CASE("Samples: Refuse a table line without three cells") {
  CHECK_FAILS(ParseEndpointTable("ok\tGET\t/a\nbad line\n"), Code::kInvalidInput,
              "endpoint table:2: expected id");
}

TEST_CASE("Samples: Refuse a folder without a manifest") {
  CHECK_FAILS(SampleCatalogue::Load("/nonexistent", {}), Code::kNotFound, "MANIFEST.tsv");
}

TEST_CASE("Samples: Sort the manifest's answers to endpoints and skip errors") {
  SampleFolder folder;
  SampleCatalogue exact = Load(folder), wide = Load(folder, true);
  const auto* pricings =
      exact.Match(Host::kArm, "GET", "/subscriptions/7/providers/Microsoft.Security/pricings");
  REQUIRE(pricings != nullptr);
  CHECK(pricings->bodies.size() == 2);
  CHECK(exact.Match(Host::kGraph, "GET", "/v1.0/users")->bodies.empty());
  CHECK(wide.Match(Host::kGraph, "GET", "/v1.0/users")->bodies.size() == 1);
  CHECK(exact.Match(Host::kArm, "DELETE", "/subscriptions") == nullptr);
}

TEST_CASE("SampleServer: Gives one sample after another, byte for byte") {
  REQUIRE_OK(LoopbackUp());
  SampleFolder folder;
  for (AfterLast after : {AfterLast::kRepeat, AfterLast::kEmptyList}) {
    REQUIRE_OK_AND_ASSIGN(
        auto server,
        SampleServer::Start(Load(folder), {7, FromUnixMs(1793606400000), {}, false}, after));
    std::string bearer = FetchToken(server->urls(), server->identity(), server->urls().arm_scope);
    std::string url = server->urls().arm +
                      "/subscriptions/abc/providers/Microsoft.Security/pricings?api-version=9";
    Reply one, two, three, denied;
    Fetch(url, bearer, false, one);
    Fetch(url, bearer, false, two);
    Fetch(url, bearer, false, three);
    Fetch(url, "", false, denied);
    CHECK(one.body ==
          "{\"value\":[ 1 ],\r\n \"nextLink\":\"https://management.azure.com/next\"}\n");
    CHECK(two.body == "{\"value\":[2]}");
    CHECK(three.body == (after == AfterLast::kRepeat ? one.body : "{\"value\":[]}"));
    CHECK(denied.status == 401);
  }
}

TEST_CASE("SampleServer: Gives any file by its number and notes what answered") {
  REQUIRE_OK(LoopbackUp());
  SampleFolder folder;
  fs::path log = folder.path() / "answers.log";
  REQUIRE_OK_AND_ASSIGN(
      auto server,
      SampleServer::Start(Load(folder), {7, FromUnixMs(0), {}, false}, AfterLast::kRepeat, 0, log));
  std::string bearer = FetchToken(server->urls(), server->identity(), server->urls().arm_scope);
  Reply second, beyond;
  Fetch(server->urls().arm + "/samples/1?api-version=9", bearer, false, second);
  Fetch(server->urls().arm + "/samples/99", bearer, false, beyond);
  CHECK(second.body == "{\"value\":[2]}");
  CHECK(beyond.status == 404);
  auto noted = ReadFile(log);
  REQUIRE(noted);
  CHECK(AsText(*noted) == "GET\t/samples/1?api-version=9\t200\tb.json\nGET\t/samples/99?\t404\t\n");
}

TEST_CASE("SampleServer: Serves the public samples when they lie beside the checkout") {
  fs::path samples = fs::path(ASSAY_SOURCE_DIR) / "../shared/samples";
  if (!fs::exists(samples / "MANIFEST.tsv")) return;
  auto templates = ParseEndpointTable(kTable);
  REQUIRE(templates);
  REQUIRE_OK_AND_ASSIGN(auto catalogue, SampleCatalogue::Load(samples, std::move(*templates)));
  for (const SampleTemplate& one : catalogue.templates()) {
    INFO(one.id);
    CHECK_FALSE(one.bodies.empty());
    for (const auto& body : one.bodies) CHECK(fs::exists(body));
  }
}
