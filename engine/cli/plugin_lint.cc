// `assay plugin lint`.
#include <fmt/format.h>

#include <algorithm>

#include "cli/installed.h"
#include "cli/plugin_kit.h"
#include "kit/lint.h"
#include "report/json_writer.h"

namespace assay::cli {

int RunPluginLint(Context& context) {
  kit::Known known;
  if (auto home = InstalledHome()) {
    const auto catalogue = assess::Catalogue::Scan(*home, assess::ReadManifestNote);
    known.checks = catalogue.CheckIds();
    for (const assess::InstalledPlugin& plugin : catalogue.plugins())
      for (const DatasetSpec& dataset : plugin.manifest.datasets)
        known.datasets.push_back(dataset.id);
  }
  const auto notes = kit::LintSources(context.options.argument, known);
  if (!notes) return context.Fail(notes.error());
  report::JsonWriter json;
  json.BeginObject().Key("items").BeginArray();
  std::string text;
  size_t errors = 0;
  for (const kit::LintNote& note : *notes) {
    errors += note.is_error ? 1 : 0;
    const char* level = note.is_error ? "error" : "warning";
    text += fmt::format("  {}: {}: {} [{}]\n", level, note.place, note.text, note.rule);
    json.BeginObject()
        .Member("level", level)
        .Member("rule", note.rule)
        .Member("place", note.place)
        .Member("text", note.text)
        .EndObject();
  }
  json.EndArray().Member("errors", errors).EndObject();
  text += fmt::format("  {} errors, {} warnings\n", errors, notes->size() - errors);
  return context.Finish(text, json.Take(), errors == 0 ? ExitCode::kOk : ExitCode::kPluginRefused);
}

}  // namespace assay::cli
