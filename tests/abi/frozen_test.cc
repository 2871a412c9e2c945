// A collector and a framework that were compiled once, from the headers of ABI 1.0, work in today's
// worker: their calls arrive as the messages that they have always meant.
#include <fmt/format.h>

#include "abi/scripted_engine.h"
#include "assay/read.h"
#include "assess/framework_session.h"
#include "base/bytes.h"
#include "base/files.h"
#include "proof/sha256.h"

namespace assay {
namespace {

/// Forked while the process has one thread, as in main() of assay.
const Result<std::unique_ptr<sandbox::Spawner>> g_spawner = sandbox::Spawner::Start(ASSAY_WORKER);

constexpr const char* kBinary = ASSAY_FROZEN_DIR "/collector-x86_64.so";
constexpr const char* kTally = ASSAY_FROZEN_DIR "/tally-x86_64.so";
constexpr const char* kFramework = ASSAY_FROZEN_DIR "/framework-x86_64.so";
constexpr int64_t kNow = 1'700'000'000'123;
constexpr uint32_t kDataset = 7;

const std::string kFirst = R"({"value":["alpha","be"],"@odata.nextLink":"https://h/next?x=1"})";
const std::string kLast = R"({"value":["gamma"]})";

testing::Heard RunFrozen(uint32_t last) {
  REQUIRE_OK(g_spawner);
  return testing::RunScripted(**g_spawner, testing::LoadFile(kBinary), kNow,
                              {kDataset, 4, kFirst, last == ASSAY_PAGE_OK ? kLast : "", last});
}

}  // namespace

TEST_CASE("Frozen plugin: is the binary that was frozen") {
  for (const std::string binary : {kBinary, kTally, kFramework}) {
    INFO(binary);
    REQUIRE_OK_AND_ASSIGN(const ByteVector file, ReadFile(binary));
    REQUIRE_OK_AND_ASSIGN(const ByteVector pinned, ReadFile(binary + ".sha256"));
    const std::string pin(pinned.begin(), pinned.end());
    CHECK(EncodeHex(proof::Sha256(file)) == pin.substr(0, 64));
    CHECK(file.size() < 30u << 10);
  }
}

TEST_CASE("Frozen framework: is told of checks and concludes as on its first day") {
  REQUIRE_OK(g_spawner);
  REQUIRE_OK_AND_ASSIGN(const sandbox::TierReport tiers, (*g_spawner)->Probe());
  assess::LoadedPlugin plugin = testing::LoadFile(kFramework);
  const auto control = [](const char* id, bool attest, std::vector<std::string> checks) {
    return ControlSpec{id,     std::string("title of ") + id,
                       "g",    "partial",
                       attest, {},
                       "",     "",
                       "",     std::move(checks)};
  };
  plugin.framework = {"frozen-rules",
                      "1",
                      "t",
                      "",
                      "",
                      {control("R.1", false, {"a", "b"}), control("R.2", true, {"a", "c", "gone"}),
                       control("R.3", false, {"d"}), control("R.4", false, {})}};
  CheckResult a, b, c, d;
  a.check = "a", a.verdict = Verdict::kPass, a.pass = 7;
  b.check = "b", b.verdict = Verdict::kFail, b.pass = 1, b.fail = 5, b.excepted = 2;
  c.check = "c", c.reason = Reason::kPermission;
  d.check = "d", d.verdict = Verdict::kFail, d.fail = 2, d.excepted = 2;
  assess::FrameworkTerms seen;
  REQUIRE_OK_AND_ASSIGN(const auto said, assess::ConcludeFramework(**g_spawner, tiers.best, kNow,
                                                                   plugin, {a, b, c, d}, &seen));
  CHECK(seen.outcome.fate == sandbox::Fate::kOk);
  REQUIRE(said.size() == 4);
  CHECK(said[0].state == ControlState::kNotSatisfied);
  CHECK(said[0].why == "a=1/0/7/0/0 b=2/0/6/3/2 title of R.1 needs 0 attested 0");
  CHECK(said[1].state == ControlState::kUnknown);
  CHECK(said[1].why ==
        fmt::format("a=1/0/7/0/0 c=5/{}/0/0/0 gone=0/0/0/0/0 title of R.2 needs 1 attested 0",
                    static_cast<unsigned>(Reason::kPermission)));
  CHECK(said[2].state == ControlState::kExcepted);
  CHECK(said[3].state == ControlState::kUncovered);
  CHECK(said[3].why == "title of R.4 needs 0 attested 0");
}

TEST_CASE("Frozen plugin: reads, marks, follows, emits and tells as on its first day") {
  const testing::Heard heard = RunFrozen(ASSAY_PAGE_OK);
  CHECK(heard.outcome.fate == sandbox::Fate::kOk);
  REQUIRE(heard.requests.size() == 1);
  CHECK(heard.requests[0].endpoint == "graph-words");
  REQUIRE(heard.requests[0].params.size() == 1);
  CHECK(heard.requests[0].params[0].first == "groupId");
  CHECK(heard.requests[0].params[0].second == "00000000-0000-0000-0000-00000000abcd");
  REQUIRE(heard.logs.size() == 1);
  CHECK(heard.logs[0].line == "frozen words");
  REQUIRE(heard.marks.size() == 3);
  CHECK(kFirst.substr(heard.marks[1].offset, heard.marks[1].length) == "\"be\"");
  REQUIRE(heard.links.size() == 1);
  CHECK(kFirst.substr(heard.links[0].link.offset, heard.links[0].link.length) ==
        "\"https://h/next?x=1\"");
  CHECK(heard.pages_done == std::vector<uint32_t>{1, 2});
  REQUIRE(heard.rows.size() == 3);
  CHECK(heard.rows[2].page == 2);
  CHECK(heard.rows[1].record == 1);
  CHECK(heard.rows[1].values[0].text == "be");
  CHECK(heard.rows[1].values[1].integer == 2);
  CHECK(heard.rows[1].values[2].integer == kNow);
  CHECK(heard.rows[1].values[3].kind == 0);
}

TEST_CASE("Frozen plugin: gets settings and counts as on its first day") {
  REQUIRE_OK(g_spawner);
  const testing::Heard heard = testing::RunScripted(
      **g_spawner, testing::LoadFile(kTally), kNow, {kDataset, 4, kFirst, "", ASSAY_PAGE_OK},
      {{"azure.subscriptions", {"one", "two"}}, {"azure.other", {"three"}}});
  CHECK(heard.outcome.fate == sandbox::Fate::kOk);
  REQUIRE(heard.rows.size() == 2);
  CHECK(heard.rows[0].values[0].text == "one");
  CHECK(heard.rows[1].values[0].text == "two");
  CHECK(heard.rows[1].values[1].integer == 1);
  REQUIRE(heard.counts.size() == 1);
  CHECK(heard.counts[0].dataset == kDataset);
  CHECK(heard.counts[0].dropped == 42);
  CHECK(heard.counts[0].records == 2);
  CHECK(heard.counts[0].expected == 9);
}

TEST_CASE("Frozen plugin: understands a refused link") {
  const testing::Heard heard = RunFrozen(ASSAY_PAGE_REFUSED);
  CHECK(heard.outcome.fate == sandbox::Fate::kOk);
  CHECK(heard.rows.size() == 2);
  REQUIRE(heard.states.size() == 1);
  CHECK(heard.states[0].dataset == kDataset);
  CHECK(heard.states[0].completeness == Completeness::kPartial);
  CHECK(heard.states[0].detail == "the link leads elsewhere");
}

}  // namespace assay
