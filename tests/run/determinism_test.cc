// What the shipped plugins give depends on what the services answered, and on nothing else: not on
// the order of answers, not on how many are under way, not on pauses. [VE-24]
#include <algorithm>
#include <map>
#include <set>

#include "assess/derive.h"
#include "assess/prepare.h"
#include "config/load.h"
#include "demo/loopback.h"
#include "proof/canonical_json.h"
#include "proof/sha256.h"
#include "run/demo_config.h"
#include "run/shuffled_pages.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

using namespace assay;
using namespace assay::testing;

namespace {

/// Keeps what was said of datasets, checks and controls, without what names pages and findings:
/// those are numbered in the order of arrival.
class Collected final : public ledger::EntrySink {
 public:
  Result<ledger::KeptBody> PutBody(ByteSpan, const std::vector<ledger::RecordRange>&,
                                   ledger::Keep) override {
    return ledger::KeptBody{};
  }
  Result<ledger::BodyRef> PutSegments(const std::vector<std::string>& segments) override {
    proof::Sha256Stream all;
    std::vector<std::string> kept;
    for (const std::string& segment : segments) {
      kept.push_back(Unnumbered(segment));
      all.Add(AsBytes(kept.back()));
      all.Add(AsBytes("\n"));
    }
    ledger::BodyRef ref;
    ref.root = all.Finish();
    const std::lock_guard lock(mutex_);
    for (const std::string& segment : segments)
      if (segment.starts_with("{\"rows_sha256\"")) rows.insert(segment);
    bodies_[ref.root] = std::move(kept);
    return ref;
  }
  ledger::PendingEntry Append(ledger::EntryDraft draft) override {
    const std::lock_guard lock(mutex_);
    if (draft.kind != "read" && draft.kind != "finding.opened") Note(draft);
    return ledger::PendingEntry::Done({LeafIndex{++entries_}, {}});
  }
  std::map<std::string, std::vector<std::string>> said;
  std::set<std::string> rows;  ///< digests of rows, which name pages: others in another order

 private:
  static std::string Unnumbered(const std::string& segment) {
    auto json = proof::ReadJson(segment);
    if (!json || json->object() == nullptr) return segment;
    proof::JsonObject members = *json->object();
    for (const char* key : {"records", "finding", "rows_sha256"}) members.erase(key);
    return *proof::WriteJson(proof::Json{members});
  }
  static std::string Text(const ledger::Member& member) {
    if (const auto* text = std::get_if<std::string>(&member.value)) return *text;
    if (const auto* number = std::get_if<int64_t>(&member.value)) return std::to_string(*number);
    std::string out;
    if (const auto* map = std::get_if<ledger::MemberMap>(&member.value))
      for (const auto& [key, one] : *map) out += key + "=" + Text(one) + " ";
    return out;
  }
  void Note(const ledger::EntryDraft& draft) {
    std::string key = draft.kind;
    for (const char* name : {"dataset", "check", "part", "control", "plugin"})
      if (draft.members.contains(name)) key += " " + Text(draft.members.at(name));
    auto& lines = said[key];
    for (const auto& [name, member] : draft.members) lines.push_back(name + ": " + Text(member));
    if (!draft.body) return;
    const auto& segments = bodies_[draft.body->root];
    lines.insert(lines.end(), segments.begin(), segments.end());
  }

  std::mutex mutex_;
  std::map<Digest, std::vector<std::string>> bodies_;
  uint64_t entries_ = 0;
};

/// The broker's pages, kept for later.
class RecordedPages final : public assess::Pages {
 public:
  RecordedPages(broker::Broker& broker, std::atomic<uint32_t>& next, Answers& answers,
                std::mutex& mutex)
      : pages_(broker, next), answers_(answers), mutex_(mutex) {}
  Result<uint64_t> Start(uint64_t ticket, const EndpointSpec& endpoint,
                         const broker::Params& params, broker::Completion done) override {
    return pages_.Start(ticket, endpoint, params, Keep(std::move(done)));
  }
  void StartNext(uint64_t read, ByteSpan body, uint64_t offset, uint64_t length,
                 broker::Completion done) override {
    pages_.StartNext(read, body, offset, length, Keep(std::move(done)));
  }
  void Finish(uint64_t read) override { pages_.Finish(read); }
  void Refuse(uint64_t ticket, broker::ReadResult refusal, broker::Completion done) override {
    pages_.Refuse(ticket, std::move(refusal), std::move(done));
  }
  uint32_t TakeNumber() override { return pages_.TakeNumber(); }
  Timestamp Now() const override { return pages_.Now(); }

 private:
  broker::Completion Keep(broker::Completion done) {
    return [this, done = std::move(done)](broker::ReadResult result) {
      {
        const std::lock_guard lock(mutex_);
        answers_[AskedOf(result.record)] = result;
      }
      done(std::move(result));
    };
  }
  assess::BrokerPages pages_;
  Answers& answers_;
  std::mutex& mutex_;
};

using MakePages = std::function<std::unique_ptr<assess::Pages>(const assess::LoadedPlugin&)>;

class Ports final : public assess::DerivePorts {
 public:
  explicit Ports(MakePages make) : make_(std::move(make)) {}
  ledger::EntrySink& sink() override { return collected; }
  std::unique_ptr<assess::Pages> PagesOf(const assess::LoadedPlugin& plugin) override {
    return make_(plugin);
  }
  Collected collected;

 private:
  MakePages make_;
};

std::map<std::string, std::vector<std::string>> Derive(const assess::RunPlan& plan,
                                                       const assess::RunStart& start,
                                                       MakePages make,
                                                       std::set<std::set<std::string>>& orders) {
  Ports ports(std::move(make));
  assess::FindingRegister findings;
  assess::RunReport report;
  assess::Derivation derivation(plan, start, ports, findings, report);
  REQUIRE_OK(derivation.Collect());
  REQUIRE_OK(derivation.Judge());
  CHECK(report.plugin_faults.empty());
  orders.insert(ports.collected.rows);
  return std::move(ports.collected.said);
}

}  // namespace

TEST_CASE("Run: gives the same in whatever order answers come", "[run]") {
  const assess::Installation installation{ASSAY_BUILD_DIR};
  REQUIRE_OK_AND_ASSIGN(auto spawner, sandbox::Spawner::Start(installation.worker().string()));
  REQUIRE_OK_AND_ASSIGN(const sandbox::TierReport offered, spawner->Probe());
  REQUIRE_OK(demo::LoopbackUp());
  TestLedger home;
  demo::DemoOptions options;
  options.now = SystemClock().Now();
  options.throttle = false;
  REQUIRE_OK_AND_ASSIGN(const auto server, demo::DemoServer::Start(options));
  Write(home.root() / "client.secret", server->client_secret());
  Write(home.root() / "assay.toml",
        ConfigText(*server, home.root(),
                   "[[frameworks]]\nid = \"iso27001-2022\"\nversion = \"1\"\ntenants = [\"*\"]\n"
                   "[[frameworks]]\nid = \"gdpr\"\nversion = \"1\"\ntenants = [\"*\"]\n"
                   "[[frameworks]]\nid = \"dora\"\nversion = \"1\"\ntenants = [\"*\"]\n"));
  config::LoadOptions known;
  known.known_plugins = {"graph", "intune", "defender", "azure-policy", "activity-log", "cost"};
  known.known_frameworks = {"iso27001-2022", "gdpr", "dora"};
  const config::Loaded loaded = config::LoadConfig(home.root() / "assay.toml", known);
  for (const config::Diagnostic& one : loaded.diagnostics) UNSCOPED_INFO(one.message);
  REQUIRE(loaded.config.tenants.size() == 1);
  auto plan = assess::PlanRun(installation, loaded.config, loaded.config.tenants[0], {});
  REQUIRE_OK(plan);
  REQUIRE(plan->collectors.size() == 6);
  REQUIRE(plan->frameworks.size() == 3);
  static const std::atomic<bool> never{false};
  static assess::Progress silent;
  plan->cancelled = &never;
  plan->progress = &silent;
  plan->spawner = spawner.get();
  plan->tier = offered.best;

  REQUIRE_OK_AND_ASSIGN(const auto broker, broker::Broker::Create(plan->broker));
  REQUIRE_OK_AND_ASSIGN(const broker::Consent consent, broker->CheckConsent(true));
  const assess::RunStart start{"R-1",
                               options.now,
                               {consent.roles.begin(), consent.roles.end()},
                               consent.arm_token,
                               ledger::Keep::kFull};
  Answers answers;
  std::mutex mutex;
  std::atomic<uint32_t> next{1};
  std::set<std::set<std::string>> orders;
  const auto wanted = Derive(
      *plan, start,
      [&](const assess::LoadedPlugin&) {
        return std::make_unique<RecordedPages>(*broker, next, answers, mutex);
      },
      orders);
  REQUIRE(answers.size() > 30);
  REQUIRE(wanted.size() > 150);

  for (const size_t in_flight : {1u, 4u, 64u})
    for (const uint32_t seed : {1u, 2u, 3u}) {
      INFO("pages in flight " << in_flight << ", seed " << seed);
      const auto got = Derive(
          *plan, start,
          [&](const assess::LoadedPlugin&) {
            return std::make_unique<ShuffledPages>(answers, plan->broker.cloud, seed, in_flight);
          },
          orders);
      REQUIRE(got.size() == wanted.size());
      for (const auto& [what, lines] : wanted) {
        INFO(what);
        REQUIRE(got.contains(what));
        CHECK(got.at(what) == lines);
      }
    }
  CHECK(orders.size() > 5);  // the test can fail: answers did come in other orders
}
