// The cost collector against a host made of memory: which files are read, what they come to, and
// what is said of those that are not whole.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "plugins/fake_host.h"

using namespace assay;
using namespace assay::testing;

namespace {

const std::string kJune =
    "focus/daily/20260601-20260630/202606150500/aaaaaaaa-0000-4000-8000-000000000002/";
const std::string kMay =
    "focus/daily/20260501-20260531/202606010500/aaaaaaaa-0000-4000-8000-000000000000/";
const std::string kOld =
    "focus/daily/20260601-20260630/202606140500/aaaaaaaa-0000-4000-8000-000000000001/";

std::string File(const std::string& name) {
  std::ifstream file(std::string(ASSAY_SOURCE_DIR) + "/plugins/cost/fixtures/" + name,
                     std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Listing(const std::vector<std::pair<std::string, size_t>>& files) {
  std::string out = "<E><Blobs>";
  for (const auto& [name, bytes] : files)
    out += "<Blob><Name>" + name + "</Name><Properties><Content-Length>" + std::to_string(bytes) +
           "</Content-Length></Properties></Blob>";
  return out + "</Blobs><NextMarker/></E>";
}

/// The collector with no subscription and one plain file.
void ServeOne(FakeHost& host, const std::string& name, const std::string& content) {
  host.Serve("arm-subscriptions", {{R"({"value":[]})"}});
  host.Serve("cost-blob-list", {{Listing({{name, content.size()}})}});
  host.Serve("cost-blob-get", {{content}}, name);
}

void ServeFixture(FakeHost& host) {
  for (const char* id : {"arm-subscriptions", "cost-exports", "cost-budgets",
                         "cost-scheduled-actions", "cost-alerts", "cost-advisor"}) {
    std::vector<Answer> answers = {{File(std::string(id) + ".json")}};
    if (const std::string more = File(std::string(id) + ".2.json"); !more.empty())
      answers.push_back({more});
    host.Serve(id, answers);
  }
  host.Serve("cost-budgets", {{R"({"value":[]})"}}, "22222222-2222-4222-8222-222222222222");
  host.Serve("cost-blob-list", {{File("cost-blob-list.xml")}, {File("cost-blob-list.2.xml")}});
  host.Serve("cost-blob-get", {{File("manifest-june.json")}}, kJune + "manifest.json");
  host.Serve("cost-blob-get", {{File("june-1.csv")}}, kJune + "part_0_0001.csv");
  host.Serve("cost-blob-get", {{File("june-2.csv")}}, kJune + "part_1_0001.csv");
  host.Serve("cost-blob-get", {{File("manifest-may.json")}}, kMay + "manifest.json");
  host.Serve("cost-blob-get", {{File("may.csv")}}, kMay + "part_0_0001.csv");
}

void RequireClean(FakeHost& host) {
  INFO(host.error());
  for (const std::string& breach : host.breaches()) FAIL_CHECK(breach);
}

}  // namespace

TEST_CASE("Cost: reads the newest run of each period and nothing else", "[plugins][CM-17]") {
  FakeHost host("cost", SchemaOf("cost"));
  ServeFixture(host);
  REQUIRE(host.Run() == ASSAY_OK);
  RequireClean(host);
  for (const std::string& request : host.requests()) {
    CAPTURE(request);
    CHECK(request.find(kOld) == std::string::npos);
    CHECK(request.find("notes") == std::string::npos);
  }
  CHECK(host.dataset("cost_run").rows.size() == 2);
  CHECK(host.dataset("cost_file").rows.size() == 3);
  CHECK(host.dataset("cost_group").rows.size() == 6);
  CHECK(host.dataset("cost_day").rows.size() == 58);
  CHECK(host.dataset("cost_tag").rows.size() == 2);
  for (const char* id : {"cost_run", "cost_file", "cost_group", "cost_day", "cost_tag"}) {
    INFO(id << ": " << host.dataset(id).detail);
    CHECK(host.dataset(id).completeness == ASSAY_COMPLETE);
  }
  std::map<std::string, std::string> tags;
  for (const Row& row : host.dataset("cost_tag").rows)
    tags[row.at("tag").text] = row.at("effective_cost").text;
  CHECK(tags == std::map<std::string, std::string>{{"costcenter", "141.05"}, {"env", "141.05"}});
}

TEST_CASE("Cost: whom a budget notifies is counted and named nowhere", "[plugins][CM-16]") {
  FakeHost host("cost", SchemaOf("cost"));
  ServeFixture(host);
  REQUIRE(host.Run() == ASSAY_OK);
  std::map<std::string, int64_t> notices;
  for (const Row& row : host.dataset("cost_budget").rows)
    notices[row.at("name").text] = row.at("notices").number;
  CHECK(notices == std::map<std::string, int64_t>{{"monthly", 1}, {"quiet", 0}});
  for (const auto& [id, seen] : host.datasets())
    for (const Row& row : seen.rows)
      for (const auto& [column, cell] : row) {
        CAPTURE(id, column);
        CHECK(cell.text.find("contoso.example") == std::string::npos);
      }
}

TEST_CASE("Cost: a folder without a manifest is read as it lies there", "[plugins]") {
  FakeHost host("cost", SchemaOf("cost"));
  ServeOne(host, "x.csv", "BilledCost,EffectiveCost\n1.5,2\n");
  REQUIRE(host.Run() == ASSAY_OK);
  RequireClean(host);
  REQUIRE(host.dataset("cost_group").rows.size() == 1);
  CHECK(host.dataset("cost_group").rows[0].at("billed_cost").text == "1.5");
  CHECK(host.dataset("cost_group").completeness == ASSAY_COMPLETE);
  CHECK(host.dataset("cost_run").rows.empty());
}

TEST_CASE("Cost: what is no whole table is said, with its reason", "[plugins]") {
  struct Bad {
    const char *name, *content, *detail;
    uint32_t completeness;
  };
  const Bad bad = GENERATE(
      Bad{"x.parquet", "PAR1....", "\"x.parquet\": Parquet is not read: set the file format",
          ASSAY_UNAVAILABLE},
      Bad{"x.csv", "PAR1....", "Parquet is not read", ASSAY_UNAVAILABLE},
      Bad{"x.csv", "a,b\n1,2\n", "no column BilledCost", ASSAY_UNAVAILABLE},
      Bad{"x.csv", "BilledCost,EffectiveCost\n1,2\n1\n", "has 1 cells", ASSAY_PARTIAL},
      Bad{"x.csv", "BilledCost,EffectiveCost\n1,2\n\"1\n", "not closed", ASSAY_PARTIAL},
      Bad{"x.csv", "BilledCost,EffectiveCost\n1,x\n", "EffectiveCost of row 1", ASSAY_PARTIAL},
      Bad{"x.csv.gz", "\x1f\x8b nonsense", "gzip", ASSAY_UNAVAILABLE});
  CAPTURE(bad.content);
  FakeHost host("cost", SchemaOf("cost"));
  ServeOne(host, bad.name, bad.content);
  REQUIRE(host.Run() == ASSAY_OK);
  RequireClean(host);
  const DatasetSeen& seen = host.dataset("cost_group");
  CHECK(seen.completeness == bad.completeness);
  CHECK(seen.detail.find(bad.detail) != std::string::npos);
  CHECK(host.dataset("cost_file").completeness == ASSAY_PARTIAL);
  REQUIRE(host.dataset("cost_file").rows.size() == 1);
  CHECK_FALSE(host.dataset("cost_file").rows[0].at("problem").null);
}

TEST_CASE("Cost: files that a manifest names and nobody sees leave a gap", "[plugins]") {
  FakeHost host("cost", SchemaOf("cost"));
  ServeFixture(host);
  host.Serve("cost-blob-list",
             {{Listing({{kJune + "manifest.json", File("manifest-june.json").size()},
                        {kJune + "part_0_0001.csv", File("june-1.csv").size()}})}});
  REQUIRE(host.Run() == ASSAY_OK);
  RequireClean(host);
  CHECK(host.dataset("cost_run").completeness == ASSAY_COMPLETE);
  CHECK(host.dataset("cost_group").completeness == ASSAY_PARTIAL);
  CHECK(host.dataset("cost_group").detail.find("part_1_0001.csv") != std::string::npos);
  REQUIRE(host.dataset("cost_run").rows.size() == 1);
  CHECK(host.dataset("cost_run").rows[0].at("files_read").number == 1);
  CHECK(host.dataset("cost_run").rows[0].at("rows_said").number == 31);
}

TEST_CASE("Cost: a container that cannot be listed leaves nothing to judge", "[plugins]") {
  FakeHost host("cost", SchemaOf("cost"));
  host.Serve("arm-subscriptions", {{R"({"value":[]})"}});
  SECTION("refused by its roles") {
    host.Serve("cost-blob-list", {{"<Error/>", ASSAY_PAGE_HTTP_ERROR, 403}});
  }
  SECTION("not configured") {
    host.Serve("cost-blob-list", {{"", ASSAY_PAGE_REFUSED, 0, "no cost export is configured"}});
  }
  SECTION("no listing") { host.Serve("cost-blob-list", {{"<html>Sign in</body>"}}); }
  REQUIRE(host.Run() == ASSAY_OK);
  RequireClean(host);
  for (const char* id : {"cost_run", "cost_file", "cost_group", "cost_day", "cost_tag"})
    CHECK(host.dataset(id).completeness == ASSAY_UNAVAILABLE);
  CHECK(host.dataset("cost_subscription").completeness == ASSAY_COMPLETE);
}

TEST_CASE("Cost: whichever call of the host fails, nothing is complete that was not read",
          "[plugins]") {
  for (uint64_t n = 0; n < 400; ++n) {
    FakeHost host("cost", SchemaOf("cost"));
    ServeFixture(host);
    host.FailCall(n);
    const assay_status_t status = host.Run();
    RequireClean(host);
    if (host.calls() <= n) break;
    CAPTURE(n);
    CHECK(status != ASSAY_OK);
  }
}
