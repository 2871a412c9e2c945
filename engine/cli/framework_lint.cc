// `assay framework lint`: what is wrong with installed frameworks or with a folder of one, how much
// they cover, and numbers of ISO/IEC 27001:2013 in any text.
#include "assess/framework_lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "assess/coverage.h"
#include "assess/prepare.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/installed.h"
#include "cli/inventory.h"
#include "config/load.h"
#include "model/retired_controls.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

struct Lint {
  std::vector<FrameworkSpec> frameworks;
  std::vector<assess::FrameworkProblem> problems;
  std::vector<std::string> unmapped;
};

/// Checks of collectors, and the administrator's own ones.
Result<std::set<std::string>> KnownChecks(const Context& context, assess::Catalogue catalogue) {
  std::set<std::string> known;
  for (const std::string& id : catalogue.CheckIds()) known.insert(id);
  std::error_code error;
  if (!fs::exists(context.options.config, error)) return known;
  const config::Loaded loaded =
      config::LoadConfig(context.options.config, LoadOptionsFor(catalogue, false));
  if (loaded.config.checks_dir.empty()) return known;
  ASSAY_ASSIGN(const std::vector<CheckSpec> own, assess::ReadOwnChecks(loaded.config));
  for (const CheckSpec& check : own) known.insert(check.id);
  return known;
}

/// A folder of a package: its two files, held against the checks that there are.
Result<FrameworkSpec> ReadFolder(const fs::path& folder, const std::set<std::string>& known) {
  const std::vector<std::string> checks(known.begin(), known.end());
  ASSAY_ASSIGN(const ByteVector controls, ReadFile(folder / "controls.toml"));
  ASSAY_ASSIGN(const ByteVector mapping, ReadFile(folder / "mapping.toml"));
  return config::ParseFramework(AsText(controls), AsText(mapping), folder.string(), &checks);
}

Result<Lint> LintWanted(const Context& context) {
  ASSAY_ASSIGN(const assess::Catalogue catalogue, OpenFullCatalogue(context));
  ASSAY_ASSIGN(const std::set<std::string> known, KnownChecks(context, catalogue));
  Lint out;
  const std::string& wanted = context.options.argument;
  std::error_code error;
  if (!wanted.empty() && fs::is_directory(wanted, error)) {
    ASSAY_ASSIGN(FrameworkSpec spec, ReadFolder(wanted, known));
    out.frameworks.push_back(std::move(spec));
  } else if (!wanted.empty() && catalogue.FindFramework(wanted) == nullptr) {
    return Fail(NotInstalled("framework", wanted, catalogue.FrameworkIds()));
  } else {
    for (const assess::InstalledFramework& one : catalogue.frameworks())
      if (wanted.empty() || one.spec.id == wanted) out.frameworks.push_back(one.spec);
  }
  std::vector<const FrameworkSpec*> all;
  for (const FrameworkSpec& spec : out.frameworks) {
    all.push_back(&spec);
    for (auto& problem : assess::LintFramework(spec, known))
      out.problems.push_back(std::move(problem));
  }
  if (wanted.empty()) {
    for (const assess::BrokenPackage& broken : catalogue.broken())
      out.problems.push_back({broken.id, "cannot be used: " + broken.error.ToString(), true});
    out.unmapped = assess::UnmappedChecks(all, known);
  }
  return out;
}

std::string CoverageLine(const FrameworkSpec& spec) {
  const assess::Coverage c = assess::CoverageOf(spec);
  return fmt::format(
      "  {:<14} {} controls: {} with checks ({} ask for an attestation too), {} without, {} not "
      "applicable\n",
      spec.id, c.controls, c.mapped(), c.with_attestation, c.uncovered, c.not_applicable);
}

std::string TextOf(const Lint& lint) {
  std::string out;
  for (const auto& problem : lint.problems)
    out += fmt::format("  {}: {}: {}\n", problem.is_error ? "error" : "warning", problem.where,
                       problem.what);
  for (const std::string& check : lint.unmapped)
    out += fmt::format("  warning: {}: no control is mapped to it\n", check);
  for (const FrameworkSpec& spec : lint.frameworks) out += CoverageLine(spec);
  return out;
}

std::string JsonOf(const Lint& lint) {
  report::JsonWriter json;
  json.BeginObject().Key("items").BeginArray();
  for (const auto& problem : lint.problems)
    json.BeginObject()
        .Member("level", problem.is_error ? "error" : "warning")
        .Member("where", problem.where)
        .Member("message", problem.what)
        .EndObject();
  json.EndArray().Key("unmapped_checks").Strings(lint.unmapped).Key("coverage").BeginArray();
  for (const FrameworkSpec& spec : lint.frameworks) {
    const assess::Coverage c = assess::CoverageOf(spec);
    json.BeginObject().Member("id", spec.id).Member("controls", c.controls);
    json.Member("mapped", c.mapped()).Member("with_attestation", c.with_attestation);
    json.Member("uncovered", c.uncovered).Member("not_applicable", c.not_applicable).EndObject();
  }
  json.EndArray().EndObject();
  return json.Take();
}

/// --claims: a text that people publish must not cite numbers that are gone.
int LintClaims(const Context& context) {
  const std::string& file = context.options.claims;
  const auto bytes = ReadFile(file, 16u << 20);
  if (!bytes) return context.Fail(bytes.error());
  const auto found = FindRetired(AsText(*bytes));
  std::string text;
  report::JsonWriter json;
  json.BeginObject().Key("items").BeginArray();
  for (const RetiredMention& one : found) {
    text += fmt::format("  {}:{}:{}: {} is a number of ISO/IEC 27001:2013, became {}\n", file,
                        one.line, one.column, one.id, Join(one.became, ", "));
    json.BeginObject().Member("file", file).Member("line", one.line).Member("col", one.column);
    json.Member("id", one.id).Key("became").Strings(one.became).EndObject();
  }
  json.EndArray().EndObject();
  if (found.empty()) text = fmt::format("  {}: cites no retired number\n", file);
  return context.Finish(text, json.Take(), found.empty() ? ExitCode::kOk : ExitCode::kConfig);
}

}  // namespace

int RunFrameworkLint(Context& context) {
  if (!context.options.claims.empty()) return LintClaims(context);
  const auto lint = LintWanted(context);
  if (!lint) return context.Fail(lint.error());
  const bool wrong = std::any_of(lint->problems.begin(), lint->problems.end(),
                                 [](const auto& problem) { return problem.is_error; });
  return context.Finish(TextOf(*lint), JsonOf(*lint), wrong ? ExitCode::kConfig : ExitCode::kOk);
}

}  // namespace assay::cli
