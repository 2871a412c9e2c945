// Tricks with requests against the broker's policy, and workers that are told to stop: each is
// refused or ended by what the table names, and a common URL library or a process without a watch
// falls for those that the table says.
#include <Poco/Exception.h>
#include <Poco/URI.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "assess/collector_session.h"
#include "base/files.h"
#include "broker/link_policy.h"
#include "broker/page_fetch.h"
#include "broker/url_policy.h"
#include "sandbox/request_table.h"
#include "sandbox/unconfined.h"
#include "support/matchers.h"

namespace assay::sandbox {
namespace {

using std::chrono::milliseconds;

const Result<std::unique_ptr<Spawner>> g_spawner = Spawner::Start(ASSAY_TEST_WORKER);

constexpr char kOrigin[] = "https://graph.microsoft.com";

EndpointSpec Members(const std::string& path) {
  EndpointSpec spec;
  spec.id = "graph-members";
  spec.version = "v1.0";
  spec.path = path;
  if (path.find("{id}") != path.npos) spec.params = {{"id", ParamType::kSegment}};
  spec.query = {{"$select", "id,displayName"}, {"$expand", "owners($select=id;$top=5),manager"}};
  spec.paging = Paging::kOdata;
  return spec;
}

constexpr char kPath[] = "/groups/{id}/members";

EndpointSpec Query() {
  EndpointSpec spec;
  spec.id = "arm-rg-nsgs";
  spec.host = ServiceHost::kArm;
  spec.api_version = "2022-10-01";
  spec.path = "/providers/Microsoft.ResourceGraph/resources";
  spec.params = {{"subscriptions", ParamType::kGuids}};
  spec.paging = Paging::kSkipToken;
  spec.read_post = "resource-graph-nsgs";
  return spec;
}

/// A token as the service wrote it, or a text in the place of the query's first word.
std::optional<Error> RefusalOfQuery(const RequestTrick& trick) {
  const broker::Cloud cloud = *broker::BuiltInCloud("global");
  broker::ReadState read;
  auto plan = broker::BuildPlan(cloud, Query(),
                                {{"subscriptions", "01234567-89ab-cdef-0123-456789abcdef"}});
  if (!plan) FAIL(plan.error().ToString());
  read.plan = *plan;
  if (trick.place == Place::kToken) {
    const std::string body = "{\"$skipToken\":\"" + trick.input + "\"}";
    const auto next = broker::ReadLink(read, AsBytes(body), 14, trick.input.size() + 2);
    return next ? std::optional<Error>() : std::optional(next.error());
  }
  std::string body = broker::BodyOf(*plan, {plan->url});
  body.replace(body.find("resources |"), 9, trick.input);
  const Status gate = broker::CheckOutgoing(cloud, Query(), "POST", plan->url, body);
  return gate ? std::optional<Error>() : std::optional(gate.error());
}

/// What the broker says of the trick; nothing when it would send a request.
std::optional<Error> Refusal(const RequestTrick& trick) {
  const broker::Cloud cloud = *broker::BuiltInCloud("global");
  const auto error = [](const auto& result) {
    return result ? std::optional<Error>() : std::optional(result.error());
  };
  const auto plan = broker::BuildPlan(cloud, Members(kPath), {{"id", "g1"}});
  if (!plan) FAIL(plan.error().ToString());
  switch (trick.place) {
    case Place::kParameter:
      return error(broker::BuildPlan(cloud, Members(kPath), {{"id", trick.input}}));
    case Place::kTemplate:
      return error(broker::BuildPlan(cloud, Members(trick.input), {}));
    case Place::kLink:
      return error(broker::CheckLink(*plan, trick.input));
    case Place::kMethod:
      return error(broker::CheckOutgoing(cloud, Members(kPath), trick.input, plan->url));
    case Place::kList:
      return error(broker::BuildPlan(cloud, Query(), {{"subscriptions", trick.input}}));
    case Place::kToken:
    case Place::kBody:
      return RefusalOfQuery(trick);
  }
  return std::nullopt;
}

/// The URL that would be sent by somebody who puts texts together, and the path that was meant.
std::pair<std::string, std::string> Naive(const RequestTrick& trick) {
  const std::string base = std::string(kOrigin) + "/v1.0";
  switch (trick.place) {
    case Place::kParameter:
      return {base + "/groups/" + trick.input + "/members", "/v1.0/groups/one/members"};
    case Place::kTemplate:
      return {base + trick.input, "/v1.0" + trick.input};
    default:
      return {trick.input, "/v1.0/groups/g1/members"};
  }
}

bool HoldsControl(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

/// Whether Poco::URI, which knows nothing of us, takes it for a request to another place: another
/// origin, more or fewer path segments, another path where the whole is given, a query or fragment
/// of its own, or a line of the request that breaks in two.
bool LeadsElsewhere(const RequestTrick& trick) {
  if (trick.place >= Place::kMethod) return false;
  const auto [url, granted] = Naive(trick);
  const bool is_link = trick.place == Place::kLink;
  try {
    Poco::URI uri(url);
    uri.normalize();
    const std::string path = uri.getPath();
    const bool same_origin = uri.getScheme() == "https" && uri.getHost() == "graph.microsoft.com" &&
                             uri.getPort() == 443 && uri.getUserInfo().empty();
    const auto segments = [](const std::string& of) {
      return std::count(of.begin(), of.end(), '/');
    };
    const bool same_path = is_link ? path == granted : segments(path) == segments(granted);
    return !same_origin || !same_path || !uri.getFragment().empty() ||
           (!is_link && !uri.getRawQuery().empty()) || HoldsControl(path) ||
           HoldsControl(uri.getQuery());
  } catch (const Poco::Exception&) {
    return false;
  }
}

/// Sets the flag as soon as the plugin says something.
class CancelAtFirstWord : public assess::Progress {
 public:
  explicit CancelAtFirstWord(std::atomic<bool>& cancelled) : cancelled_(cancelled) {}
  void PluginLog(const std::string&, int, const std::string&) override { cancelled_ = true; }

 private:
  std::atomic<bool>& cancelled_;
};

class NoPages : public assess::PageStore {
 public:
  Result<ledger::PendingEntry> Commit(const std::string&, const assess::JournalPage&, uint32_t,
                                      ledger::Keep) override {
    return ledger::PendingEntry::Done({});
  }
};

class NoRows : public assess::RowSink {
 public:
  Status RelayRows(ByteSpan) override { return {}; }
};

class NoService : public assess::Pages {
 public:
  Result<uint64_t> Start(uint64_t, const EndpointSpec&, const broker::Params&,
                         broker::Completion) override {
    return Fail(Code::kCancelled, "no service");
  }
  void StartNext(uint64_t, ByteSpan, uint64_t, uint64_t, broker::Completion) override {}
  void Finish(uint64_t) override {}
  void Refuse(uint64_t, broker::ReadResult refusal, broker::Completion done) override {
    done(std::move(refusal));
  }
  uint32_t TakeNumber() override { return 1; }
  Timestamp Now() const override { return SystemClock().Now(); }
};

/// The attack plugin as a collector of one dataset; the test worker takes its id for the attack.
assess::LoadedPlugin Collector(const std::string& attack) {
  auto file = ReadFile(ASSAY_ATTACK_PLUGIN);
  if (!file) FAIL(file.error().ToString());
  auto image = InspectPlugin(*file);
  if (!image) FAIL(image.error().ToString());
  assess::LoadedPlugin plugin;
  plugin.image = std::move(*image);
  plugin.manifest.id = attack;
  plugin.manifest.limits.frames = 5'000;
  DatasetSpec dataset;
  dataset.id = "words";
  dataset.columns = {{"id", ColumnType::kText, false}};
  dataset.key = {"id"};
  plugin.manifest.datasets = {dataset};
  return plugin;
}

struct CancelEnd {
  assess::CollectorReport report;
  Completeness completeness;
  milliseconds took;
  bool cancelled;
};

CancelEnd RunCancelled(const std::string& attack, Tier tier) {
  if (!g_spawner) FAIL(g_spawner.error().ToString());
  const assess::LoadedPlugin plugin = Collector(attack);
  std::atomic<bool> cancelled = false;
  CancelAtFirstWord progress(cancelled);
  NoPages pages;
  NoRows rows;
  NoService source;
  assess::DatasetBoard board;
  const uint32_t number = board.Add(attack, plugin.manifest.datasets[0]);
  assess::CollectContext context;
  context.run = "run";
  context.spawner = g_spawner->get();
  context.tier = tier;
  context.pages = &pages;
  context.rows = &rows;
  context.board = &board;
  context.progress = &progress;
  context.cancelled = &cancelled;
  context.cancel_grace = milliseconds(500);
  const auto start = std::chrono::steady_clock::now();
  CancelEnd end;
  end.report = assess::CollectorSession(context, plugin, source, {{"words", number}}).Run();
  end.took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
  end.completeness = board.Conclude(number).completeness;
  end.cancelled = cancelled;
  return end;
}

std::vector<Tier> OfferedTiers() {
  std::vector<Tier> offered;
  if (!g_spawner) FAIL(g_spawner.error().ToString());
  for (Tier tier : {Tier::kStrict, Tier::kReduced, Tier::kMinimal})
    if ((*g_spawner)->RunCanary(tier))
      offered.push_back(tier);
    else
      std::cerr << "*** TIER NOT OFFERED BY THIS MACHINE, NOT TESTED: " << Name(tier) << " ***\n";
  return offered;
}

}  // namespace

TEST_CASE(
    "Requests: every trick is refused before a socket is opened, in the words of the table "
    "[CL-11]") {
  for (const RequestTrick& trick : EveryRequestTrick()) {
    INFO(trick.name);
    const auto refusal = Refusal(trick);
    REQUIRE(refusal);
    CHECK(refusal->ToString().find(trick.words) != std::string::npos);
  }
}

TEST_CASE("Requests: a common URL library falls for the tricks that the table says [CL-11]") {
  size_t demanded = 0;
  for (const RequestTrick& trick : EveryRequestTrick()) {
    const bool elsewhere = LeadsElsewhere(trick);
    std::cout << trick.name << ": " << (elsewhere ? "elsewhere" : "not shown") << "\n";
    if (trick.believed != Believed::kElsewhere) continue;
    ++demanded;
    INFO(trick.name);
    CHECK(elsewhere);
  }
  CHECK(demanded > 30);
}

TEST_CASE(
    "Cancel: ends a worker whatever it does about it, and takes nothing for complete [CL-5]") {
  for (Tier tier : OfferedTiers())
    for (const CancelTrick& trick : EveryCancelTrick()) {
      const CancelEnd end = RunCancelled(trick.name, tier);
      INFO(Name(tier) << " " << trick.name << ": " << Name(end.report.outcome.fate) << " "
                      << end.report.detail << " after " << end.took.count() << " ms");
      CHECK(end.cancelled);
      CHECK(end.report.outcome.fate == trick.fate);
      CHECK(end.completeness != Completeness::kComplete);
      CHECK(end.took < milliseconds(20'000));
      if (trick.fate == Fate::kTimedOut)
        CHECK(end.report.detail.find("cancel: did not end within 500 ms") != std::string::npos);
    }
}

#ifndef ASSAY_SANITIZED
TEST_CASE("Cancel: without anybody who ends them, they go on [CL-5]") {
  for (const CancelTrick& trick : EveryCancelTrick()) {
    if (!trick.goes_on) continue;
    const Control got = RunUnconfined(ASSAY_ATTACK_PLUGIN, trick.name, milliseconds(700));
    if (got == Control::kNotOffered) {
      WARN("NOT OFFERED HERE: a box of namespaces for attacks without confinement");
      return;
    }
    INFO(trick.name << ": " << Name(got));
    CHECK(got == Control::kGoesOn);
  }
}
#endif

TEST_CASE("Requests: the matrix in the documents is that of the table") {
  if (::getenv("ASSAY_WRITE_MATRIX") != nullptr)
    std::ofstream(ASSAY_REQUEST_MATRIX) << RequestMatrixDocument();
  REQUIRE_OK_AND_ASSIGN(const ByteVector text, ReadFile(ASSAY_REQUEST_MATRIX));
  INFO("docs/request-matrix.md is out of date: run tools/sandbox-matrix");
  CHECK((std::string(text.begin(), text.end()) == RequestMatrixDocument()));
}

}  // namespace assay::sandbox
