// A collector that was compiled once, when ABI 1.0 was frozen, works in today's worker: its calls
// arrive as the messages that they have always meant.
#include "abi/scripted_engine.h"
#include "assay/read.h"
#include "base/bytes.h"
#include "base/files.h"
#include "proof/sha256.h"

namespace assay {
namespace {

/// Forked while the process has one thread, as in main() of assay.
const Result<std::unique_ptr<sandbox::Spawner>> g_spawner = sandbox::Spawner::Start(ASSAY_WORKER);

constexpr const char* kBinary = ASSAY_FROZEN_DIR "/collector-x86_64.so";
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
  REQUIRE_OK_AND_ASSIGN(const ByteVector file, ReadFile(kBinary));
  REQUIRE_OK_AND_ASSIGN(const ByteVector pinned, ReadFile(std::string(kBinary) + ".sha256"));
  const std::string pin(pinned.begin(), pinned.end());
  CHECK(EncodeHex(proof::Sha256(file)) == pin.substr(0, 64));
  CHECK(file.size() < 30u << 10);
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
