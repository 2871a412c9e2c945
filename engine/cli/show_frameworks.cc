// `assay framework list|show`.
#include <fmt/format.h>

#include "assess/coverage.h"
#include "base/text.h"
#include "cli/control_page.h"
#include "cli/installed.h"
#include "cli/inventory.h"
#include "model/retired_controls.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

void WriteFramework(report::JsonWriter& json, const FrameworkSpec& spec) {
  const assess::Coverage coverage = assess::CoverageOf(spec);
  json.BeginObject()
      .Member("id", spec.id)
      .Member("version", spec.version)
      .Member("title", spec.title)
      .Member("kind", spec.kind)
      .Member("notice", spec.notice);
  json.Member("controls", coverage.controls).Member("mapped", coverage.mapped());
  json.Member("uncovered", coverage.uncovered).Member("not_applicable", coverage.not_applicable);
}

}  // namespace

Error NoControl(const FrameworkSpec& framework, const std::string& id) {
  std::vector<std::string> known;
  for (const ControlSpec& control : framework.controls) known.push_back(control.id);
  const std::string became = Join(RetiredTargets(id), ", "), near = NearestWord(id, known);
  Error error{Code::kNotFound,
              fmt::format("control {}: framework {} has none of this id", Quote(id), framework.id),
              {},
              "assay framework show " + framework.id + " lists them",
              {},
              {}};
  if (!became.empty())
    error.hint = "a number of ISO/IEC 27001:2013, became " + became;
  else if (!near.empty())
    error.hint = "did you mean \"" + near + "\"?";
  return error;
}

int ShowFrameworks(const Context& context, const assess::Catalogue& catalogue) {
  Table table({"FRAMEWORK", "VERSION", "CONTROLS", "WITH CHECKS", "UNCOVERED", "TITLE"});
  report::JsonWriter json;
  json.BeginObject().Key("items").BeginArray();
  for (const assess::InstalledFramework& framework : catalogue.frameworks()) {
    const FrameworkSpec& spec = framework.spec;
    const assess::Coverage coverage = assess::CoverageOf(spec);
    table.Row({spec.id, spec.version, fmt::format("{}", coverage.controls),
               fmt::format("{}", coverage.mapped()), fmt::format("{}", coverage.uncovered),
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
  Table table({"CONTROL", "AUTOMATION", "RESPONSIBLE", "CHECKS", "TITLE"});
  report::JsonWriter json;
  WriteFramework(json, spec);
  json.Key("items").BeginArray();
  for (const ControlSpec& control : spec.controls) {
    table.Row({control.id, control.automation, Join(control.responsibility, " "),
               control.checks.empty() ? "-" : Join(control.checks, " "), control.title});
    json.BeginObject()
        .Member("id", control.id)
        .Member("title", control.title)
        .Member("group", control.group);
    json.Member("automation", control.automation)
        .Member("needs_attestation", control.needs_attestation);
    json.Key("responsibility").Strings(control.responsibility).Member("level", control.level);
    json.Member("reason", control.reason).Member("not_shown", control.not_shown);
    json.Key("checks").Strings(control.checks).EndObject();
  }
  json.EndArray().EndObject();
  const assess::Coverage coverage = assess::CoverageOf(spec);
  const std::string head = fmt::format(
      "{} version {}: {}\n{}{} controls: {} with checks, {} covered by no check, {} not "
      "applicable\n\n",
      spec.id, spec.version, spec.title, spec.notice.empty() ? "" : spec.notice + "\n",
      coverage.controls, coverage.mapped(), coverage.uncovered, coverage.not_applicable);
  return context.Finish(head + table.Format(context.terminal), json.Take());
}

namespace {

/// `framework show FRAMEWORK CONTROL`: its page, and what the newest runs say of it.
int ShowControl(Context& context, const assess::Catalogue& catalogue) {
  const std::string& id = context.options.argument;
  const assess::InstalledFramework* framework = catalogue.FindFramework(id);
  if (framework == nullptr)
    return context.Fail(NotInstalled("framework", id, catalogue.FrameworkIds()));
  const ControlSpec* control = FindControl(framework->spec, context.options.second);
  if (control == nullptr) return context.Fail(NoControl(framework->spec, context.options.second));
  int exit = 0;
  const auto states = ReadStates(context, exit);
  if (!states) return exit;
  report::JsonWriter json;
  json.BeginObject();
  WriteControl(json, catalogue, framework->spec, *control, *states);
  json.EndObject();
  return context.Finish(ControlPage(catalogue, framework->spec, *control) +
                            ControlStatesText(*states, framework->spec.id, control->id),
                        json.Take());
}

}  // namespace

int RunFrameworkShow(Context& context) {
  const auto catalogue = OpenFullCatalogue(context);
  if (!catalogue) return context.Fail(catalogue.error());
  return context.options.second.empty() ? ShowFramework(context, *catalogue)
                                        : ShowControl(context, *catalogue);
}

}  // namespace assay::cli
