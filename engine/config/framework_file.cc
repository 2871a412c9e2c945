// controls.toml and mapping.toml of a framework to one FrameworkSpec: docs/formats/framework.md.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "config/load.h"
#include "config/schema.h"
#include "model/retired_controls.h"

namespace assay::config {
namespace {

const Schema& ControlSchema() {
  static const Schema schema{
      .title = "[[control]]",
      .keys = {{.name = "id", .required = true},
               {.name = "title", .required = true},
               {.name = "group", .required = true},
               {.name = "automation", .required = true, .words = "automated|partial|manual|n/a"},
               {.name = "needs_attestation", .type = &kBool, .fallback = "false"},
               {.name = "responsibility",
                .type = &kTextList,
                .words = "customer|provider|microsoft|none"},
               {.name = "level", .words = "high|medium|low|none"},
               {.name = "reason"},
               {.name = "not_shown"}},
      .noun = "control",
      .identity = "id"};
  return schema;
}

const Schema& ControlsSchema() {
  static const Schema schema{
      .title = "controls.toml",
      .keys = {{.name = "id", .type = &kName, .required = true},
               {.name = "version", .type = &kVersion, .required = true},
               {.name = "title", .required = true},
               {.name = "kind", .words = "law|standard|benchmark|own"},
               {.name = "notice"},
               {.name = "control", .type = &kTables, .required = true, .table = ControlSchema}}};
  return schema;
}

const Schema& MapSchema() {
  static const Schema schema{.title = "[[map]]",
                             .keys = {{.name = "control", .required = true},
                                      {.name = "checks", .type = &kIdList, .required = true}},
                             .noun = "mapping of control",
                             .identity = "control"};
  return schema;
}

const Schema& MappingSchema() {
  static const Schema schema{.title = "mapping.toml",
                             .keys = {{.name = "map", .type = &kTables, .table = MapSchema}}};
  return schema;
}

Document ParseOne(std::string_view text, const std::string& file, Report& report) {
  SyntaxError error;
  Document document = ParseDocument(text, file, error);
  if (!document.valid) report.Error("AS-CFG-003", error.place, error.message);
  return document;
}

void CheckControlId(const Fields& item, const std::string& id, Report& report) {
  const bool ok =
      !id.empty() && id.size() <= 64 && id.find_first_of("\n\r\t\"") == std::string::npos;
  if (!ok && item.Has("id"))
    report.Error("AS-CFG-004", item.Where("id"), Quote(id) + " is not a control id").caret_note =
        "1 to 64 characters on one line";
}

/// "none" is for what addresses nobody here, and stands alone.
void CheckResponsibility(const Fields& item, const ControlSpec& control, Report& report) {
  const auto& parties = control.responsibility;
  const bool none = std::find(parties.begin(), parties.end(), "none") != parties.end();
  if (none && (parties.size() > 1 || control.automation != "n/a"))
    report
        .Error("AS-CFG-004", item.Where("responsibility"),
               fmt::format("control {}: \"none\" is for controls that are not applicable",
                           Quote(control.id)))
        .caret_note = "write who is responsible: customer, provider, microsoft";
}

/// A duty by law comes with how much of it can be read, and why.
void CheckLawItem(const Fields& item, const ControlSpec& control, Report& report) {
  for (const char* key : {"level", "reason"})
    if (!item.Has(key))
      report.Error("AS-CFG-002", item.Where(),
                   fmt::format("control {} of a law has no \"{}\"", Quote(control.id), key));
}

ControlSpec ReadControl(const Fields& item, Report& report) {
  ControlSpec control;
  control.id = item.Text("id");
  CheckControlId(item, control.id, report);
  control.title = item.Text("title");
  control.group = item.Text("group");
  control.automation = item.Text("automation");
  control.needs_attestation = item.Bool("needs_attestation");
  control.responsibility = item.Texts("responsibility");
  control.level = item.Text("level");
  control.reason = item.Text("reason");
  control.not_shown = item.Text("not_shown");
  CheckResponsibility(item, control, report);
  return control;
}

FrameworkSpec ReadControls(const Fields& fields, Report& report) {
  FrameworkSpec spec;
  spec.id = fields.Text("id");
  spec.version = fields.Text("version");
  spec.title = fields.Text("title");
  spec.kind = fields.Text("kind");
  spec.notice = fields.Text("notice");
  for (const Fields& item : fields.Items("control")) {
    spec.controls.push_back(ReadControl(item, report));
    if (spec.kind == "law") CheckLawItem(item, spec.controls.back(), report);
  }
  return spec;
}

/// A control that is not there: the number that took its place, or the nearest name.
void UnknownControl(const Fields& item, const std::string& id, const FrameworkSpec& spec,
                    Report& report) {
  std::vector<std::string> names;
  for (const ControlSpec& control : spec.controls) names.push_back(control.id);
  const std::string became = Join(RetiredTargets(id), ", ");
  if (!became.empty()) {
    report
        .Error("AS-CFG-009", item.Where("control"),
               fmt::format("{} is a number of ISO/IEC 27001:2013, which is retired", Quote(id)))
        .caret_note = fmt::format("became {} in 2022", became);
    return;
  }
  Diagnostic& d = report.Error("AS-CFG-009", item.Where("control"),
                               fmt::format("control {} is not in controls.toml", Quote(id)));
  if (const std::string near = NearestWord(id, names); !near.empty())
    d.caret_note = fmt::format("did you mean \"{}\"?", near);
}

void CheckMapped(const Fields& item, const ControlSpec& control,
                 const std::vector<std::string>* known, Report& report) {
  if (control.automation == "n/a")
    report.Error(
        "AS-CFG-009", item.Where("control"),
        fmt::format("control {} is not applicable (automation \"n/a\"), so no check decides it",
                    Quote(control.id)));
  if (control.checks.empty() && item.Has("checks"))
    report.Error("AS-CFG-004", item.Where("checks"),
                 fmt::format("control {} is mapped to no check", Quote(control.id)));
  if (known == nullptr) return;
  for (size_t i = 0; i < control.checks.size(); ++i) {
    const std::string& check = control.checks[i];
    if (std::find(known->begin(), known->end(), check) != known->end()) continue;
    Diagnostic& d =
        report.Error("AS-CFG-009", item.Where("checks", i),
                     fmt::format("check {} does not exist, and control {} is mapped to it",
                                 Quote(check), Quote(control.id)));
    if (const std::string near = NearestWord(check, *known); !near.empty())
      d.caret_note = fmt::format("did you mean \"{}\"?", near);
  }
}

void ReadMapping(const Fields& fields, FrameworkSpec& spec, const std::vector<std::string>* known,
                 Report& report) {
  std::map<std::string, ControlSpec*> by_id;
  for (ControlSpec& control : spec.controls) by_id[control.id] = &control;
  for (const Fields& item : fields.Items("map")) {
    const std::string id = item.Text("control");
    const auto it = by_id.find(id);
    if (it == by_id.end()) {
      if (item.Has("control")) UnknownControl(item, id, spec, report);
      continue;
    }
    it->second->checks = item.Texts("checks");
    CheckMapped(item, *it->second, known, report);
  }
}

}  // namespace

Result<FrameworkSpec> ParseFramework(std::string_view controls, std::string_view mapping,
                                     const std::string& folder,
                                     const std::vector<std::string>* known_checks) {
  Report report;
  const std::string base = folder.empty() ? "" : folder + "/";
  const Document first = ParseOne(controls, base + "controls.toml", report);
  const Document second = ParseOne(mapping, base + "mapping.toml", report);
  FrameworkSpec spec;
  if (first.valid) {
    Walker(report).Walk(first, ControlsSchema(), true);
    spec = ReadControls(Fields(ControlsSchema(), {{&first, &first.root}}), report);
  }
  if (second.valid) Walker(report).Walk(second, MappingSchema(), true);
  if (first.valid && second.valid)
    ReadMapping(Fields(MappingSchema(), {{&second, &second.root}}), spec, known_checks, report);
  ASSAY_TRY(report.FirstErrors({&first, &second}));
  return spec;
}

}  // namespace assay::config
