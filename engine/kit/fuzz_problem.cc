// What the fuzzer gives a framework, and what it takes for a problem.
#include <fmt/format.h>

#include <algorithm>

#include "kit/body_shape.h"
#include "kit/examine_parts.h"
#include "kit/rows_check.h"
#include "kit/shrink.h"

namespace assay::kit {
namespace {

constexpr uint64_t kHuge = uint64_t{1} << 60;

uint64_t RandomCount(Dice& dice) {
  constexpr uint64_t kCounts[] = {0, 1, 2, 3, 1000, kHuge};
  return kCounts[dice.Below(std::size(kCounts))];
}

CheckResult RandomResult(const std::string& check, Dice& dice) {
  CheckResult out;
  out.check = check;
  out.verdict = static_cast<Verdict>(1 + dice.Below(5));
  const uint64_t count = RandomCount(dice);
  switch (out.verdict) {
    case Verdict::kPass:
      out.pass = count;
      break;
    case Verdict::kFail:
      out.fail = std::max<uint64_t>(count, 1);
      out.excepted = std::min(RandomCount(dice), out.fail);
      out.pass = RandomCount(dice);
      break;
    case Verdict::kManual:
      out.manual = count;
      break;
    case Verdict::kNotApplicable:
      out.not_applicable = count;
      break;
    case Verdict::kNotAssessed:
      out.not_assessed = count;
      out.reason = static_cast<Reason>(1 + dice.Below(8));
  }
  return out;
}

/// What a state needs so that somebody could believe it; empty when it has that.
std::string Unfounded(const ControlSpec& control, const ControlResult& said,
                      const std::vector<CheckResult>& results) {
  bool passes = false, excepted = false, fails = false;
  for (const CheckResult& result : results) {
    const auto& mapped = control.checks;
    if (std::find(mapped.begin(), mapped.end(), result.check) == mapped.end()) continue;
    passes = passes || result.verdict == Verdict::kPass;
    excepted = excepted || (result.verdict == Verdict::kFail && result.excepted > 0);
    fails = fails || (result.verdict == Verdict::kFail && result.excepted < result.fail);
  }
  const auto wrong = [&](const char* why) {
    return fmt::format("wrong state: control {} is {} although {}", control.id, Name(said.state),
                       why);
  };
  const bool uncovered = said.state == ControlState::kUncovered;
  if (control.checks.empty() != uncovered)
    return wrong(uncovered ? "checks are mapped to it" : "no check is mapped to it");
  if (said.state == ControlState::kSatisfied && fails) return wrong("a mapped check fails");
  if (said.state == ControlState::kSatisfied && !passes) return wrong("no mapped check passed");
  if (said.state == ControlState::kExcepted && !excepted)
    return wrong("nothing that fails is excepted");
  return {};
}

std::string FrameworkProblem(const assess::LoadedPlugin& plugin, const FrameworkTrace& trace,
                             const std::vector<CheckResult>& results) {
  if (!trace.results) return EndOf(trace);
  for (size_t i = 0; i < trace.results->size(); ++i) {
    std::string problem = Unfounded(plugin.framework.controls[i], (*trace.results)[i], results);
    if (!problem.empty()) return problem;
  }
  return {};
}

/// Fate and words of the end, without numbers that differ from run to run.
std::string CollectorProblem(const Manifest& manifest, const Trace& trace) {
  std::string problem = BadEnd(trace.outcome(), trace.report.detail);
  return problem.empty() ? WrongRows(manifest, trace, false) : problem;
}

}  // namespace

std::vector<CheckResult> RandomResults(const assess::LoadedPlugin& plugin, uint64_t seed) {
  Dice dice(seed);
  std::vector<CheckResult> out;
  for (const std::string& check : MappedChecks(plugin))
    if (dice.Below(5) != 0) out.push_back(RandomResult(check, dice));
  return out;
}

Result<std::string> ProblemOf(const Bench& bench, const Fixture& fixture, const Trial& trial,
                              bool twice) {
  const assess::LoadedPlugin& plugin = bench.plugin();
  if (plugin.manifest.kind == PluginKind::kFramework) {
    const FrameworkTrace first = bench.Conclude(fixture.results, trial);
    std::string problem = FrameworkProblem(plugin, first, fixture.results);
    if (!problem.empty() || !twice) return problem;
    return Difference(TextOf(first), TextOf(bench.Conclude(fixture.results, trial)));
  }
  ASSAY_ASSIGN(const Trace first, bench.Collect(fixture, trial));
  std::string problem = CollectorProblem(plugin.manifest, first);
  if (!problem.empty() || !twice) return problem;
  ASSAY_ASSIGN(const Trace second, bench.Collect(fixture, trial));
  return Difference(first.Text(), second.Text());
}

}  // namespace assay::kit
