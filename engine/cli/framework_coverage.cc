// `assay framework coverage|gaps`: what checks speak to, how it stands, and what is missing.
#include <fmt/format.h>

#include "assess/coverage.h"
#include "base/text.h"
#include "cli/control_states.h"
#include "cli/installed.h"
#include "cli/inventory.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

/// The frameworks that the argument names: one, or all. Prints and gives nothing when it is not
/// there.
std::optional<std::vector<const FrameworkSpec*>> Selected(Context& context,
                                                          const assess::Catalogue& catalogue,
                                                          int& exit) {
  std::vector<const FrameworkSpec*> out;
  const std::string& wanted = context.options.argument;
  for (const assess::InstalledFramework& framework : catalogue.frameworks())
    if (wanted.empty() || framework.spec.id == wanted) out.push_back(&framework.spec);
  if (!out.empty() || wanted.empty()) return out;
  exit = context.Fail(NotInstalled("framework", wanted, catalogue.FrameworkIds()));
  return std::nullopt;
}

bool Decided(const TenantStates& states, const FrameworkSpec& spec) {
  for (const ControlResult& result : states.results)
    if (result.framework == spec.id) return true;
  return false;
}

std::string CoverageText(const FrameworkSpec& spec, bool list) {
  const assess::Coverage c = assess::CoverageOf(spec);
  std::string out = fmt::format("  {}  {}\n", spec.id, spec.title);
  out +=
      fmt::format("    {} of {} controls have checks: {} by checks alone, {} with an attestation\n",
                  c.mapped(), c.controls, c.by_checks, c.with_attestation);
  out += fmt::format("    {} not covered by any check{} · {} not applicable\n", c.uncovered,
                     list || c.uncovered == 0 ? "" : " (listed: --uncovered)", c.not_applicable);
  if (!spec.notice.empty()) out += fmt::format("    {}\n", spec.notice);
  if (!list) return out;
  for (const ControlSpec* control : assess::Uncovered(spec))
    out += fmt::format("      {}  {}  {}\n", control->id, control->title, control->reason);
  return out;
}

std::string StandingText(const FrameworkSpec& spec, const TenantStates& states) {
  const assess::Standing s = assess::StandingOf(spec, states.results);
  return fmt::format(
      "    {}, {} of {}: {} passing of {} assessed of {} mapped · {} not satisfied · {} excepted · "
      "{} unknown · {} not covered by any check · {} excluded\n",
      states.tenant, states.run.run, states.run.finished, s.satisfied, s.assessed(), s.mapped(),
      s.not_satisfied, s.excepted, s.unknown, s.uncovered, s.excluded);
}

void WriteStanding(report::JsonWriter& json, const FrameworkSpec& spec,
                   const TenantStates& states) {
  const assess::Standing s = assess::StandingOf(spec, states.results);
  json.BeginObject().Member("tenant", states.tenant).Member("run", states.run.run);
  json.Member("finished", states.run.finished).Member("passing", s.satisfied);
  json.Member("assessed", s.assessed()).Member("mapped", s.mapped());
  json.Member("not_satisfied", s.not_satisfied).Member("excepted", s.excepted);
  json.Member("unknown", s.unknown).Member("uncovered", s.uncovered);
  json.Member("excluded", s.excluded).EndObject();
}

void WriteCoverage(report::JsonWriter& json, const FrameworkSpec& spec,
                   const std::vector<TenantStates>& states) {
  const assess::Coverage c = assess::CoverageOf(spec);
  json.BeginObject().Member("id", spec.id).Member("version", spec.version);
  json.Member("title", spec.title).Member("notice", spec.notice);
  json.Member("controls", c.controls).Member("mapped", c.mapped());
  json.Member("by_checks", c.by_checks).Member("with_attestation", c.with_attestation);
  json.Member("uncovered", c.uncovered).Member("not_applicable", c.not_applicable);
  json.Key("uncovered_controls").BeginArray();
  for (const ControlSpec* control : assess::Uncovered(spec))
    json.BeginObject()
        .Member("id", control->id)
        .Member("title", control->title)
        .Member("reason", control->reason)
        .EndObject();
  json.EndArray().Key("runs").BeginArray();
  for (const TenantStates& one : states)
    if (Decided(one, spec)) WriteStanding(json, spec, one);
  json.EndArray().EndObject();
}

struct Gap {
  std::string tenant, framework, control, state, why, title;
};

/// Controls of one framework that are not shown to hold, in order; the reason of those without a
/// check is the package's.
void AddGaps(const FrameworkSpec& spec, const TenantStates& states, std::vector<Gap>& out) {
  for (const ControlSpec& control : spec.controls) {
    if (control.automation == "n/a") continue;
    const ControlResult* result = assess::FindResult(states.results, spec.id, control.id);
    if (result == nullptr || result->state == ControlState::kSatisfied ||
        result->state == ControlState::kExcepted)
      continue;
    const bool bare = result->state == ControlState::kUncovered && !control.reason.empty();
    out.push_back({states.tenant, spec.id, control.id, std::string(Name(result->state)),
                   bare ? control.reason : result->why, control.title});
  }
}

}  // namespace

int RunFrameworkCoverage(Context& context) {
  const auto catalogue = OpenFullCatalogue(context);
  if (!catalogue) return context.Fail(catalogue.error());
  int exit = 0;
  const auto frameworks = Selected(context, *catalogue, exit);
  if (!frameworks) return exit;
  const auto states = ReadStates(context, exit);
  if (!states) return exit;
  std::string text;
  report::JsonWriter json;
  json.BeginObject().Key("items").BeginArray();
  for (const FrameworkSpec* spec : *frameworks) {
    text += CoverageText(*spec, context.options.uncovered);
    for (const TenantStates& one : *states)
      if (Decided(one, *spec)) text += StandingText(*spec, one);
    WriteCoverage(json, *spec, *states);
  }
  json.EndArray().EndObject();
  return context.Finish(text, json.Take());
}

int RunFrameworkGaps(Context& context) {
  const auto catalogue = OpenFullCatalogue(context);
  if (!catalogue) return context.Fail(catalogue.error());
  int exit = 0;
  const auto frameworks = Selected(context, *catalogue, exit);
  if (!frameworks) return exit;
  const auto states = NeedStates(context, exit);
  if (!states) return exit;
  std::vector<Gap> gaps;
  for (const TenantStates& one : *states)
    for (const FrameworkSpec* spec : *frameworks) AddGaps(*spec, one, gaps);
  Table table({"TENANT", "CONTROL", "STATE", "TITLE", "WHY"});
  report::JsonWriter json;
  json.BeginObject().Key("items").BeginArray();
  for (const Gap& gap : gaps) {
    table.Row({gap.tenant, gap.framework + ":" + gap.control, gap.state, gap.title, gap.why});
    json.BeginObject().Member("tenant", gap.tenant).Member("framework", gap.framework);
    json.Member("control", gap.control).Member("title", gap.title);
    json.Member("state", gap.state).Member("why", gap.why).EndObject();
  }
  json.EndArray().EndObject();
  return context.Finish(table.Format(context.terminal), json.Take());
}

}  // namespace assay::cli
