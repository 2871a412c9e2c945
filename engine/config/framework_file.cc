// controls.toml and mapping.toml of a framework to one FrameworkSpec: docs/formats/framework.md.
#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "config/load.h"
#include "config/schema.h"

namespace assay::config {
namespace {

const Schema& ControlSchema() {
  static const Schema schema{
      .title = "[[control]]",
      .keys = {{.name = "id", .required = true},
               {.name = "title", .required = true},
               {.name = "group", .required = true},
               {.name = "automation", .required = true, .words = "automated|partial|manual|n/a"},
               {.name = "needs_attestation", .type = &kBool, .fallback = "false"}},
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

FrameworkSpec ReadControls(const Fields& fields, Report& report) {
  FrameworkSpec spec;
  spec.id = fields.Text("id");
  spec.version = fields.Text("version");
  spec.title = fields.Text("title");
  for (const Fields& item : fields.Items("control")) {
    ControlSpec control;
    control.id = item.Text("id");
    CheckControlId(item, control.id, report);
    control.title = item.Text("title");
    control.group = item.Text("group");
    control.automation = item.Text("automation");
    control.needs_attestation = item.Bool("needs_attestation");
    spec.controls.push_back(std::move(control));
  }
  return spec;
}

void ReadMapping(const Fields& fields, FrameworkSpec& spec, Report& report) {
  std::map<std::string, ControlSpec*> by_id;
  std::vector<std::string> names;
  for (ControlSpec& control : spec.controls) {
    by_id[control.id] = &control;
    names.push_back(control.id);
  }
  for (const Fields& item : fields.Items("map")) {
    const std::string id = item.Text("control");
    const auto it = by_id.find(id);
    if (it == by_id.end()) {
      if (!item.Has("control")) continue;
      Diagnostic& d = report.Error("AS-CFG-009", item.Where("control"),
                                   fmt::format("control {} is not in controls.toml", Quote(id)));
      if (const std::string near = NearestWord(id, names); !near.empty())
        d.caret_note = fmt::format("did you mean \"{}\"?", near);
      continue;
    }
    if (it->second->automation == "n/a")
      report.Error(
          "AS-CFG-009", item.Where("control"),
          fmt::format("control {} is not applicable (automation \"n/a\"), so no check decides it",
                      Quote(id)));
    it->second->checks = item.Texts("checks");
    if (it->second->checks.empty() && item.Has("checks"))
      report.Error("AS-CFG-004", item.Where("checks"),
                   fmt::format("control {} is mapped to no check", Quote(id)));
  }
}

}  // namespace

Result<FrameworkSpec> ParseFramework(std::string_view controls, std::string_view mapping,
                                     const std::string& folder) {
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
    ReadMapping(Fields(MappingSchema(), {{&second, &second.root}}), spec, report);
  ASSAY_TRY(report.FirstErrors({&first, &second}));
  return spec;
}

}  // namespace assay::config
