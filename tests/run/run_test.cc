// Whole runs over the demo tenant: what the run does beside its collectors (a page is stored while
// the next is read, reasons are put together) loses no entry, no order, no body and no failure.
#include <algorithm>
#include <set>

#include "assess/prepare.h"
#include "base/text.h"
#include "config/load.h"
#include "demo/loopback.h"
#include "demo/server.h"
#include "proof/canonical_json.h"
#include "proof/sha256.h"
#include "run/breaking_ledger.h"
#include "run/demo_config.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

using namespace assay;
using namespace assay::testing;

namespace {

/// One run over a new ledger, and what it left. The spawner forks before any thread begins.
class OneRun {
 public:
  explicit OneRun(PlantedFault fault) {
    const assess::Installation installation{ASSAY_BUILD_DIR};
    REQUIRE_OK_AND_ASSIGN(auto spawner, sandbox::Spawner::Start(installation.worker().string()));
    REQUIRE_OK_AND_ASSIGN(const sandbox::TierReport offered, spawner->Probe());
    REQUIRE_OK(demo::LoopbackUp());
    demo::DemoOptions options;
    options.now = SystemClock().Now();
    options.throttle = false;
    REQUIRE_OK_AND_ASSIGN(const auto server, demo::DemoServer::Start(options));
    Write(home_.root() / "client.secret", server->client_secret());
    Write(home_.root() / "assay.toml", ConfigText(*server, home_.root(), kGraphAlone));
    config::LoadOptions known;
    known.known_plugins = {"graph"};
    known.known_frameworks = {"iso27001-2022"};
    const config::Loaded loaded = config::LoadConfig(home_.root() / "assay.toml", known);
    for (const config::Diagnostic& one : loaded.diagnostics) UNSCOPED_INFO(one.message);
    REQUIRE(loaded.config.tenants.size() == 1);
    auto plan = assess::PlanRun(installation, loaded.config, loaded.config.tenants[0], {});
    REQUIRE_OK(plan);
    REQUIRE_OK_AND_ASSIGN(const auto real, home_.Open());
    BreakingLedger ledger(*real, fault);
    plan->spawner = spawner.get();
    plan->tier = offered.best;
    plan->ledger = &ledger;
    report = assess::Run(std::move(*plan));
    if (report && report->stopped) UNSCOPED_INFO(report->stopped->ToString());
    for (const Call call : {Call::kPutBody, Call::kPutSegments, Call::kAppend})
      calls[call] = ledger.calls(call);
    for (const auto& [kind, fate] : ledger.appended()) {
      const Result<ledger::Appended>& appended = fate.get();
      if (appended) acknowledged.emplace_back(kind, *appended);
    }
  }

  std::unique_ptr<ledger::Ledger> Reopen() {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home_.OpenReadOnly());
    return ledger;
  }

  Result<assess::RunReport> report = Fail(Code::kIo, "did not run");
  std::map<Call, int> calls;
  std::vector<std::pair<std::string, ledger::Appended>> acknowledged;

 private:
  TestLedger home_;
};

struct Line {
  std::string kind;
  proof::JsonObject members;
  std::optional<Digest> root;
};

std::vector<Line> Lines(ledger::Ledger& ledger) {
  std::vector<Line> out;
  const Status read =
      ledger.ReadLines(LeafIndex{0}, LeafIndex{1u << 20}, [&](LeafIndex, auto text) {
        auto json = proof::ReadJson(text);
        REQUIRE_OK(json);
        Line line;
        line.members = *json->object();
        line.kind = *proof::TextAt(line.members, "kind");
        if (const auto body = line.members.find("body"); body != line.members.end())
          line.root = *ToDigest(*ParseBase64(*proof::TextAt(*body->second.object(), "root")));
        out.push_back(std::move(line));
        return true;
      });
  REQUIRE_OK(read);
  return out;
}

std::string Between(const std::string& text, const std::string& before, const std::string& after) {
  const size_t at = text.find(before);
  if (at == text.npos) return "";
  const size_t begin = at + before.size();
  return text.substr(begin, text.find(after, begin) - begin);
}

/// Only what was acknowledged, and all of it, with the bytes that were acknowledged.
void CheckKept(OneRun& run) {
  const auto ledger = run.Reopen();
  REQUIRE_OK_AND_ASSIGN(const ledger::VerifyReport verified, ledger->Verify());
  INFO(verified.place << ": " << verified.message);
  CHECK(verified.ok);
  for (const auto& [kind, appended] : run.acknowledged) {
    REQUIRE_OK_AND_ASSIGN(const std::string line, ledger->ReadLine(appended.index));
    CHECK(proof::HashEntry(line) == appended.leaf);
    CHECK_THAT(line, Catch::Matchers::Contains("\"kind\":\"" + kind + "\""));
  }
}

int64_t CountReads(const OneRun& run) {
  return std::count_if(run.acknowledged.begin(), run.acknowledged.end(),
                       [](const auto& one) { return one.first == "read"; });
}

/// The failure reached the caller, as an error or as what stopped the run: exit 10.
/// True when a word of the endpoint's id, the service left out, begins some word of `url`: the
/// answer that is stored belongs to the question.
bool SharesAWord(const std::string& endpoint, const std::string& url) {
  const auto words = Split(std::string_view(endpoint).substr(endpoint.find('-') + 1), '-');
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return url.find(word.substr(0, 4)) != url.npos;
  });
}

void CheckStopped(const OneRun& run) {
  if (run.report) REQUIRE(run.report->stopped);
  const Error& error = run.report ? *run.report->stopped : run.report.error();
  CHECK(CodeName(error.code) == CodeName(Code::kIo));
  CHECK_THAT(error.ToString(), Catch::Matchers::Contains("planted failure"));
}

}  // namespace

TEST_CASE("Run: keeps the order of pages, and each entry its own body", "[run]") {
  OneRun run({});
  REQUIRE_OK(run.report);
  CHECK_FALSE(run.report->stopped);
  CheckKept(run);
  const auto ledger = run.Reopen();
  int64_t last_page = -1, reads = 0, of_collectors = 0, continued = 0;
  std::map<std::string, std::string> next;  // endpoint -> link that its last page pointed to
  for (const Line& line : Lines(*ledger)) {
    if (line.kind != "read") continue;
    ++reads;
    if (*proof::TextAt(line.members, "plugin") != "consent.guard") ++of_collectors;
    const std::string endpoint = *proof::TextAt(line.members, "endpoint");
    INFO(endpoint);
    CHECK(*proof::IntegerAt(line.members, "page") > last_page);
    last_page = *proof::IntegerAt(line.members, "page");
    REQUIRE(line.root);
    REQUIRE_OK_AND_ASSIGN(const ByteVector bytes, ledger->ReadBody(*line.root));
    const std::string body(AsText(bytes)), url = Between(body, "\"url\":\"", "\"");
    CHECK(body.find('\n') + 1 ==
          static_cast<size_t>(*proof::IntegerAt(line.members, "request_len")));
    if (*proof::IntegerAt(line.members, "page_index") > 0) {
      ++continued;
      CHECK(url == next[endpoint]);
    } else {
      INFO(url);
      CHECK(SharesAWord(endpoint, AsciiLower(url)));
    }
    next[endpoint] = Between(body, "\"@odata.nextLink\":\"", "\"");
  }
  CHECK(of_collectors == static_cast<int64_t>(run.report->reads));
  CHECK(reads == run.calls[Call::kPutBody]);
  CHECK(continued > 2);
}

TEST_CASE("Run: keeps the order of controls, and each its own reason", "[run]") {
  OneRun run({});
  REQUIRE_OK(run.report);
  const auto ledger = run.Reopen();
  size_t at = 0;
  std::set<std::string> reasons;
  for (const Line& line : Lines(*ledger)) {
    if (line.kind != "control") continue;
    REQUIRE(at < run.report->controls.size());
    const ControlResult& wanted = run.report->controls[at++];
    INFO(wanted.control);
    CHECK(*proof::TextAt(line.members, "control") == wanted.control);
    CHECK(*proof::TextAt(line.members, "state") == Name(wanted.state));
    REQUIRE(line.root);
    REQUIRE_OK_AND_ASSIGN(const auto segments, ledger->ReadSegments(*line.root));
    REQUIRE(segments.size() == 1);
    CHECK(std::string(AsText(segments[0])) == wanted.why);
    reasons.insert(wanted.why);
  }
  CHECK(at == run.report->controls.size());
  CHECK(at > 32);              // more than two groups of those put together
  CHECK(reasons.size() > 10);  // that differ, so that a mix-up shows
}

TEST_CASE("Run: a page that cannot be stored in the background stops it", "[run]") {
  const int reads = [] {
    OneRun whole({});
    REQUIRE_OK(whole.report);
    return static_cast<int>(whole.report->reads);
  }();
  // The last one is noticed by nothing but the wait at the end.
  for (const int at : {1, 5, reads}) {
    const bool stays = at == 5;
    INFO("page " << at << " of " << reads << (stays ? ", and all after it" : ""));
    OneRun run({Call::kPutBody, at, stays});
    CheckStopped(run);
    CheckKept(run);
    CHECK(CountReads(run) == at - 1);
  }
}

TEST_CASE("Run: an entry that cannot be appended in the background stops it", "[run]") {
  OneRun whole({});
  REQUIRE_OK(whole.report);
  const int controls = static_cast<int>(whole.report->controls.size());
  // tenant.created and key.created are the real ledger's. The files of plugins come first, then
  // run.started, auth.consent and a page.
  const auto files = std::count_if(whole.acknowledged.begin(), whole.acknowledged.end(),
                                   [](const auto& one) { return one.first == "plugin.file"; });
  REQUIRE(files > 5);
  for (const int at : {static_cast<int>(files) + 4, whole.calls[Call::kAppend] - controls / 2}) {
    INFO("append " << at << " of " << whole.calls[Call::kAppend]);
    OneRun run({Call::kAppend, at, true});
    CheckStopped(run);
    CheckKept(run);
    CHECK(run.acknowledged.size() == static_cast<size_t>(at - 1));
  }
}

TEST_CASE("Run: a reason that cannot be put stops it, whichever of its group", "[run]") {
  OneRun whole({});
  REQUIRE_OK(whole.report);
  const int puts = whole.calls[Call::kPutSegments];
  const int controls = static_cast<int>(whole.report->controls.size());
  REQUIRE(puts > controls);
  for (const bool stays : {false, true}) {
    INFO((stays ? "and all after it" : "only that one"));
    OneRun run({Call::kPutSegments, puts - controls / 2, stays});
    CheckStopped(run);
    CheckKept(run);
    CHECK(CountReads(run) == CountReads(whole));
  }
}
