#include "cli/config_report.h"

#include <fmt/format.h>

#include "report/json_writer.h"

namespace assay::cli {
namespace {

std::string PlaceText(const config::Loaded::Origin& origin) {
  if (!origin.place) return "default";
  return fmt::format("{}:{}", origin.place->file, origin.place->line);
}

}  // namespace

int ReportCheck(const Context& context, const config::Loaded& loaded, const std::string& file) {
  if (!ShowDiagnostics(context, loaded.diagnostics)) return ToInt(ExitCode::kConfig);
  const config::Config& config = loaded.config;
  report::JsonWriter json;
  json.BeginObject().Member("file", file).Member("tenants", config.tenants.size());
  json.Member("frameworks", config.frameworks.size()).Member("production", config.production);
  json.Key("diagnostics").Raw(config::DiagnosticsJson(loaded.diagnostics)).EndObject();
  const auto count = [](size_t n, const char* word) {
    return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s");
  };
  return context.Finish(
      fmt::format("{}: valid, {}, {}\n", file, count(config.tenants.size(), "tenant"),
                  count(config.frameworks.size(), "framework")),
      json.Take());
}

int ReportShow(const Context& context, const config::Loaded& loaded) {
  if (!ShowDiagnostics(context, loaded.diagnostics)) return ToInt(ExitCode::kConfig);
  Table table({"KEY", "VALUE", "ORIGIN"});
  report::JsonWriter json;
  json.BeginObject().Key("values").BeginArray();
  for (const config::Loaded::Origin& origin : loaded.origins) {
    std::vector<std::string> row{origin.key, origin.value};
    if (context.options.origin) row.push_back(PlaceText(origin));
    table.Row(std::move(row));
    json.BeginObject().Member("key", origin.key).Member("value", origin.value).Key("origin");
    if (origin.place)
      json.BeginObject()
          .Member("file", origin.place->file)
          .Member("line", origin.place->line)
          .Member("col", origin.place->column)
          .EndObject();
    else
      json.Null();
    json.EndObject();
  }
  json.EndArray().EndObject();
  return context.Finish(table.Format(context.terminal), json.Take());
}

}  // namespace assay::cli
