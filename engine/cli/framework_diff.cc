// `assay framework diff A B`: what changed between two versions of a framework, each installed or
// in a folder: controls that came and went, and what is said of those that stayed.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "cli/control_page.h"
#include "cli/installed.h"
#include "cli/inventory.h"
#include "config/load.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

Result<FrameworkSpec> ReadSide(const assess::Catalogue& catalogue, const std::string& side) {
  std::error_code error;
  if (fs::is_directory(side, error)) {
    ASSAY_ASSIGN(const ByteVector controls, ReadFile(fs::path(side) / "controls.toml"));
    ASSAY_ASSIGN(const ByteVector mapping, ReadFile(fs::path(side) / "mapping.toml"));
    return config::ParseFramework(AsText(controls), AsText(mapping), side);
  }
  const assess::InstalledFramework* framework = catalogue.FindFramework(side);
  if (framework == nullptr) return Fail(NotInstalled("framework", side, catalogue.FrameworkIds()));
  return framework->spec;
}

struct Change {
  std::string control, kind, field, before, after;  ///< kind: "added", "removed", "changed"
};

class Differ {
 public:
  explicit Differ(std::vector<Change>& out) : out_(out) {}

  void Compare(const ControlSpec& a, const ControlSpec& b) {
    id_ = b.id;
    Field("title", a.title, b.title);
    Field("group", a.group, b.group);
    Field("automation", a.automation, b.automation);
    Field("needs_attestation", a.needs_attestation ? "true" : "false",
          b.needs_attestation ? "true" : "false");
    Field("responsibility", Join(a.responsibility, " "), Join(b.responsibility, " "));
    Field("level", a.level, b.level);
    Field("reason", a.reason, b.reason);
    Field("not_shown", a.not_shown, b.not_shown);
    Checks(a.checks, b.checks);
  }

 private:
  void Field(const char* field, const std::string& before, const std::string& after) {
    if (before != after) out_.push_back({id_, "changed", field, before, after});
  }
  void Checks(const std::vector<std::string>& before, const std::vector<std::string>& after) {
    const auto has = [](const std::vector<std::string>& list, const std::string& item) {
      return std::find(list.begin(), list.end(), item) != list.end();
    };
    for (const std::string& check : before)
      if (!has(after, check)) out_.push_back({id_, "changed", "check", check, ""});
    for (const std::string& check : after)
      if (!has(before, check)) out_.push_back({id_, "changed", "check", "", check});
  }

  std::vector<Change>& out_;
  std::string id_;
};

std::vector<Change> Compare(const FrameworkSpec& before, const FrameworkSpec& after) {
  std::vector<Change> out;
  for (const ControlSpec& control : before.controls)
    if (FindControl(after, control.id) == nullptr)
      out.push_back({control.id, "removed", "", control.title, ""});
  for (const ControlSpec& control : after.controls) {
    const ControlSpec* old = FindControl(before, control.id);
    if (old == nullptr)
      out.push_back({control.id, "added", "", "", control.title});
    else
      Differ(out).Compare(*old, control);
  }
  return out;
}

std::string LineOf(const Change& change) {
  if (change.kind == "removed") return fmt::format("  - {}  {}\n", change.control, change.before);
  if (change.kind == "added") return fmt::format("  + {}  {}\n", change.control, change.after);
  if (change.before.empty() || change.after.empty())
    return fmt::format("  ~ {}  {} {}{}\n", change.control, change.field,
                       change.before.empty() ? "+ " : "- ",
                       change.before.empty() ? change.after : change.before);
  return fmt::format("  ~ {}  {}: {} -> {}\n", change.control, change.field, change.before,
                     change.after);
}

}  // namespace

int RunFrameworkDiff(Context& context) {
  const auto catalogue = OpenFullCatalogue(context);
  if (!catalogue) return context.Fail(catalogue.error());
  const auto before = ReadSide(*catalogue, context.options.argument);
  if (!before) return context.Fail(before.error());
  const auto after = ReadSide(*catalogue, context.options.second);
  if (!after) return context.Fail(after.error());
  const std::vector<Change> changes = Compare(*before, *after);
  std::string text = fmt::format("  {} version {} -> {} version {}: {} changes\n", before->id,
                                 before->version, after->id, after->version, changes.size());
  report::JsonWriter json;
  json.BeginObject().Member("before", before->id + " " + before->version);
  json.Member("after", after->id + " " + after->version).Key("items").BeginArray();
  for (const Change& change : changes) {
    text += LineOf(change);
    json.BeginObject().Member("control", change.control).Member("change", change.kind);
    json.Member("field", change.field).Member("before", change.before);
    json.Member("after", change.after).EndObject();
  }
  json.EndArray().EndObject();
  return context.Finish(text, json.Take());
}

}  // namespace assay::cli
