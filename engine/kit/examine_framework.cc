// Trials of a framework: results of every kind, host calls that fail, replays.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "assay/types.h"
#include "kit/examine_parts.h"

namespace assay::kit {
namespace {

using sandbox::Fate;

constexpr uint64_t kFirstCalls = 4;
constexpr uint32_t kWallSeconds = 10;

CheckResult ResultOf(const std::string& check, Verdict verdict) {
  CheckResult out;
  out.check = check;
  out.verdict = verdict;
  if (verdict == Verdict::kPass) out.pass = 3;
  if (verdict == Verdict::kFail) out.fail = 3;
  if (verdict == Verdict::kManual) out.manual = 3;
  if (verdict == Verdict::kNotApplicable) out.not_applicable = 3;
  if (verdict == Verdict::kNotAssessed) {
    out.not_assessed = 3;
    out.reason = Reason::kPermission;
  }
  return out;
}

/// Controls that are satisfied although nothing shows it, or that hide a failing check.
std::string WrongStates(const assess::LoadedPlugin& plugin, const FrameworkTrace& trace,
                        bool may_be_satisfied) {
  if (!trace.results) return "";
  for (size_t i = 0; i < trace.results->size(); ++i) {
    const ControlResult& result = (*trace.results)[i];
    const bool mapped = !plugin.framework.controls[i].checks.empty();
    if (!mapped && result.state != ControlState::kUncovered)
      return fmt::format("control {} is {} although no check is mapped to it", result.control,
                         Name(result.state));
    if (mapped && result.state == ControlState::kUncovered)
      return fmt::format("control {} is uncovered although checks are mapped to it",
                         result.control);
    if (mapped && !may_be_satisfied &&
        (result.state == ControlState::kSatisfied || result.state == ControlState::kExcepted))
      return fmt::format("control {} is {} although no mapped check passed", result.control,
                         Name(result.state));
  }
  return "";
}

class FrameworkTrials {
 public:
  FrameworkTrials(const Bench& bench, OutcomeList& out) : bench_(bench), out_(out) {}

  void Verdicts() {
    const auto checks = MappedChecks(bench_.plugin());
    for (const auto& [verdict, good] :
         {std::pair(Verdict::kPass, true), std::pair(Verdict::kFail, false),
          std::pair(Verdict::kManual, false), std::pair(Verdict::kNotApplicable, false),
          std::pair(Verdict::kNotAssessed, false)}) {
      std::vector<CheckResult> results;
      for (const std::string& check : checks) results.push_back(ResultOf(check, verdict));
      Try("results", fmt::format("every check is {}", Name(verdict)), results, bench_.Fair(), good);
    }
    Try("results", "no check ran", {}, bench_.Fair(), false);
  }

  void HostCalls(const std::vector<CheckResult>& results, const FrameworkTrace& clean) {
    using ipc::HostCall;
    for (const auto& [call, status] : {std::pair(HostCall::kExtension, ASSAY_E_NOT_FOUND),
                                       std::pair(HostCall::kControl, ASSAY_E_NOT_FOUND),
                                       std::pair(HostCall::kConclude, ASSAY_E_INVALID)})
      for (const uint32_t number : CallNumbers(clean.done, call, kFirstCalls)) {
        Trial trial = Short();
        trial.drill = {call, number, static_cast<int32_t>(status)};
        const auto trace = bench_.Conclude(results, trial);
        out_.Add("host calls", fmt::format("{} {} fails", ipc::Name(call), number), EndOf(trace),
                 trace.took_ms);
      }
  }

  void Replays(const std::vector<CheckResult>& results, const FrameworkTrace& clean) {
    for (int replay = 1; replay <= 3; ++replay) {
      const auto trace = bench_.Conclude(results, bench_.Fair());
      out_.Add("determinism", fmt::format("replay {}", replay),
               Difference(TextOf(clean), TextOf(trace)), trace.took_ms);
    }
    for (const uint32_t threads : bench_.ThreadCounts()) {
      const std::string name =
          fmt::format("{} instead of {} threads", threads, bench_.plugin().manifest.limits.threads);
      if (bench_.tier() != sandbox::Tier::kStrict) {
        out_.Skip("determinism", name, NoThreadsHere(bench_.tier()));
        continue;
      }
      const auto trace = bench_.Conclude(results, bench_.WithThreads(threads));
      out_.Add("determinism", name, Difference(TextOf(clean), TextOf(trace)), trace.took_ms);
    }
  }

  void Memory(const std::vector<CheckResult>& results) {
    for (uint64_t mib = 160; mib >= 8; mib = mib * 4 / 5) {
      Trial trial = Short();
      trial.limits.memory_bytes = mib << 20;
      const auto trace = bench_.Conclude(results, trial);
      const Fate fate = trace.outcome.fate;
      if (fate == Fate::kRunning) return;  // the worker itself did not start any more
      out_.Add("memory", fmt::format("{} MiB", mib), fate == Fate::kMemoryLimit ? "" : EndOf(trace),
               trace.took_ms);
    }
  }

 private:
  Trial Short() const {
    Trial trial = bench_.Fair();
    trial.limits.wall_seconds = std::min(trial.limits.wall_seconds, kWallSeconds);
    trial.limits.cpu_seconds = std::min(trial.limits.cpu_seconds, kWallSeconds);
    return trial;
  }
  void Try(const std::string& group, const std::string& name,
           const std::vector<CheckResult>& results, const Trial& trial, bool may_be_satisfied) {
    const auto trace = bench_.Conclude(results, trial);
    std::string problem;
    if (!trace.results) problem = trace.results.error().ToString();
    if (problem.empty()) problem = WrongStates(bench_.plugin(), trace, may_be_satisfied);
    out_.Add(group, name, problem, trace.took_ms);
  }

  const Bench& bench_;
  OutcomeList& out_;
};

}  // namespace

std::set<std::string> MappedChecks(const assess::LoadedPlugin& plugin) {
  std::set<std::string> out;
  for (const ControlSpec& control : plugin.framework.controls)
    out.insert(control.checks.begin(), control.checks.end());
  return out;
}

std::string EndOf(const FrameworkTrace& trace) {
  if (trace.results) return "";
  const Fate fate = trace.outcome.fate;
  if (fate == Fate::kPluginError) return "";
  return trace.results.error().ToString();
}

std::string TextOf(const FrameworkTrace& trace) {
  if (!trace.results) return trace.results.error().ToString();
  std::string out;
  for (const ControlResult& result : *trace.results)
    out += fmt::format("{} {} {}\n", result.control, Name(result.state), result.why);
  return out;
}

void ExamineFramework(const Bench& bench, const Fixture& fixture, OutcomeList& out) {
  const FrameworkTrace clean = bench.Conclude(fixture.results, bench.Fair());
  out.Add("run", "with the fixture", clean.results ? "" : clean.results.error().ToString(),
          clean.took_ms);
  if (!clean.results) return;
  FrameworkTrials trials(bench, out);
  trials.Verdicts();
  trials.HostCalls(fixture.results, clean);
  trials.Memory(fixture.results);
  trials.Replays(fixture.results, clean);
}

void TestFramework(const Bench& bench, const Fixture& fixture, OutcomeList& out) {
  const FrameworkTrace first = bench.Conclude(fixture.results, bench.Fair());
  if (!first.results)
    return out.Fail("test", "ends well", first.results.error().ToString(), first.took_ms);
  const FrameworkTrace second = bench.Conclude(fixture.results, bench.Fair());
  const FrameworkTrace third = bench.Conclude(fixture.results, bench.Fair());
  std::string differs = Difference(TextOf(first), TextOf(second));
  if (differs.empty()) differs = Difference(TextOf(first), TextOf(third));
  out.Add("test", "deterministic (3 runs)", differs);
  out.Add("test", "uncovered where no check is mapped", WrongStates(bench.plugin(), first, true));
  for (const auto& [control, wanted] : fixture.controls) {
    std::string problem = fmt::format("the framework has no control {}", control);
    for (const ControlResult& result : *first.results)
      if (result.control == control)
        problem = Name(result.state) == wanted
                      ? ""
                      : fmt::format("is {}: {}; the fixture expects {}", Name(result.state),
                                    result.why, wanted);
    out.Add("expected", "control " + control, problem);
  }
  out.Pass("test", fmt::format("{} controls", first.results->size()),
           fmt::format("peak {} MB, {} ms", (first.outcome.peak_bytes + 999'999) / 1'000'000,
                       first.took_ms));
}

}  // namespace assay::kit
