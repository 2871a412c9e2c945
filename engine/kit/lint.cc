#include "kit/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "broker/permission_words.h"
#include "config/fixture_file.h"
#include "config/load.h"
#include "kit/lint_parts.h"

namespace assay::kit {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxText = 4u << 20;
constexpr size_t kMaxTitle = 120;

bool Contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

class Linter {
 public:
  Linter(fs::path folder, const Known& known) : folder_(std::move(folder)), known_(known) {}

  Result<std::vector<LintNote>> Run() {
    ASSAY_ASSIGN(const ByteVector text, ReadFile(folder_ / "manifest.toml", kMaxText));
    auto manifest = config::ParseManifest(AsText(text), "manifest.toml");
    if (!manifest) {
      Error("manifest", "manifest.toml", manifest.error().ToString());
      return std::move(notes_);
    }
    manifest_ = std::move(*manifest);
    Identity();
    if (manifest_.kind == PluginKind::kCollector) {
      Endpoints();
      Datasets();
      Checks();
      LintFixtures(folder_, manifest_, notes_);
    } else {
      FrameworkData();
    }
    return std::move(notes_);
  }

 private:
  void Error(std::string rule, std::string place, std::string text) {
    notes_.push_back({true, std::move(rule), std::move(place), std::move(text)});
  }
  void Warn(std::string rule, std::string place, std::string text) {
    notes_.push_back({false, std::move(rule), std::move(place), std::move(text)});
  }

  void Identity();
  void Endpoints();
  void Permission(const EndpointSpec& endpoint, const std::string& place);
  void Datasets();
  void Personal(const DatasetSpec& dataset, const std::string& place);
  void Checks();
  void Check(const CheckSpec& check, const std::string& place);
  void Cases(const CheckSpec& check);
  void FrameworkData();
  void OwnWords(const std::string& place, const std::string& what, const std::string& text);

  const fs::path folder_;
  const Known& known_;
  Manifest manifest_;
  std::vector<LintNote> notes_;
};

void Linter::Identity() {
  const auto parts = Split(manifest_.version, '.');
  if (parts.size() != 3) Error("names", "manifest.toml", "version is not of the form 1.2.3");
  OwnWords("manifest.toml", "title", manifest_.title);
  for (const std::string& extension : manifest_.needs)
    if (extension.find(".draft/") != extension.npos)
      Error("names", "manifest.toml", "needs a draft extension: " + extension);
}

void Linter::Permission(const EndpointSpec& endpoint, const std::string& place) {
  using broker::JudgePermission;
  using broker::Power;
  if (endpoint.host != ServiceHost::kGraph) {
    if (endpoint.arm_action.empty())
      Warn("least-permission", place, "no action: messages cannot name the role that is missing");
    else if (!endpoint.arm_action.ends_with("/read") && endpoint.read_post.empty())
      Error("least-permission", place, "action " + endpoint.arm_action + " is not a read");
    return;
  }
  std::vector<std::string> all = endpoint.also;
  all.push_back(endpoint.permission);
  for (const std::string& permission : all) {
    const Power power = JudgePermission(permission);
    if (power == Power::kWrite || power == Power::kSecret)
      Error("least-permission", place, permission + " can do more than read");
    if (power == Power::kContent)
      Error("least-permission", place, permission + " reaches content: mail, files, chats");
  }
  for (const char* wide : {"Directory.Read.All", "Policy.Read.All"})
    if (endpoint.permission == wide)
      Warn(
          "least-permission", place,
          fmt::format("{} reads much more than {}: is there a narrower one?", wide, endpoint.path));
}

void Linter::Endpoints() {
  if (manifest_.endpoints.empty()) Error("reads", "manifest.toml", "no endpoint is declared");
  for (const EndpointSpec& endpoint : manifest_.endpoints) {
    const std::string place = "manifest.toml: endpoint " + endpoint.id;
    Permission(endpoint, place);
    if (endpoint.datasets.empty()) Error("reads", place, "feeds no dataset: why is it read?");
    if (endpoint.version == "beta") Warn("reads", place, "beta may change or go without notice");
    const bool selects = std::any_of(endpoint.query.begin(), endpoint.query.end(),
                                     [](const auto& one) { return one.first == "$select"; });
    if (endpoint.host == ServiceHost::kGraph && endpoint.paging != Paging::kSingle && !selects)
      Warn("least-data", place, "no $select: every property is read");
    for (const DatasetSpec& dataset : manifest_.datasets) {
      const bool personal = std::any_of(dataset.columns.begin(), dataset.columns.end(),
                                        [](const ColumnSpec& c) { return c.personal; });
      if (personal && !endpoint.personal && Contains(endpoint.datasets, dataset.id))
        Error("data-class", place,
              fmt::format("feeds personal columns of {}, so its answers are personal = true",
                          dataset.id));
    }
  }
}

void Linter::Personal(const DatasetSpec& dataset, const std::string& place) {
  static const std::set<std::string> kNames = {
      "mail",    "email", "upn",          "user_principal_name", "given_name",
      "surname", "phone", "mobile_phone", "ip_address",          "employee_id"};
  const bool people = dataset.subject_type == "user" || dataset.subject_type == "guest";
  for (const ColumnSpec& column : dataset.columns)
    if (!column.personal &&
        (kNames.contains(column.name) || (people && column.name == "display_name")))
      Error("data-class", place,
            fmt::format("column {} names a person: personal = true", column.name));
}

void Linter::Datasets() {
  static const std::set<std::string> kClasses = {"directory", "device",      "policy",   "posture",
                                                 "access",    "application", "activity", "cost"};
  for (const DatasetSpec& dataset : manifest_.datasets) {
    const std::string place = "manifest.toml: dataset " + dataset.id;
    const bool fed =
        std::any_of(manifest_.endpoints.begin(), manifest_.endpoints.end(),
                    [&](const EndpointSpec& e) { return Contains(e.datasets, dataset.id); });
    if (!fed) Error("reads", place, "no endpoint feeds it");
    if (dataset.data_class.empty())
      Error("data-class", place, "no data_class: directory, device, policy, posture, ...");
    else if (!kClasses.contains(dataset.data_class))
      Warn("data-class", place, "data_class " + dataset.data_class + " is a word of its own");
    if (dataset.subject_type.empty()) Warn("names", place, "no subject_type for reports");
    Personal(dataset, place);
  }
}

void Linter::OwnWords(const std::string& place, const std::string& what, const std::string& text) {
  if (text.empty()) return Error("own-words", place, "no " + what);
  if (what == "title" && text.size() > kMaxTitle)
    Error("own-words", place, fmt::format("the title has more than {} bytes", kMaxTitle));
  if (what == "title" && text.ends_with('.')) Warn("own-words", place, "a title has no full stop");
  const std::string lower = AsciiLower(text);
  for (const char* phrase : {" shall ", "©", "copyright", "all rights reserved"})
    if ((" " + lower + " ").find(phrase) != std::string::npos)
      Error("own-words", place,
            fmt::format("{} reads like the text of a standard ({}): say it in own words", what,
                        Quote(Trim(phrase))));
}

void Linter::Check(const CheckSpec& check, const std::string& place) {
  if (check.id.rfind(manifest_.id + "-", 0) != 0)
    Error("names", place, fmt::format("the id does not begin with {}-", manifest_.id));
  OwnWords(place, "title", check.title);
  OwnWords(place, "rationale", check.rationale);
  OwnWords(place, "remediation", check.remediation);
  for (const std::string& read : check.reads) {
    const bool own = std::any_of(manifest_.datasets.begin(), manifest_.datasets.end(),
                                 [&](const DatasetSpec& d) { return d.id == read; });
    if (!own && !Contains(known_.datasets, read))
      Error("names", place,
            "reads dataset " + read + ", which no manifest has: not this one, none installed");
  }
  if (check.severity == Severity::kInfo && check.sql.find("'fail'") != check.sql.npos)
    Warn("severity", place, "severity info, and it can fail: who would act on it?");
  if (check.sql.find("'not_assessed'") == check.sql.npos &&
      check.sql.find("'manual'") == check.sql.npos &&
      check.sql.find("ELSE 'pass'") != check.sql.npos)
    Warn("severity", place, "everything else passes: what does it say of a missing value?");
  Cases(check);
}

void Linter::Cases(const CheckSpec& check) {
  const std::string name = "checks/cases/" + check.id + ".toml";
  const auto text = ReadFile(folder_ / name, kMaxText);
  if (!text) return Error("cases", name, "is not there: rows in, verdicts out");
  const auto cases = config::ParseCases(AsText(*text), name);
  if (!cases) return Error("cases", name, cases.error().ToString());
  for (const char* verdict : {"fail", "not_assessed"})
    if (std::none_of(cases->begin(), cases->end(),
                     [&](const CheckCase& one) { return one.check == verdict; }))
      Error("cases", name, fmt::format("no case ends in {}", verdict));
}

void Linter::Checks() {
  std::set<std::string> ids;
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder_ / "checks", error))
    if (file.path().extension() == ".toml") files.push_back(file.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const std::string name = "checks/" + file.filename().string();
    const auto text = ReadFile(file, kMaxText);
    if (!text) {
      Error("checks", name, text.error().ToString());
      continue;
    }
    const auto checks = config::ParseChecks(AsText(*text), name, manifest_.id);
    if (!checks) {
      Error("checks", name, checks.error().ToString());
      continue;
    }
    for (const CheckSpec& check : *checks) {
      if (!ids.insert(check.id).second) Error("names", name, "check " + check.id + " stands twice");
      Check(check, name + ": " + check.id);
    }
  }
  if (files.empty()) Warn("checks", "checks/", "no check: nobody will see what it collects");
}

void Linter::FrameworkData() {
  const auto controls = ReadFile(folder_ / "controls.toml", kMaxText);
  const auto mapping = ReadFile(folder_ / "mapping.toml", kMaxText);
  if (!controls) return Error("mapping", "controls.toml", controls.error().ToString());
  if (!mapping) return Error("mapping", "mapping.toml", mapping.error().ToString());
  const auto framework = config::ParseFramework(AsText(*controls), AsText(*mapping), "");
  if (!framework) return Error("mapping", "controls.toml", framework.error().ToString());
  if (framework->id != manifest_.id)
    Error("names", "controls.toml",
          fmt::format("id {} is not the manifest's {}", Quote(framework->id, 64), manifest_.id));
  for (const ControlSpec& control : framework->controls) {
    const std::string place = "controls.toml: " + control.id;
    OwnWords(place, "title", control.title);
    if (control.automation == "automated" && control.checks.empty())
      Error("mapping", place, "is automated, but no check is mapped to it");
    if (control.automation == "manual" && !control.needs_attestation && control.checks.empty())
      Warn("mapping", place, "manual, without check and without attestation: nothing decides it");
    for (const std::string& check : control.checks) {
      if (known_.checks.empty() || Contains(known_.checks, check)) continue;
      const std::string near = NearestWord(check, known_.checks);
      Warn("mapping", place,
           fmt::format("check {} is not installed here{}", check,
                       near.empty() ? "" : "; did you mean " + near + "?"));
    }
  }
}

}  // namespace

Result<std::vector<LintNote>> LintSources(const fs::path& folder, const Known& known) {
  return Linter(folder, known).Run();
}

}  // namespace assay::kit
