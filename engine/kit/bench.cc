#include "kit/bench.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <chrono>

#include "base/text.h"
#include "ipc/wire.h"
#include "proof/sha256.h"

namespace assay::kit {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr char kTenant[] = "00000000-0000-4000-8000-00000000f1c5";
constexpr char kClient[] = "00000000-0000-4000-8000-00000000c11e";
constexpr char kSecretName[] = "ASSAY_KIT_CREDENTIAL";
constexpr uint32_t kEndlessPages = 40;

/// Keeps rows by dataset instead of relaying them to an evaluator.
class KeptRows : public assess::RowSink {
 public:
  KeptRows(Trace& trace, std::map<uint32_t, std::string> names)
      : trace_(trace), names_(std::move(names)) {}
  Status RelayRows(ByteSpan payload) override {
    ipc::Reader in(payload);
    const uint32_t dataset = in.U32(), count = in.U32();
    EmittedRows& rows = trace_.rows[names_.at(dataset)];
    rows.count += count;
    AppendBytes(rows.bytes, in.rest());
    return {};
  }

 private:
  Trace& trace_;
  std::map<uint32_t, std::string> names_;
};

/// Keeps marks and bodies; nothing is sealed or stored.
class KeptPages : public assess::PageStore {
 public:
  explicit KeptPages(Trace& trace) : trace_(trace) {}
  Result<ledger::PendingEntry> Commit(const std::string&, const assess::JournalPage& page,
                                      uint32_t max_records, ledger::Keep) override {
    const std::lock_guard lock(mutex_);
    if (assess::MarksHold(page, max_records)) {
      trace_.marks[page.page] = page.marks;
      trace_.records += page.marks.size();
    }
    const broker::ReadRecord& record = page.result.record;
    trace_.pages[page.page] = {record.endpoint,    record.url,          record.request_body,
                               page.index,         page.result.outcome, record.http_status,
                               page.result.detail, page.result.body};
    return ledger::PendingEntry::Done({LeafIndex{page.page}, {}});
  }

 private:
  std::mutex mutex_;
  Trace& trace_;
};

class KeptLog : public assess::Progress {
 public:
  explicit KeptLog(Trace& trace) : trace_(trace) {}
  void PluginLog(const std::string&, int severity, const std::string& line) override {
    trace_.log.push_back(fmt::format("{} {}", severity, line));
  }

 private:
  Trace& trace_;
};

broker::BrokerOptions Options(const Clock& clock) {
  // The form of a secret; nothing leaves the process.
  static const bool once = ::setenv(kSecretName, "fixture", 1) == 0;
  ASSAY_ASSERT(once, "the environment takes one more name");
  broker::BrokerOptions options{TenantId::Parse(kTenant).value(), {}, {}, {}};
  // Fixtures answer for a plugin's reads; the guard's own have nobody to ask.
  options.ask_directory = options.ask_azure = false;
  options.enforce_budgets = false;  // waiting for a budget would change the order of requests
  options.cloud = *broker::BuiltInCloud("global");
  options.cloud.exports.container = "https://fixture.blob.core.windows.net/exports";
  options.credential = {kClient, std::string("env:") + kSecretName};
  options.concurrency = 1;  // answers in the order of requests, the same in every run
  options.max_pages = kEndlessPages;
  options.user_agent = "assay-kit";
  options.clock = &clock;
  return options;
}

int64_t MsSince(Steady::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - start).count();
}

std::string Hex(ByteSpan bytes) { return EncodeHex(proof::Sha256(bytes)); }

}  // namespace

std::string Trace::Text() const {
  std::string out;
  for (const std::string& request : requests) out += request + "\n";
  for (const auto& [page, ranges] : marks) {
    out += fmt::format("marks {}", page);
    for (const auto& range : ranges) out += fmt::format(" {}+{}", range.offset, range.length);
    out += "\n";
  }
  for (const auto& [dataset, emitted] : rows)
    out += fmt::format("rows {} {} {}\n", dataset, emitted.count, Hex(emitted.bytes));
  for (const auto& [dataset, standing] : standings)
    out += fmt::format("dataset {} {} {} {}\n", dataset, Name(standing.completeness),
                       Name(standing.reason), standing.detail);
  for (const std::string& line : log) out += "log " + line + "\n";
  return out + fmt::format("end {} {}\n", sandbox::Name(report.outcome.fate), report.detail);
}

Trial Bench::Fair() const {
  Trial trial;
  trial.limits = plugin_.manifest.limits;
  return trial;
}

std::vector<uint32_t> Bench::ThreadCounts() const {
  const uint32_t asked = plugin_.manifest.limits.threads;
  if (asked <= 1) return {};
  return asked == 2 ? std::vector<uint32_t>{1} : std::vector<uint32_t>{1, 2};
}

Trial Bench::WithThreads(uint32_t threads) const {
  Trial trial = Fair();
  trial.limits.threads_at_most = threads;
  return trial;
}

Trace Bench::Run(broker::Broker& broker, const std::vector<std::string>& roles, bool arm_available,
                 int64_t now_ms, const Trial& trial) const {
  const auto start = Steady::now();
  assess::LoadedPlugin plugin = plugin_;
  plugin.manifest.limits = trial.limits;
  Trace trace;
  assess::DatasetBoard board;
  std::map<std::string, uint32_t> numbers;
  std::map<uint32_t, std::string> names;
  for (const DatasetSpec& dataset : plugin.manifest.datasets) {
    const uint32_t number = board.Add(plugin.manifest.id, dataset);
    numbers[dataset.id] = number;
    names[number] = dataset.id;
  }
  KeptRows rows(trace, names);
  KeptPages pages(trace);
  KeptLog log(trace);
  const std::atomic<bool> never = false;
  assess::CollectContext context;
  context.run = "R-1";
  context.now_ms = now_ms;
  context.spawner = &spawner_;
  context.tier = tier_;
  context.pages = &pages;
  context.rows = &rows;
  context.board = &board;
  context.progress = &log;
  context.cancelled = &never;
  context.drill = trial.drill;
  context.roles.insert(roles.begin(), roles.end());
  context.arm_available = arm_available;
  std::atomic<uint32_t> next_page{1};
  assess::BrokerPages source(broker, next_page);
  trace.report = assess::CollectorSession(context, plugin, source, numbers).Run();
  for (const auto& [id, number] : numbers) trace.standings[id] = board.Conclude(number);
  trace.took_ms = MsSince(start);
  return trace;
}

Result<Trace> Bench::Collect(const Fixture& fixture, const Trial& trial) const {
  const Manifest& manifest = plugin_.manifest;
  const TrialClock clock(fixture.now_ms);
  const broker::BrokerOptions options = Options(clock);
  Asked asked;
  ASSAY_ASSIGN(const auto broker, broker::Broker::Create(options, std::make_unique<FixtureClient>(
                                                                      manifest, options, fixture,
                                                                      trial.weather, asked)));
  bool arm = false;
  std::vector<std::string> roles;
  for (const EndpointSpec& endpoint : manifest.endpoints) {
    arm = arm || endpoint.host == ServiceHost::kArm;
    if (!endpoint.permission.empty()) roles.push_back(endpoint.permission);
  }
  ASSAY_TRY(broker->CheckConsent(arm));
  Trace trace = Run(*broker, roles, true, fixture.now_ms, trial);
  trace.requests = asked.requests;
  trace.unanswered = asked.unanswered;
  return trace;
}

Trace Bench::CollectFrom(broker::Broker& broker, const std::vector<std::string>& roles,
                         bool arm_available) const {
  return Run(broker, roles, arm_available, ToUnixMs(broker.Now()), Fair());
}

FrameworkTrace Bench::Conclude(const std::vector<CheckResult>& results, const Trial& trial) const {
  const auto start = Steady::now();
  assess::LoadedPlugin plugin = plugin_;
  plugin.manifest.limits = trial.limits;
  assess::FrameworkTerms rehearsal;
  rehearsal.drill = trial.drill;
  FrameworkTrace trace;
  trace.results =
      assess::ConcludeFramework(spawner_, tier_, Fixture{}.now_ms, plugin, results, &rehearsal);
  trace.outcome = rehearsal.outcome;
  trace.done = rehearsal.done;
  trace.took_ms = MsSince(start);
  return trace;
}

Result<assess::LoadedPlugin> LoadByPath(const std::string& path) {
  fs::path folder = fs::absolute(path).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  std::string id = folder.filename().string();
  if (folder.extension() == ".so") {
    id = folder.stem().string();
    folder = folder.parent_path();
  }
  std::error_code error;
  if (!fs::is_regular_file(folder / (id + ".so"), error))
    return Fail(
        Error{Code::kNotFound, (folder / (id + ".so")).string() + ": is not there", {}, {}, {}, {}}
            .Hint("give the package's folder, <id>/ with <id>.so in it: build/guest-review"));
  return assess::LoadPlugin(folder, id);
}

}  // namespace assay::kit
