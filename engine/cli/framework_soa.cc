// `assay framework soa`: the statement of applicability of one framework for one tenant, as CSV,
// and as JSON with --json. Every control of the package has a row.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/control_states.h"
#include "cli/csv.h"
#include "cli/installed.h"
#include "cli/inventory.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

struct SoaRow {
  const ControlSpec* control = nullptr;
  bool applicable = true;
  std::string justification, approver, expires;
  const assess::ControlView* state = nullptr;  ///< null: the run did not decide it
};

const config::FrameworkConfig::Exclude* ExclusionOf(const TenantStates& states,
                                                    const FrameworkSpec& spec,
                                                    const std::string& control) {
  for (const config::FrameworkConfig& framework : states.frameworks)
    for (const auto& exclude : framework.exclude)
      if (framework.id == spec.id && ExclusionCovers(exclude.control, control)) return &exclude;
  return nullptr;
}

SoaRow RowOf(const FrameworkSpec& spec, const ControlSpec& control, const TenantStates& states) {
  SoaRow row{&control, true, "", "", "", FindState(states, spec.id, control.id)};
  if (const auto* exclude = ExclusionOf(states, spec, control.id)) {
    row.applicable = false;
    row.justification = exclude->reason;
    row.approver = exclude->approver;
    row.expires = exclude->expires;
  } else if (control.automation == "n/a") {
    row.applicable = false;
    row.justification = control.reason;
  } else {
    row.justification = "in scope: no exclusion is configured";
  }
  return row;
}

std::string CsvOf(const SoaRow& row, const FrameworkSpec& spec, const TenantStates& states) {
  const bool decided = row.state != nullptr;
  return CsvRecord({row.control->id, row.control->title, row.control->group,
                    row.applicable ? "yes" : "no", row.justification, row.approver, row.expires,
                    Join(row.control->responsibility, " "), row.control->automation,
                    decided ? std::string(Name(row.state->result.state)) : "not decided",
                    decided ? row.state->result.why : "", decided ? states.run.run : "",
                    decided ? states.run.finished : "",
                    decided ? fmt::format("{}", ToNumber(row.state->entry)) : "",
                    row.control->not_shown, spec.notice});
}

void WriteRow(report::JsonWriter& json, const SoaRow& row, const TenantStates& states) {
  const ControlSpec& control = *row.control;
  json.BeginObject().Member("control", control.id).Member("title", control.title);
  json.Member("group", control.group).Member("applicable", row.applicable);
  json.Member("justification", row.justification);
  json.Key("approver");
  row.approver.empty() ? json.Null() : json.String(row.approver);
  json.Key("expires");
  row.expires.empty() ? json.Null() : json.String(row.expires);
  json.Key("responsibility").Strings(control.responsibility);
  json.Member("automation", control.automation).Member("not_shown", control.not_shown);
  json.Key("state");
  row.state == nullptr ? json.Null() : json.String(Name(row.state->result.state));
  if (row.state != nullptr)
    json.Member("why", row.state->result.why)
        .Member("run", states.run.run)
        .Member("observed", states.run.finished)
        .Member("entry", ToNumber(row.state->entry));
  json.EndObject();
}

}  // namespace

int RunFrameworkSoa(Context& context) {
  const auto catalogue = OpenFullCatalogue(context);
  if (!catalogue) return context.Fail(catalogue.error());
  const assess::InstalledFramework* framework = catalogue->FindFramework(context.options.argument);
  if (framework == nullptr)
    return context.Fail(
        NotInstalled("framework", context.options.argument, catalogue->FrameworkIds()));
  int exit = 0;
  const auto states = NeedStates(context, exit);
  if (!states) return exit;
  if (states->size() > 1)
    return context.Fail(Error{Code::kInvalidInput,
                              "a statement of applicability is of one tenant",
                              {},
                              "say --tenant NAME",
                              {},
                              {}});
  const FrameworkSpec& spec = framework->spec;
  const TenantStates& one = states->front();
  std::string csv = CsvRecord({"control", "title", "group", "applicable", "justification",
                               "approver", "expires", "responsibility", "automation", "state",
                               "why", "run", "observed", "entry", "not_shown", "notice"});
  report::JsonWriter json;
  json.BeginObject().Member("framework", spec.id).Member("version", spec.version);
  json.Member("tenant", one.tenant).Member("run", one.run.run).Member("notice", spec.notice);
  json.Key("items").BeginArray();
  for (const ControlSpec& control : spec.controls) {
    const SoaRow row = RowOf(spec, control, one);
    csv += CsvOf(row, spec, one);
    WriteRow(json, row, one);
  }
  json.EndArray().EndObject();
  return context.Finish(csv, json.Take());
}

}  // namespace assay::cli
