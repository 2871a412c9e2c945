// `assay check list|show`.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/inventory.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

bool IsMappedBy(const std::vector<std::string>& controls, const std::string& framework) {
  return std::any_of(controls.begin(), controls.end(),
                     [&](const std::string& c) { return c.rfind(framework + ":", 0) == 0; });
}

void WriteCheck(report::JsonWriter& json, const CheckSpec& check,
                const std::vector<std::string>& controls) {
  json.BeginObject()
      .Member("id", check.id)
      .Member("version", check.version)
      .Member("title", check.title);
  json.Member("severity", Name(check.severity))
      .Member("plugin", check.plugin)
      .Member("subject", check.subject);
  json.Key("reads").Strings(check.reads).Key("controls").Strings(controls);
}

std::string Details(const CheckSpec& check, const std::vector<std::string>& controls) {
  std::string out = fmt::format("{} version {}  {}\n{}\n\n", check.id, check.version,
                                Name(check.severity), check.title);
  out += fmt::format("plugin     {}\nsubject    {}\nreads      {}\n", check.plugin, check.subject,
                     Join(check.reads, ", "));
  if (!check.optional.empty()) out += fmt::format("optional   {}\n", Join(check.optional, ", "));
  if (!check.licence.empty()) out += fmt::format("licence    {}\n", Join(check.licence, " or "));
  if (check.empty) out += fmt::format("no rows    {}\n", Name(*check.empty));
  for (const auto& [name, value] : check.params)
    out += fmt::format("parameter  {} = {}\n", name, value);
  if (!controls.empty()) out += fmt::format("controls   {}\n", Join(controls, ", "));
  for (const auto& [source, items] : check.references)
    out += fmt::format("reference  {} {}\n", source, Join(items, ", "));
  if (!check.rationale.empty()) out += "\nWhy\n" + check.rationale + "\n";
  if (!check.remediation.empty()) out += "\nWhat to do\n" + check.remediation + "\n";
  return out + "\nSQL\n" + check.sql + "\n";
}

}  // namespace

int ShowChecks(const Context& context, const assess::Catalogue& catalogue) {
  const std::string& framework = context.options.framework;
  if (!framework.empty() && catalogue.FindFramework(framework) == nullptr)
    return context.Fail(NotInstalled("framework", framework, catalogue.FrameworkIds()));
  Table table({"CHECK", "SEVERITY", "SUBJECT", "TITLE"});
  report::JsonWriter json;
  json.BeginObject().Key("items").BeginArray();
  for (const CheckSpec* check : catalogue.Checks()) {
    const std::vector<std::string> controls = catalogue.ControlsOf(check->id);
    if (!framework.empty() && !IsMappedBy(controls, framework)) continue;
    table.Row({check->id, std::string(Name(check->severity)), check->subject, check->title});
    WriteCheck(json, *check, controls);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return context.Finish(table.Format(context.terminal), json.Take());
}

int ShowCheck(const Context& context, const assess::Catalogue& catalogue) {
  const CheckSpec* check = catalogue.FindCheck(context.options.argument);
  if (check == nullptr)
    return context.Fail(NotInstalled("check", context.options.argument, catalogue.CheckIds()));
  const std::vector<std::string> controls = catalogue.ControlsOf(check->id);
  report::JsonWriter json;
  WriteCheck(json, *check, controls);
  json.Key("optional").Strings(check->optional).Key("partial_fail").Strings(check->partial_fail);
  json.Key("licence").Strings(check->licence);
  if (check->empty) json.Member("empty", Name(*check->empty));
  json.Key("params").BeginObject();
  for (const auto& [name, value] : check->params) json.Key(name).Raw(value);
  json.EndObject().Key("references").BeginObject();
  for (const auto& [source, items] : check->references) json.Key(source).Strings(items);
  json.EndObject().Member("rationale", check->rationale).Member("remediation", check->remediation);
  json.Member("sql", check->sql).EndObject();
  return context.Finish(Details(*check, controls), json.Take());
}

}  // namespace assay::cli
