// 100,000 frames of workers that lie: valid heads with random or damaged payloads, random types,
// the wrong order, broken heads. The engine's side answers each conversation in bounded time by
// accepting it or by ending the worker, and never by a crash. Runs under the address sanitizer too.
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <thread>

#include "assess/collector_session.h"
#include "assess/framework_session.h"
#include "ipc/wire.h"
#include "support/matchers.h"

namespace assay::assess {
namespace {

using ipc::Type;
using sandbox::Fate;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr uint64_t kFrames = 100'000;
constexpr uint32_t kSeed = 20'261'121;
constexpr uint32_t kDataset = 1;
const std::string kBody = R"({"value":[{"id":1},{"id":2}],"@odata.nextLink":"https://h/n"})";

/// The engine's end of a conversation that was written beforehand.
class ScriptedWorker : public sandbox::Worker {
 public:
  explicit ScriptedWorker(ipc::Channel channel, Fate* killed)
      : channel_(std::move(channel)), killed_(killed) {}
  ipc::Channel& channel() override { return channel_; }
  int pidfd() const override { return -1; }
  const ipc::Hello& hello() const override { return hello_; }
  void Kill(Fate fate, std::string) override {
    if (*killed_ == Fate::kRunning) *killed_ = fate;
  }
  sandbox::WorkerOutcome Wait(const std::optional<ipc::Done>& done, milliseconds) override {
    sandbox::WorkerOutcome outcome;
    outcome.fate = *killed_ != Fate::kRunning ? *killed_
                   : !done                    ? Fate::kExited
                   : done->status == 0        ? Fate::kOk
                                              : Fate::kPluginError;
    return outcome;
  }

 private:
  ipc::Channel channel_;
  Fate* killed_;
  ipc::Hello hello_;
};

class ScriptedSpawner : public sandbox::Spawner {
 public:
  Result<sandbox::TierReport> Probe() override { return sandbox::TierReport{}; }
  Result<std::unique_ptr<sandbox::Worker>> Spawn(const sandbox::WorkerSpec&,
                                                 sandbox::Tier) override {
    return std::move(next);
  }
  Status RunCanary(sandbox::Tier) override { return {}; }
  std::unique_ptr<sandbox::Worker> next;
};

/// Answers every read at once with the same page.
class InstantBroker : public broker::Broker {
 public:
  Result<broker::Consent> CheckConsent(bool) override { return broker::Consent{}; }
  Result<uint64_t> Start(const EndpointSpec&, const broker::Params&,
                         broker::Completion done) override {
    done(Page());
    return ++reads_;
  }
  void StartNext(uint64_t, ByteSpan body, uint64_t offset, uint64_t length,
                 broker::Completion done) override {
    inside = inside && length <= body.size() && offset <= body.size() - length;
    done(Page());
  }
  void Finish(uint64_t) override {}
  void Cancel() override {}
  Timestamp Now() const override { return SystemClock().Now(); }
  std::map<std::string, uint64_t> RequestCounts() const override { return {}; }
  broker::PaceReport Pace() const override { return {}; }
  std::vector<broker::ReadResult> TakeGuardReads() override { return {}; }
  std::optional<Error> Refusal() const override { return std::nullopt; }
  bool inside = true;  ///< every link that was handed on lay within its body

 private:
  static broker::ReadResult Page() {
    broker::ReadResult page;
    page.body.assign(kBody.begin(), kBody.end());
    page.record.http_status = 200;
    return page;
  }
  uint64_t reads_ = 0;
};

/// Takes everything and keeps nothing: the ledger has tests of its own.
class ForgetfulPages : public PageStore {
 public:
  Result<ledger::PendingEntry> Commit(const std::string&, const JournalPage&, uint32_t,
                                      ledger::Keep) override {
    return ledger::PendingEntry::Done({});
  }
};

/// Writes one conversation: in turn as long as it likes, then something else.
class Liar {
 public:
  Liar(ipc::Channel& channel, std::mt19937& random) : channel_(channel), random_(random) {}

  /// Returns the number of frames written. A conversation fits the socket's buffer.
  uint64_t Speak() {
    const uint64_t frames = 1 + Below(60);
    for (uint64_t i = 0; i < frames && room_; ++i) {
      if (Below(30) == 0)
        Lie();
      else
        Behave();
    }
    if (Below(2) == 0) Send(Type::kDone, Encode(ipc::Done{static_cast<int32_t>(Below(2)), ""}));
    ::shutdown(channel_.fd(), SHUT_WR);
    return sent_;
  }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  uint32_t AnyPage() { return pages_ == 0 ? 1 : 1 + static_cast<uint32_t>(Below(pages_)); }

  void Send(Type type, const ByteVector& payload) {
    room_ = room_ && channel_.Send(static_cast<uint16_t>(type), payload, -1, milliseconds(0));
    sent_ += room_ ? 1 : 0;
  }

  ByteVector Valid(Type type) {
    switch (type) {
      case Type::kRequest:
        return Encode(ipc::Request{++ticket_, "body", {}});
      case Type::kMarks:
        return Encode(ipc::Marks{AnyPage(), {{10, 8}, {Below(90), Below(90)}}});
      case Type::kNextPage:
        return Encode(ipc::NextPage{AnyPage(), {Below(80), Below(30)}});
      case Type::kPageDone:
        return ipc::EncodePageDone(AnyPage());
      case Type::kDatasetState:
        return Encode(ipc::DatasetState{kDataset, Completeness::kPartial, Reason::kThrottled, "x"});
      case Type::kLog:
        return Encode(ipc::Log{1, "line"});
      case Type::kCounts:
        return Encode(ipc::Counts{kDataset, Below(9), Below(9), Below(9)});
      default: {
        const auto below = [&](uint64_t n) { return static_cast<uint32_t>(Below(n)); };
        // Now and then a slot that is not there, or more bytes than one has.
        const uint32_t bytes = Below(200) == 0 ? ipc::kMaxPayload : below(300);
        return Encode(ipc::Batch{kDataset, below(5),
                                 Below(200) == 0 ? 8 : below(ipc::RowMapping::kSlots), bytes});
      }
    }
  }

  /// Mostly what a collector may say in that moment; pages are guessed and may be given back
  /// already.
  void Behave() {
    constexpr Type kSafe[] = {Type::kRequest, Type::kDatasetState, Type::kLog, Type::kBatch,
                              Type::kCounts};
    constexpr Type kPaged[] = {Type::kMarks, Type::kNextPage, Type::kPageDone};
    const bool paged = pages_ > 0 && Below(12) == 0;
    const Type type = paged ? kPaged[Below(3)] : kSafe[Below(5)];
    if (type == Type::kRequest && pages_ >= 40) return Send(Type::kLog, Valid(Type::kLog));
    Send(type, Valid(type));
    if (type == Type::kRequest || type == Type::kNextPage) ++pages_;
  }

  void Lie() {
    const auto any = static_cast<Type>(Below(40));
    switch (Below(5)) {
      case 0: {  // any type, any payload
        ByteVector payload(Below(300));
        for (uint8_t& byte : payload) byte = static_cast<uint8_t>(random_());
        return Send(any, payload);
      }
      case 1: {  // a type of its own, damaged
        constexpr Type kAll[] = {Type::kRequest,  Type::kMarks,        Type::kNextPage,
                                 Type::kPageDone, Type::kDatasetState, Type::kLog,
                                 Type::kBatch,    Type::kDone};
        const Type type = kAll[Below(8)];
        ByteVector payload = Valid(type);
        for (uint64_t i = 0; i <= Below(4) && !payload.empty(); ++i)
          payload[Below(payload.size())] ^= static_cast<uint8_t>(1u << Below(8));
        if (Below(3) == 0) payload.resize(Below(payload.size() + 8));
        return Send(type, payload);
      }
      case 2:  // out of turn
        return Send(Type::kPageDone, ipc::EncodePageDone(static_cast<uint32_t>(random_())));
      case 3:  // a valid payload under another's name
        return Send(any, Valid(Type::kBatch));
      default: {  // a head that no channel writes
        uint8_t head[12];
        for (uint8_t& byte : head) byte = static_cast<uint8_t>(Below(3) == 0 ? random_() : 0);
        const ssize_t n = ::send(channel_.fd(), head, sizeof head, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent_ += n > 0 ? 1 : 0;
      }
    }
  }

  ipc::Channel& channel_;
  std::mt19937& random_;
  uint64_t ticket_ = 0, pages_ = 0, sent_ = 0;
  bool room_ = true;
};

LoadedPlugin Plugin() {
  LoadedPlugin plugin;
  plugin.manifest.id = "liar";
  plugin.image.sealed_image = {0};
  EndpointSpec endpoint;
  endpoint.id = "body";
  endpoint.datasets = {"words"};
  plugin.manifest.endpoints = {endpoint};
  DatasetSpec dataset;
  dataset.id = "words";
  dataset.columns = {{"id", ColumnType::kText, false}};
  dataset.key = {"id"};
  plugin.manifest.datasets = {dataset};
  return plugin;
}

/// An evaluator that takes whatever is relayed, until its channel closes.
class Listener {
 public:
  explicit Listener(ipc::Channel channel)
      : channel_(std::move(channel)), thread_([this] {
          while (channel_.Receive()) {
          }
        }) {}
  ~Listener() { thread_.join(); }

 private:
  ipc::Channel channel_;
  std::thread thread_;
};

/// What an evaluator says, and what it must not: results for checks that nobody asked for, damaged
/// ones, the words of other roles.
uint64_t SpeakAsEvaluator(ipc::Channel& channel, std::mt19937& random) {
  const uint64_t frames = 1 + random() % 20;
  const ByteVector valid = ipc::EncodeObservations("check", {Observation{}});
  for (uint64_t i = 0; i < frames; ++i) {
    ByteVector payload = random() % 40 == 0 ? ipc::Encode(CheckResult{}) : valid;
    if (random() % 20 == 0 && !payload.empty())
      payload[random() % payload.size()] ^= static_cast<uint8_t>(1u << random() % 8);
    const auto type = random() % 40 == 0 ? static_cast<uint16_t>(random() % 40)
                                         : static_cast<uint16_t>(Type::kObservations);
    if (!channel.Send(type, payload, -1, milliseconds(0))) return i;
  }
  (void)channel.Send(static_cast<uint16_t>(Type::kDone), Encode(ipc::Done{}), -1, milliseconds(0));
  ::shutdown(channel.fd(), SHUT_WR);
  return frames + 1;
}

}  // namespace

TEST_CASE("Session: ends or accepts every evaluator that speaks random frames") {
  std::mt19937 random(kSeed);
  ScriptedSpawner spawner;
  uint64_t frames = 0, accepted = 0, ended = 0;
  while (frames < kFrames / 5) {
    REQUIRE_OK_AND_ASSIGN(auto ends, ipc::Channel::CreatePair());
    Fate killed = Fate::kRunning;
    spawner.next = std::make_unique<ScriptedWorker>(std::move(ends.first), &killed);
    REQUIRE_OK_AND_ASSIGN(const auto session,
                          EvaluatorSession::Start(spawner, sandbox::Tier::kStrict, 0, {}, {}, {}));
    frames += SpeakAsEvaluator(ends.second, random);
    const Status judged = session->Evaluate(
        {}, nullptr, [](const std::string&, std::vector<Observation>) { return Status{}; },
        [](CheckResult) { return Status{}; });
    REQUIRE((killed == Fate::kProtocolError || judged.has_value() ||
             judged.error().code == Code::kUnavailable));
    REQUIRE(judged.has_value() == (killed == Fate::kRunning));
    ++(judged ? accepted : ended);
  }
  CHECK(accepted > 100);
  CHECK(ended > 100);
}

TEST_CASE("Session: a framework that is being cancelled may end by itself, and is ended otherwise",
          "[VE-5]") {
  const bool listens = GENERATE(true, false);
  ScriptedSpawner spawner;
  REQUIRE_OK_AND_ASSIGN(auto ends, ipc::Channel::CreatePair());
  Fate killed = Fate::kRunning;
  spawner.next = std::make_unique<ScriptedWorker>(std::move(ends.first), &killed);
  LoadedPlugin plugin = Plugin();
  plugin.framework.id = "slow";
  std::atomic<bool> cancelled = false;
  std::thread framework([&, channel = std::move(ends.second)]() mutable {
    while (auto frame = channel.Receive()) {
      if (static_cast<Type>(frame->type) == Type::kConclude) cancelled = true;
      if (static_cast<Type>(frame->type) != Type::kCancel) continue;
      if (listens)
        (void)channel.Send(static_cast<uint16_t>(Type::kDone), Encode(ipc::Done{}), -1,
                           milliseconds(1000));
    }
  });
  FrameworkTerms terms{.cancelled = &cancelled, .cancel_grace = milliseconds(300)};
  const auto start = Steady::now();
  CHECK_FAILS(ConcludeFramework(spawner, sandbox::Tier::kStrict, 0, plugin, {}, &terms),
              Code::kCancelled, "framework slow: the run is being cancelled");
  CHECK(Steady::now() - start < std::chrono::seconds(10));
  CHECK(killed == (listens ? Fate::kRunning : Fate::kTimedOut));
  framework.join();
}

TEST_CASE("Session: an evaluator is ended when the run is cancelled") {
  ScriptedSpawner spawner;
  REQUIRE_OK_AND_ASSIGN(auto ends, ipc::Channel::CreatePair());
  Fate killed = Fate::kRunning;
  spawner.next = std::make_unique<ScriptedWorker>(std::move(ends.first), &killed);
  REQUIRE_OK_AND_ASSIGN(const auto session,
                        EvaluatorSession::Start(spawner, sandbox::Tier::kStrict, 0, {}, {}, {}));
  const std::atomic<bool> cancelled = true;
  CHECK_FAILS(
      session->Evaluate(
          {}, &cancelled, [](const std::string&, std::vector<Observation>) { return Status{}; },
          [](CheckResult) { return Status{}; }),
      Code::kCancelled, "interrupted");
  CHECK(killed == Fate::kTimedOut);
}

TEST_CASE("Session: ends or accepts every worker that speaks 100,000 random frames [CL-5]") {
  std::mt19937 random(kSeed);
  ForgetfulPages pages;
  ScriptedSpawner spawner;
  InstantBroker broker;
  Progress progress;
  const std::atomic<bool> cancelled{false};
  const LoadedPlugin plugin = Plugin();

  REQUIRE_OK_AND_ASSIGN(auto relay, ipc::Channel::CreatePair());
  const Listener listener(std::move(relay.second));
  Fate evaluator_killed = Fate::kRunning;
  spawner.next = std::make_unique<ScriptedWorker>(std::move(relay.first), &evaluator_killed);
  REQUIRE_OK_AND_ASSIGN(const auto evaluator,
                        EvaluatorSession::Start(spawner, sandbox::Tier::kStrict, 0, {}, {}, {}));

  std::atomic<uint32_t> next_page{1};
  uint64_t frames = 0;
  std::map<Fate, uint64_t> fates;
  while (frames < kFrames) {
    DatasetBoard board;
    board.Add("liar", plugin.manifest.datasets[0]);
    CollectContext context;
    context.run = "run";
    context.spawner = &spawner;
    context.pages = &pages;
    context.rows = evaluator.get();
    context.board = &board;
    context.progress = &progress;
    context.cancelled = &cancelled;
    REQUIRE_OK_AND_ASSIGN(auto ends, ipc::Channel::CreatePair());
    frames += Liar(ends.second, random).Speak();
    Fate killed = Fate::kRunning;
    spawner.next = std::make_unique<ScriptedWorker>(std::move(ends.first), &killed);
    const auto start = Steady::now();
    BrokerPages source(broker, next_page);
    const CollectorReport report =
        CollectorSession(context, plugin, source, {{"words", kDataset}}).Run();
    INFO("after " << frames << " frames: " << sandbox::Name(report.outcome.fate) << " "
                  << report.detail);
    REQUIRE(Steady::now() - start < std::chrono::seconds(10));
    ++fates[report.outcome.fate];
    // Accepted with its last word, or ended; a worker that fell silent counts as failed.
    const std::set<Fate> known{Fate::kOk, Fate::kPluginError, Fate::kProtocolError, Fate::kFlooded,
                               Fate::kExited};
    REQUIRE(known.contains(report.outcome.fate));
    REQUIRE(report.ok == (report.outcome.fate == Fate::kOk));
    REQUIRE_FALSE(report.ledger_failure);
    if (!report.ok) {
      REQUIRE_FALSE(report.detail.empty());
      REQUIRE(board.Conclude(kDataset).completeness == Completeness::kUnavailable);
    }
  }
  CHECK(broker.inside);
  CHECK(evaluator_killed == Fate::kRunning);
  CHECK(fates[Fate::kOk] > 100);  // the liar can also tell the truth, so that the test can fail
  CHECK(fates[Fate::kProtocolError] > 100);
}

}  // namespace assay::assess
