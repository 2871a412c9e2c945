// Trials of a collector. Those of a framework are in examine_framework.cc, cases in run_cases.cc.
#include "kit/examine.h"

#include <fmt/format.h>

#include <algorithm>

#include "assay/read.h"
#include "base/text.h"
#include "kit/examine_parts.h"
#include "kit/rows_check.h"

namespace assay::kit {
namespace {

using ipc::HostCall;
using sandbox::Fate;

/// A trial is over in milliseconds; what takes this long hangs.
constexpr uint32_t kWallSeconds = 10;
constexpr uint32_t kCpuSeconds = 3;
/// Calls of a kind that are failed one by one; beyond that the first ones and the last.
constexpr uint64_t kFirstCalls = 6;
constexpr uint64_t kHugeBytes = 12u << 20;
constexpr uint64_t kManyBytes = 128u << 10;  // a record may lead to reads of its own
constexpr uint64_t kSlowMs = 200;
constexpr int kReplays = 3;

struct CallTrial {
  HostCall call;
  int32_t status;
  const char* word;
};
constexpr CallTrial kCallTrials[] = {
    {HostCall::kExtension, ASSAY_E_NOT_FOUND, "null"},
    {HostCall::kDataset, ASSAY_E_NOT_FOUND, "not_found"},
    {HostCall::kRequest, ASSAY_E_DENIED, "denied"},
    {HostCall::kRequest, ASSAY_E_NOT_FOUND, "not_found"},
    {HostCall::kRequest, ASSAY_E_INVALID, "invalid"},
    {HostCall::kRequest, ASSAY_E_LIMIT, "limit"},
    {HostCall::kWait, ASSAY_E_INTERNAL, "internal"},
    {HostCall::kMark, ASSAY_E_INVALID, "invalid"},
    {HostCall::kMark, ASSAY_E_LIMIT, "limit"},
    {HostCall::kNext, ASSAY_E_INVALID, "invalid"},
    {HostCall::kDone, ASSAY_E_INVALID, "invalid"},
    {HostCall::kRow, ASSAY_E_INVALID, "invalid"},
    {HostCall::kRow, ASSAY_E_LIMIT, "limit"},
    {HostCall::kState, ASSAY_E_INVALID, "invalid"},
};

/// Runs one trial and holds it to what every trial must keep.
class Trials {
 public:
  Trials(const Bench& bench, const Fixture& fixture, const Trace& clean, OutcomeList& out)
      : bench_(bench), fixture_(fixture), clean_(clean), out_(out) {}

  void HostCalls();
  void Cancels();
  void Answers();
  void Quotas();
  void Memory();
  void Replays();
  void ThreadCounts();

 private:
  Trial Short() const {
    Trial trial = bench_.Fair();
    trial.limits.wall_seconds = std::min(trial.limits.wall_seconds, kWallSeconds);
    trial.limits.cpu_seconds = std::min(trial.limits.cpu_seconds, kCpuSeconds);
    return trial;
  }
  void Try(const std::string& group, const std::string& name, const Trial& trial,
           bool rows_may_differ = false);
  std::vector<uint32_t> Numbers(HostCall call) const {
    return CallNumbers(clean_.report.done, call, kFirstCalls);
  }

  const Bench& bench_;
  const Fixture& fixture_;
  const Trace& clean_;
  OutcomeList& out_;
};

void Trials::Try(const std::string& group, const std::string& name, const Trial& trial,
                 bool rows_may_differ) {
  const auto trace = bench_.Collect(fixture_, trial);
  if (!trace) return out_.Fail(group, name, trace.error().ToString());
  std::string problem = BadEnd(trace->outcome(), trace->report.detail);
  if (problem.empty()) problem = WrongRows(bench_.plugin().manifest, *trace, false);
  if (problem.empty() && !rows_may_differ)
    problem = FalseComplete(bench_.plugin().manifest, clean_, *trace);
  out_.Add(group, name, problem, trace->took_ms);
}

void Trials::HostCalls() {
  for (const CallTrial& one : kCallTrials)
    for (const uint32_t number : Numbers(one.call)) {
      Trial trial = Short();
      trial.drill = {one.call, number, one.status};
      Try("host calls", fmt::format("{} {} gives {}", ipc::Name(one.call), number, one.word),
          trial);
    }
}

void Trials::Cancels() {
  for (const HostCall call :
       {HostCall::kExtension, HostCall::kDataset, HostCall::kRequest, HostCall::kWait,
        HostCall::kMark, HostCall::kNext, HostCall::kDone, HostCall::kRow, HostCall::kState})
    for (const uint32_t number : Numbers(call)) {
      Trial trial = Short();
      trial.drill = {call, number, ASSAY_E_CANCELLED};
      Try("cancel", fmt::format("at {} {}", ipc::Name(call), number), trial);
    }
}

void Trials::Answers() {
  using Kind = Weather::Kind;
  struct Row {
    const char* name;
    Kind kind;
    uint32_t status = 0, per_mille = 0;
    uint64_t bytes = 0;
    bool rows_may_differ = false;
  };
  const Row rows[] = {
      {"401", Kind::kStatus, 401},
      {"403", Kind::kStatus, 403},
      {"404", Kind::kStatus, 404},
      {"429", Kind::kStatus, 429},
      {"500", Kind::kStatus, 500},
      {"503", Kind::kStatus, 503},
      {"no answer", Kind::kLost},
      {"no second page", Kind::kLaterLost},
      {"cut at a tenth", Kind::kCut, 0, 100},
      {"cut in the middle", Kind::kCut, 0, 500},
      {"cut near the end", Kind::kCut, 0, 950},
      {"cut within a text", Kind::kCutInText, 0, 1},
      {"cut within a later text", Kind::kCutInText, 0, 600},
      {"an empty body", Kind::kEmpty},
      {"a page for people", Kind::kHtml},
      {"a huge body", Kind::kHuge, 0, 0, kHugeBytes},
      {"many records", Kind::kMany, 0, 0, kManyBytes, true},
      {"a slow body", Kind::kSlow, 0, 0, kSlowMs, false},
      {"endless paging", Kind::kEndless},
  };
  for (const EndpointSpec& endpoint : bench_.plugin().manifest.endpoints) {
    if (!clean_.report.asked.contains(endpoint.id)) continue;
    for (const Row& row : rows) {
      Trial trial = Short();
      trial.weather = {row.kind, endpoint.id, row.status, row.per_mille, row.bytes, 0};
      // What an optional read gives may be missing, and 404 may be an answer: the manifest says so.
      const bool absent = endpoint.absent && row.status == 404;
      Try("answers", fmt::format("{}: {}", endpoint.id, row.name), trial,
          row.rows_may_differ || endpoint.optional || absent);
    }
  }
}

void Trials::Quotas() {
  Trial trial = Short();
  trial.limits.outstanding = 1;
  Try("limits", "one outstanding read", trial);
  trial = Short();
  trial.limits.reads = 1;
  Try("limits", "one read", trial);
  trial = Short();
  trial.limits.rows = 1;
  Try("limits", "one row", trial);
  trial = Short();
  trial.limits.records_per_body = 1;
  Try("limits", "one record in a body", trial);
  trial = Short();
  trial.limits.log_bytes = 8;
  Try("limits", "eight bytes of log", trial);
}

/// Less and less address space, until the worker itself does not start any more.
void Trials::Memory() {
  for (uint64_t mib = 160; mib >= 8; mib = mib * 4 / 5) {
    Trial trial = Short();
    trial.limits.memory_bytes = mib << 20;
    const auto trace = bench_.Collect(fixture_, trial);
    if (!trace) return out_.Fail("memory", fmt::format("{} MiB", mib), trace.error().ToString());
    const Fate fate = trace->outcome().fate;
    if (fate == Fate::kSetupFailed || fate == Fate::kLoadFailed) return;
    std::string problem;
    if (fate != Fate::kMemoryLimit) problem = BadEnd(trace->outcome(), trace->report.detail);
    if (problem.empty()) problem = FalseComplete(bench_.plugin().manifest, clean_, *trace);
    out_.Add("memory", fmt::format("{} MiB", mib), problem, trace->took_ms);
  }
}

void Trials::Replays() {
  for (int replay = 1; replay <= kReplays; ++replay) {
    const auto trace = bench_.Collect(fixture_, bench_.Fair());
    const std::string name = fmt::format("replay {}", replay);
    if (!trace)
      out_.Fail("determinism", name, trace.error().ToString());
    else
      out_.Add("determinism", name, Difference(clean_.Text(), trace->Text()), trace->took_ms);
  }
}

void Trials::ThreadCounts() {
  const auto counts = bench_.ThreadCounts();
  if (!counts.empty() && bench_.tier() != sandbox::Tier::kStrict)
    return out_.Skip("determinism", "numbers of threads", NoThreadsHere(bench_.tier()));
  for (const uint32_t threads : counts) {
    const std::string name =
        fmt::format("{} instead of {} threads", threads, bench_.plugin().manifest.limits.threads);
    const auto trace = bench_.Collect(fixture_, bench_.WithThreads(threads));
    if (!trace)
      out_.Fail("determinism", name, trace.error().ToString());
    else
      out_.Add("determinism", name, Difference(clean_.Text(), trace->Text()), trace->took_ms);
  }
}

void ExamineCollector(const Bench& bench, const Fixture& fixture, OutcomeList& out) {
  const auto clean = bench.Collect(fixture, bench.Fair());
  if (!clean) return out.Fail("run", "with the fixture", clean.error().ToString());
  std::string problem;
  if (clean->outcome().fate != Fate::kOk) problem = clean->report.detail;
  if (problem.empty()) problem = CleanProblem(*clean);
  out.Add("run", "with the fixture", problem, clean->took_ms);
  out.Add("rows", "fit the manifest", WrongRows(bench.plugin().manifest, *clean, true));
  if (!problem.empty()) return;  // nothing to compare trials with
  Trials trials(bench, fixture, *clean, out);
  trials.HostCalls();
  trials.Cancels();
  trials.Answers();
  trials.Quotas();
  trials.Memory();
  trials.Replays();
  trials.ThreadCounts();
}

}  // namespace

std::string BadEnd(const sandbox::WorkerOutcome& outcome, const std::string& detail) {
  switch (outcome.fate) {
    case Fate::kOk:
    case Fate::kPluginError:
      return "";
    default:
      return detail.empty() ? std::string(sandbox::Name(outcome.fate)) : detail;
  }
}

std::string FalseComplete(const Manifest& manifest, const Trace& clean, const Trace& trial) {
  for (const DatasetSpec& dataset : manifest.datasets) {
    const auto standing = trial.standings.find(dataset.id);
    if (standing == trial.standings.end() ||
        standing->second.completeness != Completeness::kComplete)
      continue;
    const auto before = clean.rows.find(dataset.id), after = trial.rows.find(dataset.id);
    const uint64_t had = before == clean.rows.end() ? 0 : before->second.count;
    const uint64_t has = after == trial.rows.end() ? 0 : after->second.count;
    if (had != has)
      return fmt::format("dataset {} says complete with {} rows, the clean run has {}", dataset.id,
                         has, had);
  }
  return "";
}

std::string WrongMarks(const Trace& trace) {
  for (const auto& [endpoint, pages] : trace.report.wrong_marks)
    return fmt::format("{}: the marks of {} pages do not hold: in order, apart, inside the body",
                       endpoint, pages);
  return "";
}

std::string CleanProblem(const Trace& trace) {
  if (std::string problem = WrongMarks(trace); !problem.empty()) return problem;
  for (const auto& [number, page] : trace.pages)
    if (page.outcome == ASSAY_PAGE_REFUSED)
      return fmt::format("{}: page {} was refused: {}", page.endpoint, page.index + 1, page.detail);
  for (const auto& [dataset, standing] : trace.standings)
    if (standing.completeness != Completeness::kComplete && standing.reason == Reason::kPluginFault)
      return fmt::format("dataset {}: {}", dataset, standing.detail);
  std::map<std::string, int> asked;
  for (const std::string& request : trace.requests)
    if (++asked[request] == 3) return "asks for the same again and again: " + request;
  return "";
}

std::string Difference(const std::string& first, const std::string& second) {
  if (first == second) return "";
  const auto a = Split(first, '\n'), b = Split(second, '\n');
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const std::string left(i < a.size() ? a[i] : "nothing"), right(i < b.size() ? b[i] : "nothing");
    if (left != right)
      return fmt::format("two runs differ: {} and then {}", Quote(left, 120), Quote(right, 120));
  }
  return "two runs differ";
}

std::vector<uint32_t> CallNumbers(const std::optional<ipc::Done>& done, HostCall call,
                                  uint64_t first) {
  const auto at = static_cast<size_t>(call);
  const uint64_t made = done && at < done->calls.size() ? done->calls[at] : 0;
  std::vector<uint32_t> out;
  for (uint64_t number = 1; number <= std::min(made, first); ++number)
    out.push_back(static_cast<uint32_t>(number));
  if (made > first) out.push_back(static_cast<uint32_t>(std::min<uint64_t>(made, UINT32_MAX)));
  return out;
}

void Examine(const Bench& bench, const Fixture& fixture, OutcomeList& out) {
  if (bench.plugin().manifest.kind == PluginKind::kCollector)
    ExamineCollector(bench, fixture, out);
  else
    ExamineFramework(bench, fixture, out);
}

}  // namespace assay::kit
