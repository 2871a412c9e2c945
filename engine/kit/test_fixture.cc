// `assay plugin test`: what one fixture shows at a glance.
#include <fmt/format.h>

#include "base/text.h"
#include "kit/examine_parts.h"
#include "kit/rows_check.h"

namespace assay::kit {
namespace {

using sandbox::Fate;

void Expectations(const Fixture& fixture, const Trace& trace, OutcomeList& out) {
  for (const auto& [dataset, expected] : fixture.expect) {
    const auto rows = trace.rows.find(dataset);
    const uint64_t has = rows == trace.rows.end() ? 0 : rows->second.count;
    const auto& standing = trace.standings.at(dataset);
    std::string problem;
    if (expected.rows && *expected.rows != has)
      problem = fmt::format("{} rows, the fixture expects {}", has, *expected.rows);
    else if (!expected.state.empty() && expected.state != Name(standing.completeness))
      problem = fmt::format("is {} ({}), the fixture expects {}", Name(standing.completeness),
                            standing.detail, expected.state);
    out.Add("expected", "dataset " + dataset, problem);
  }
}

/// The words about denied calls, which the sandbox refused without ending the plugin.
std::string Denied(const sandbox::WorkerOutcome& outcome) {
  std::string out;
  for (const sandbox::DeniedCall& call : outcome.denied)
    out += fmt::format("{}{} ({} times)", out.empty() ? "" : ", ", call.name, call.count);
  return out;
}

void ShowReads(const Bench& bench, const Trace& trace, OutcomeList& out) {
  std::string missing;
  for (const std::string& endpoint : trace.unanswered)
    missing += (missing.empty() ? "" : ", ") + endpoint;
  out.Add("test",
          fmt::format("only granted endpoints ({} of {})", trace.report.asked.size(),
                      bench.plugin().manifest.endpoints.size()),
          missing.empty() ? "" : "the fixture has no answer of " + missing);
}

std::string Differs(const Bench& bench, const Fixture& fixture, const Trace& first) {
  for (int run = 2; run <= 3; ++run) {
    const auto again = bench.Collect(fixture, bench.Fair());
    if (!again) return again.error().ToString();
    if (std::string problem = Difference(first.Text(), again->Text()); !problem.empty())
      return problem;
  }
  return "";
}

/// The same again with fewer threads: rows come from the first one, in an order of their own.
void CompareThreads(const Bench& bench, const Fixture& fixture, const Trace& first,
                    OutcomeList& out) {
  const auto counts = bench.ThreadCounts();
  if (counts.empty()) return;
  const std::string name = "the same with fewer threads";
  if (bench.tier() != sandbox::Tier::kStrict)
    return out.Skip("test", name, NoThreadsHere(bench.tier()));
  std::string problem;
  for (const uint32_t threads : counts) {
    const auto again = bench.Collect(fixture, bench.WithThreads(threads));
    if (problem.empty())
      problem = again ? Difference(first.Text(), again->Text()) : again.error().ToString();
  }
  out.Add("test", name, problem);
}

}  // namespace

std::string NoThreadsHere(sandbox::Tier tier) {
  return fmt::format("the {} tier gives one thread, strict gives more", sandbox::Name(tier));
}

void TestFixture(const Bench& bench, const Fixture& fixture, OutcomeList& out) {
  if (bench.plugin().manifest.kind == PluginKind::kFramework)
    return TestFramework(bench, fixture, out);
  const auto trace = bench.Collect(fixture, bench.Fair());
  if (!trace) return out.Fail("test", "runs", trace.error().ToString());
  if (trace->outcome().fate != Fate::kOk)
    return out.Fail("test", "ends well", trace->report.detail, trace->took_ms);
  ShowReads(bench, *trace, out);
  out.Add("test", "deterministic (3 runs)", Differs(bench, fixture, *trace));
  CompareThreads(bench, fixture, *trace, out);
  out.Add("test", "no field outside the columns", WrongRows(bench.plugin().manifest, *trace, true));
  if (const std::string denied = Denied(trace->outcome()); !denied.empty())
    out.Fail("test", "no refused system call", denied);
  Expectations(fixture, *trace, out);
  uint64_t rows = 0;
  for (const auto& [dataset, emitted] : trace->rows) rows += emitted.count;
  std::string marks = CleanProblem(*trace);
  const std::string name = fmt::format("{} evidence records, {} rows", trace->records, rows);
  if (!marks.empty()) return out.Fail("test", name, marks);
  out.Pass("test", name,
           fmt::format("peak {} MB, {} ms", (trace->outcome().peak_bytes + 999'999) / 1'000'000,
                       trace->took_ms),
           trace->took_ms);
}

}  // namespace assay::kit
