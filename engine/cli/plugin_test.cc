// `assay plugin test` and `assay plugin check`.
#include <fmt/format.h>

#include "cli/plugin_kit.h"
#include "kit/examine.h"
#include "kit/fixture.h"

namespace assay::cli {
namespace {

/// Static rules, load and manifest: what both commands begin with. False when nothing can follow.
bool Begin(const KitBench& bench, kit::OutcomeList& out) {
  if (!bench.bench) {
    out.Fail("static", "file and manifest", bench.refused);
    return false;
  }
  const Manifest& manifest = bench.plugin.manifest;
  out.Pass(
      "static", "file and manifest",
      fmt::format("{} {}, {} files", manifest.id, manifest.version, bench.plugin.files.size()));
  const std::string problem = kit::LoadProblem(*bench.bench);
  out.Add("load", fmt::format("loads, ABI {}", manifest.abi_major), problem);
  if (!problem.empty()) return false;
  out.Pass("load", "manifest matches symbols");
  return true;
}

}  // namespace

int RunPluginTest(Context& context) {
  if (context.options.fixture.empty())
    return context.Fail(Error{Code::kInvalidInput,
                              "plugin test: --fixture is missing",
                              {},
                              "a folder of answers: --fixture fixtures/example",
                              {},
                              "AS-CLI-003"});
  auto bench = OpenBench(context);
  if (!bench) return context.Fail(bench.error());
  kit::OutcomeList out("plugin test " + (*bench)->plugin.manifest.id);
  if (!Begin(**bench, out)) return ShowOutcome(context, out, true);
  const auto fixture = FixtureFor(context, **bench);
  if (!fixture) return context.Fail(fixture.error());
  kit::TestFixture(*(*bench)->bench, *fixture, out);
  if (!context.options.cases.empty()) kit::TestCases(*(*bench)->bench, context.options.cases, out);
  return ShowOutcome(context, out, true);
}

int RunPluginCheck(Context& context) {
  auto bench = OpenBench(context);
  if (!bench) return context.Fail(bench.error());
  kit::OutcomeList out("plugin check " + (*bench)->plugin.manifest.id);
  if (!Begin(**bench, out)) return ShowOutcome(context, out, false);
  const auto fixture = FixtureFor(context, **bench);
  if (!fixture) return context.Fail(fixture.error());
  if (context.options.fixture.empty())
    context.Narrate("note: without --fixture every endpoint answers with an empty list\n");
  kit::Examine(*(*bench)->bench, *fixture, out);
  return ShowOutcome(context, out, false);
}

}  // namespace assay::cli
