#include "cli/control_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/control_links.h"
#include "base/text.h"

namespace assay::cli {
namespace {

constexpr size_t kEquivalentsShown = 12;

std::string Line(std::string_view name, std::string_view value) {
  return value.empty() ? "" : fmt::format("  {:<15} {}\n", name, value);
}

std::string AutomationText(const ControlSpec& control) {
  if (control.automation == "automated") return "automated: checks decide its technical part";
  if (control.automation == "partial")
    return "partial: checks give evidence, a person attests the rest";
  if (control.automation == "manual") return "manual: only a person can show it";
  return "not applicable: it addresses nobody here";
}

std::string ChecksText(const assess::Catalogue& catalogue, const ControlSpec& control) {
  if (control.checks.empty())
    return control.automation == "n/a" ? "" : "  uncovered: no check speaks to it\n";
  std::string out = fmt::format("  checks          {}\n", control.checks.size());
  for (const std::string& id : control.checks) {
    const CheckSpec* check = catalogue.FindCheck(id);
    out += fmt::format("    {}  {}\n", id, check == nullptr ? "" : check->title);
  }
  return out;
}

std::string EquivalentsText(const assess::Catalogue& catalogue, const FrameworkSpec& framework,
                            const ControlSpec& control) {
  const auto all = assess::EquivalentsOf(catalogue.frameworks(), framework.id, control);
  if (all.empty()) return "";
  std::string out = "  the same checks speak to\n";
  for (size_t i = 0; i < all.size() && i < kEquivalentsShown; ++i)
    out += fmt::format("    {}:{}  {} of its {} checks  {}\n", all[i].framework, all[i].control,
                       all[i].shared, all[i].of, all[i].title);
  if (all.size() > kEquivalentsShown)
    out += fmt::format("    and {} more (--json has all)\n", all.size() - kEquivalentsShown);
  return out;
}

std::string Squeezed(std::string_view text) {
  std::string out = AsciiLower(text);
  std::erase(out, ' ');
  return out;
}

}  // namespace

const ControlSpec* FindControl(const FrameworkSpec& framework, std::string_view id) {
  const std::string wanted = Squeezed(id);
  const auto at =
      std::find_if(framework.controls.begin(), framework.controls.end(),
                   [&](const ControlSpec& control) { return Squeezed(control.id) == wanted; });
  return at == framework.controls.end() ? nullptr : &*at;
}

std::string ControlPage(const assess::Catalogue& catalogue, const FrameworkSpec& framework,
                        const ControlSpec& control) {
  std::string out = fmt::format("  {}:{}  {}\n\n", framework.id, control.id, control.title);
  out += Line("group", control.group);
  out += Line("automation", AutomationText(control));
  out += Line("level", control.level);
  out += Line("responsibility",
              control.responsibility.empty() ? "not stated" : Join(control.responsibility, ", "));
  if (control.needs_attestation)
    out += Line("attestation", "a person must attest the part that no check can see");
  out += Line("why", control.reason);
  out += Line("not shown", control.not_shown);
  out += Line("note", framework.notice);
  out += ChecksText(catalogue, control);
  return out + EquivalentsText(catalogue, framework, control);
}

std::string ControlStatesText(const std::vector<TenantStates>& states, const std::string& framework,
                              const std::string& control) {
  std::string out;
  for (const TenantStates& one : states) {
    const assess::ControlView* view = FindState(one, framework, control);
    if (view == nullptr) continue;
    out +=
        fmt::format("  {:<15} {} in {} ({}), entry {}: {}\n", one.tenant, Name(view->result.state),
                    one.run.run, one.run.finished, ToNumber(view->entry), view->result.why);
  }
  return out;
}

void WriteControl(report::JsonWriter& json, const assess::Catalogue& catalogue,
                  const FrameworkSpec& framework, const ControlSpec& control,
                  const std::vector<TenantStates>& states) {
  json.Member("framework", framework.id).Member("id", control.id).Member("title", control.title);
  json.Member("group", control.group).Member("automation", control.automation);
  json.Member("needs_attestation", control.needs_attestation).Member("level", control.level);
  json.Key("responsibility").Strings(control.responsibility);
  json.Member("reason", control.reason).Member("not_shown", control.not_shown);
  json.Member("notice", framework.notice).Key("checks").Strings(control.checks);
  json.Key("equivalents").BeginArray();
  for (const auto& one : assess::EquivalentsOf(catalogue.frameworks(), framework.id, control))
    json.BeginObject()
        .Member("framework", one.framework)
        .Member("id", one.control)
        .Member("shared_checks", one.shared)
        .Member("checks", one.of)
        .EndObject();
  json.EndArray().Key("states").BeginArray();
  for (const TenantStates& one : states) {
    const assess::ControlView* view = FindState(one, framework.id, control.id);
    if (view == nullptr) continue;
    json.BeginObject().Member("tenant", one.tenant).Member("run", one.run.run);
    json.Member("finished", one.run.finished).Member("state", Name(view->result.state));
    json.Member("why", view->result.why).Member("entry", ToNumber(view->entry)).EndObject();
  }
  json.EndArray();
}

std::string CheckEffectText(const assess::Catalogue& catalogue, const std::string& check) {
  const auto effects = assess::EffectOf(catalogue.frameworks(), check);
  if (effects.empty()) return "  speaks to  no control of any framework\n";
  std::string out;
  for (const assess::Effect& one : effects)
    out += fmt::format("  speaks to  {}:{}  {}{}\n", one.framework, one.control, one.title,
                       one.checks == 1 ? " (nothing else does)" : "");
  return out;
}

}  // namespace assay::cli
