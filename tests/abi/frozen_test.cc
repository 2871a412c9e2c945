// A collector that was compiled once, when ABI 1.0 was frozen, works in today's worker: its calls
// arrive as the messages that they have always meant.
#include <fstream>

#include "assay/read.h"
#include "assess/worker_spec.h"
#include "base/bytes.h"
#include "base/files.h"
#include "config/load.h"
#include "ipc/row.h"
#include "proof/sha256.h"
#include "support/matchers.h"

namespace assay {
namespace {

using std::chrono::milliseconds;

/// Forked while the process has one thread, as in main() of assay.
const Result<std::unique_ptr<sandbox::Spawner>> g_spawner = sandbox::Spawner::Start(ASSAY_WORKER);

constexpr const char* kBinary = ASSAY_FROZEN_DIR "/collector-x86_64.so";
constexpr int64_t kNow = 1'700'000'000'123;
constexpr uint32_t kDataset = 7;

const std::string kFirst = R"({"value":["alpha","be"],"@odata.nextLink":"https://h/next?x=1"})";
const std::string kLast = R"({"value":["gamma"]})";

assess::LoadedPlugin Frozen() {
  assess::LoadedPlugin plugin;
  REQUIRE_OK_AND_ASSIGN(const ByteVector file, ReadFile(kBinary));
  REQUIRE_OK_AND_ASSIGN(plugin.image, sandbox::InspectPlugin(file));
  REQUIRE_OK_AND_ASSIGN(plugin.manifest, config::ParseManifest(plugin.image.manifest, "frozen"));
  return plugin;
}

/// What the engine heard from the plugin.
struct Heard {
  std::vector<ipc::Request> requests;
  std::vector<ipc::Range> marks;
  std::vector<ipc::NextPage> links;
  std::vector<uint32_t> pages_done;
  std::vector<ipc::DatasetState> states;
  std::vector<ipc::Log> logs;
  std::vector<ipc::Row> rows;
  std::vector<ByteVector> row_bytes;  ///< what the rows' texts lie in
  std::optional<ipc::Done> done;
  sandbox::WorkerOutcome outcome;
};

/// The engine's part with pages from a script: the second page answers the continuation link, and
/// `last` says what it is.
class Script {
 public:
  Script(sandbox::Worker& worker, uint32_t last) : worker_(worker), last_(last) {}

  Heard Play() {
    while (!heard_.done) {
      REQUIRE_OK_AND_ASSIGN(ipc::Frame frame, worker_.channel().Receive(milliseconds(20'000)));
      Take(std::move(frame));
    }
    heard_.outcome = worker_.Wait(heard_.done, milliseconds(10'000));
    return std::move(heard_);
  }

 private:
  void Take(ipc::Frame frame) {
    const ByteSpan payload = frame.payload;
    switch (static_cast<ipc::Type>(frame.type)) {
      case ipc::Type::kRequest:
        heard_.requests.push_back(*ipc::ParseRequest(payload));
        return Send(heard_.requests.back().ticket, 1, ASSAY_PAGE_OK, kFirst);
      case ipc::Type::kNextPage:
        heard_.links.push_back(*ipc::ParseNextPage(payload));
        return Send(heard_.requests.back().ticket, 2, last_, last_ == ASSAY_PAGE_OK ? kLast : "");
      case ipc::Type::kMarks:
        return TakeMarks(*ipc::ParseMarks(payload));
      case ipc::Type::kPageDone:
        return heard_.pages_done.push_back(*ipc::ParsePageDone(payload));
      case ipc::Type::kDatasetState:
        return heard_.states.push_back(*ipc::ParseDatasetState(payload));
      case ipc::Type::kLog:
        return heard_.logs.push_back(*ipc::ParseLog(payload));
      case ipc::Type::kRows:
        return TakeRows(std::move(frame.payload));
      case ipc::Type::kDone:
        heard_.done = *ipc::ParseDone(payload);
        return;
      default:
        FAIL("unexpected message " << frame.type);
    }
  }

  void TakeMarks(const ipc::Marks& marks) {
    heard_.marks.insert(heard_.marks.end(), marks.records.begin(), marks.records.end());
  }

  void TakeRows(ByteVector payload) {
    heard_.row_bytes.push_back(std::move(payload));
    REQUIRE_OK_AND_ASSIGN(const ipc::Rows rows, ipc::ParseRows(heard_.row_bytes.back()));
    CHECK(rows.dataset == kDataset);
    ipc::Reader in(rows.rows);
    for (uint32_t i = 0; i < rows.count; ++i) {
      ipc::Row row;
      REQUIRE(ipc::ParseRow(in, 4, row));
      heard_.rows.push_back(std::move(row));
    }
    CHECK(in.Done());
  }

  void Send(uint64_t ticket, uint32_t number, uint32_t outcome, const std::string& text) {
    ipc::Page page;
    page.ticket = ticket;
    page.page = number;
    page.index = number - 1;
    page.outcome = outcome;
    page.http_status = outcome == ASSAY_PAGE_OK ? 200 : 0;
    page.body_len = text.size();
    page.reason = outcome == ASSAY_PAGE_OK ? "" : "the link leads elsewhere";
    UniqueFd body;
    if (!text.empty()) {
      REQUIRE_OK_AND_ASSIGN(body, SealedMemfd("body", AsBytes(text), 64));
    }
    REQUIRE_OK(worker_.channel().Send(static_cast<uint16_t>(ipc::Type::kPage), Encode(page),
                                      body.get(), milliseconds(5'000)));
  }

  sandbox::Worker& worker_;
  uint32_t last_;
  Heard heard_;
};

Heard RunFrozen(uint32_t last) {
  REQUIRE_OK(g_spawner);
  REQUIRE_OK_AND_ASSIGN(const sandbox::TierReport report, (*g_spawner)->Probe());
  const assess::LoadedPlugin plugin = Frozen();
  REQUIRE_OK_AND_ASSIGN(const UniqueFd image, SealedMemfd("plugin", plugin.image.sealed_image));
  sandbox::WorkerSpec spec =
      assess::PluginWorkerSpec(plugin, ipc::Role::kCollector, kNow, image.get());
  spec.init.datasets.emplace_back(kDataset, plugin.manifest.datasets.at(0));
  spec.init.endpoints = plugin.manifest.endpoints;
  REQUIRE_OK_AND_ASSIGN(const auto worker, (*g_spawner)->Spawn(spec, report.best));
  CHECK(worker->hello().abi_major == 1);
  CHECK(worker->hello().abi_minor == 0);
  return Script(*worker, last).Play();
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
  const Heard heard = RunFrozen(ASSAY_PAGE_OK);
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
  const Heard heard = RunFrozen(ASSAY_PAGE_REFUSED);
  CHECK(heard.outcome.fate == sandbox::Fate::kOk);
  CHECK(heard.rows.size() == 2);
  REQUIRE(heard.states.size() == 1);
  CHECK(heard.states[0].dataset == kDataset);
  CHECK(heard.states[0].completeness == Completeness::kPartial);
  CHECK(heard.states[0].detail == "the link leads elsewhere");
}

}  // namespace assay
