// `assay check test`: cases of checks, judged by the evaluator that judges runs.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/check_files.h"
#include "cli/plugin_kit.h"
#include "kit/outcome_list.h"

namespace assay::cli {
namespace {

/// Checks of all files that --only names, all without it. Prints and gives nothing when a file has
/// mistakes or a name is unknown.
std::optional<std::vector<CheckSpec>> Selected(const Context& context,
                                               std::vector<config::CheckSource>& sources,
                                               int& exit) {
  const std::vector<std::string>& only = context.options.only_checks;
  std::vector<CheckSpec> out;
  std::vector<std::string> known;
  for (config::CheckSource& source : sources) {
    if (source.has_errors()) {
      ShowDiagnostics(context, source.Finish());
      exit = ToInt(ExitCode::kConfig);
      return std::nullopt;
    }
    for (const CheckSpec& check : source.checks()) {
      known.push_back(check.id);
      if (only.empty() || std::find(only.begin(), only.end(), check.id) != only.end())
        out.push_back(check);
    }
  }
  for (const std::string& id : only)
    if (std::find(known.begin(), known.end(), id) == known.end()) {
      const std::string near = NearestWord(id, known);
      exit = context.Fail(Error{Code::kNotFound,
                                "check " + Quote(id) + " is not in these files",
                                {},
                                near.empty() ? "" : "did you mean " + near + "?",
                                {},
                                {}});
      return std::nullopt;
    }
  return out;
}

}  // namespace

int RunCheckTest(Context& context) {
  const auto place = FindChecks(context);
  if (!place) return context.Fail(place.error());
  auto sources = ReadSources(*place);
  if (!sources) return context.Fail(sources.error());
  int exit = 0;
  const auto checks = Selected(context, *sources, exit);
  if (!checks) return exit;
  std::vector<std::string> taken;
  const auto world = OpenWorld(context, *place, taken);
  if (!world) return context.Fail(world.error());
  kit::OutcomeList list("check test " + place->plugin);
  for (kit::CaseOutcome& one : kit::RunCases(**world, *checks, place->cases))
    list.Add(one.check, one.check + ": " + one.name, std::move(one.problem), one.took_ms);
  const int shown = ShowOutcome(context, list, true);
  return shown == ToInt(ExitCode::kPluginRefused) ? ToInt(ExitCode::kConfig) : shown;
}

}  // namespace assay::cli
