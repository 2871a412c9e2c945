// `assay framework list|show`.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/inventory.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

/// What checks can decide of a framework, never one number alone (product-rules R4).
struct Coverage {
  size_t controls = 0, mapped = 0, uncovered = 0, not_applicable = 0;
};

Coverage CoverageOf(const FrameworkSpec& spec) {
  Coverage coverage;
  coverage.controls = spec.controls.size();
  for (const ControlSpec& control : spec.controls) {
    if (control.automation == "n/a")
      ++coverage.not_applicable;
    else if (control.checks.empty())
      ++coverage.uncovered;
    else
      ++coverage.mapped;
  }
  return coverage;
}

void WriteFramework(report::JsonWriter& json, const FrameworkSpec& spec) {
  const Coverage coverage = CoverageOf(spec);
  json.BeginObject()
      .Member("id", spec.id)
      .Member("version", spec.version)
      .Member("title", spec.title);
  json.Member("controls", coverage.controls).Member("mapped", coverage.mapped);
  json.Member("uncovered", coverage.uncovered).Member("not_applicable", coverage.not_applicable);
}

}  // namespace

int ShowFrameworks(const Context& context, const assess::Catalogue& catalogue) {
  Table table({"FRAMEWORK", "VERSION", "CONTROLS", "WITH CHECKS", "UNCOVERED", "TITLE"});
  report::JsonWriter json;
  json.BeginObject().Key("items").BeginArray();
  for (const assess::InstalledFramework& framework : catalogue.frameworks()) {
    const FrameworkSpec& spec = framework.spec;
    const Coverage coverage = CoverageOf(spec);
    table.Row({spec.id, spec.version, fmt::format("{}", coverage.controls),
               fmt::format("{}", coverage.mapped), fmt::format("{}", coverage.uncovered),
               spec.title});
    WriteFramework(json, spec);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return context.Finish(table.Format(context.terminal), json.Take());
}

int ShowFramework(const Context& context, const assess::Catalogue& catalogue) {
  const assess::InstalledFramework* framework = catalogue.FindFramework(context.options.argument);
  if (framework == nullptr)
    return context.Fail(
        NotInstalled("framework", context.options.argument, catalogue.FrameworkIds()));
  const FrameworkSpec& spec = framework->spec;
  Table table({"CONTROL", "AUTOMATION", "CHECKS", "TITLE"});
  report::JsonWriter json;
  WriteFramework(json, spec);
  json.Key("items").BeginArray();
  for (const ControlSpec& control : spec.controls) {
    table.Row({control.id, control.automation,
               control.checks.empty() ? "-" : Join(control.checks, " "), control.title});
    json.BeginObject()
        .Member("id", control.id)
        .Member("title", control.title)
        .Member("group", control.group);
    json.Member("automation", control.automation)
        .Member("needs_attestation", control.needs_attestation);
    json.Key("checks").Strings(control.checks).EndObject();
  }
  json.EndArray().EndObject();
  const Coverage coverage = CoverageOf(spec);
  const std::string head = fmt::format(
      "{} version {}: {}\n{} controls: {} with checks, {} covered by no check, {} not "
      "applicable\n\n",
      spec.id, spec.version, spec.title, coverage.controls, coverage.mapped, coverage.uncovered,
      coverage.not_applicable);
  return context.Finish(head + table.Format(context.terminal), json.Take());
}

}  // namespace assay::cli
