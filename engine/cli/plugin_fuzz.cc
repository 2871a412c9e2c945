// `assay plugin fuzz`.
#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"
#include "cli/plugin_kit.h"
#include "kit/fixture.h"
#include "kit/fuzz.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

constexpr uint64_t kTellEvery = 200;

int Reproduce(const Context& context, const KitBench& bench, const Fixture& fixture) {
  const std::string& file = context.options.reproduce;
  const auto text = ReadFile(file, 64u << 10);
  if (!text) return context.Fail(text.error());
  const auto one = kit::ParseFuzzCase(AsText(*text));
  if (!one) return context.Fail(Error(one.error()).Context(file));
  const auto problem = kit::RunFuzzCase(*bench.bench, fixture, *one);
  if (!problem) return context.Fail(Error(problem.error()).Context(file));
  report::JsonWriter json;
  json.BeginObject().Member("problem", *problem).EndObject();
  return context.Finish(
      problem->empty() ? "  ✓ it does not happen any more\n" : fmt::format("  ✗ {}\n", *problem),
      json.Take(), problem->empty() ? ExitCode::kOk : ExitCode::kPluginRefused);
}

/// The input alone, as a fixture: what to look at, and a case for the plugin's own tests.
Result<std::string> SaveSmallest(const kit::FuzzReport& report,
                                 const std::filesystem::path& folder) {
  ASSAY_TRY(kit::SaveFixture(folder, *report.smallest,
                             fmt::format("# Found by assay plugin fuzz and made small: {}\n",
                                         ipc::OneLine(report.found->problem)),
                             ""));
  return folder.string();
}

int Search(const Context& context, const KitBench& bench, const Fixture& fixture) {
  const Options& options = context.options;
  const uint64_t state = options.random_state.value_or(0);
  kit::FuzzLimits limits;
  limits.runs = options.runs.value_or(options.seconds ? UINT64_MAX : limits.runs);
  limits.seconds = options.seconds;
  const auto report = kit::Fuzz(*bench.bench, fixture, state, limits, [&](uint64_t runs) {
    if (runs % kTellEvery == 0) context.Narrate(fmt::format("  {} runs\n", runs));
  });
  if (!report) return context.Fail(report.error());
  report::JsonWriter json;
  json.BeginObject().Member("runs", report->runs).Member("random_state", state);
  if (!report->found) {
    json.EndObject();
    return context.Finish(
        fmt::format("  ✓ {} runs with random state {}, nothing found\n", report->runs, state),
        json.Take());
  }
  const std::filesystem::path file =
      std::filesystem::path(options.to.empty() ? "." : options.to) /
      fmt::format("{}-{}-{}.fuzz", bench.plugin.manifest.id, state, report->runs);
  if (Status written = WriteFileDurably(file, AsBytes(kit::FormatFuzzCase(*report->found)), 0644);
      !written)
    return context.Fail(written.error());
  json.Member("problem", report->found->problem).Member("file", file.string());
  std::string text =
      fmt::format("  ✗ run {}: {}\n  Wrote {}\n  Again  assay plugin fuzz {}{} --reproduce {}\n",
                  report->runs, report->found->problem, file.string(), options.argument,
                  options.fixture.empty() ? "" : " --fixture " + options.fixture, file.string());
  if (report->smallest) {
    const auto small = SaveSmallest(*report, std::filesystem::path(file).replace_extension(""));
    if (!small) return context.Fail(small.error());
    json.Member("smallest", *small);
    text += fmt::format("  Small  assay plugin test {} --fixture {}\n", options.argument, *small);
  }
  return context.Finish(text, json.EndObject().Take(), ExitCode::kPluginRefused);
}

}  // namespace

int RunPluginFuzz(Context& context) {
  auto bench = OpenBench(context);
  if (!bench) return context.Fail(bench.error());
  if (!(*bench)->bench)
    return context.Fail(Error{Code::kInvalidInput, (*bench)->refused, {}, {}, {}, "AS-PLG-001"});
  const auto fixture = FixtureFor(context, **bench);
  if (!fixture) return context.Fail(fixture.error());
  return context.options.reproduce.empty() ? Search(context, **bench, *fixture)
                                           : Reproduce(context, **bench, *fixture);
}

}  // namespace assay::cli
