// `assay check lint`: mistakes in files of checks, each under its place, those of the SQL too.
#include <fmt/format.h>

#include "cli/check_files.h"
#include "config/diagnostic.h"
#include "kit/lint_checks.h"
#include "report/json_writer.h"

namespace assay::cli {

int RunCheckLint(Context& context) {
  const auto place = FindChecks(context);
  if (!place) return context.Fail(place.error());
  auto sources = ReadSources(*place);
  if (!sources) return context.Fail(sources.error());
  std::vector<std::string> taken;
  const auto world = OpenWorld(context, *place, taken);
  if (!world) return context.Fail(world.error());
  std::vector<config::Diagnostic> all;
  size_t checks = 0, errors = 0;
  for (config::CheckSource& source : *sources) {
    if (Status linted = kit::LintChecks({**world, taken, place->cases}, source); !linted)
      return context.Fail(linted.error());
    checks += source.checks().size();
    for (const CheckSpec& check : source.checks()) taken.push_back(check.id);
    for (config::Diagnostic& one : source.Finish()) {
      errors += one.is_error ? 1 : 0;
      all.push_back(std::move(one));
    }
  }
  if (!ShowDiagnostics(context, all)) return ToInt(ExitCode::kConfig);
  report::JsonWriter json;
  json.BeginObject().Member("checks", checks).Member("warnings", all.size() - errors).EndObject();
  return context.Finish(fmt::format("  {} checks, {} warnings\n", checks, all.size() - errors),
                        json.Take());
}

}  // namespace assay::cli
