#include "kit/lint_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "config/fixture_file.h"

namespace assay::kit {
namespace {

constexpr std::string_view kSqlPrefix = "sql:";
constexpr size_t kAll = config::CheckSource::kWhole;

class Linter {
 public:
  Linter(const CheckLint& lint, config::CheckSource& source) : lint_(lint), source_(source) {}

  Status Run() {
    const bool readable = !source_.has_errors();
    for (size_t i = 0; i < source_.checks().size(); ++i) {
      Names(i);
      Words(i);
      Cases(i);
    }
    return readable ? Sql() : Status{};
  }

 private:
  const CheckSpec& At(size_t i) const { return source_.checks()[i]; }

  void Names(size_t i) {
    const CheckSpec& check = At(i);
    if (std::find(lint_.taken.begin(), lint_.taken.end(), check.id) != lint_.taken.end())
      source_.Error(i, "id", "AS-CHK-001",
                    fmt::format("check {} is installed already", Quote(check.id)),
                    "ids are for ever: take another one");
    const std::vector<std::string> known = lint_.world.DatasetIds();
    for (size_t n = 0; n < check.reads.size(); ++n) {
      if (lint_.world.FindDataset(check.reads[n]) != nullptr) continue;
      const std::string near = NearestWord(check.reads[n], known);
      source_.Error(i, "reads", "AS-CHK-002",
                    fmt::format("check {}: no installed collector has dataset {}", Quote(check.id),
                                Quote(check.reads[n])),
                    near.empty() ? "" : fmt::format("did you mean \"{}\"?", near), n);
    }
  }

  void Words(size_t i) {
    const CheckSpec& check = At(i);
    const auto warn = [&](std::string_view key, std::string_view what) {
      source_.Warning(i, key, "AS-CHK-004",
                      fmt::format("check {}: {}", Quote(check.id), std::string(what)));
    };
    if (check.rationale.empty()) warn("rationale", "no rationale: why does it matter?");
    if (check.remediation.empty()) warn("remediation", "no remediation: what is to be done?");
    if (!check.empty) warn("empty", "does not state its verdict without rows: empty = \"...\"");
    if (check.sql.find("'not_assessed'") == check.sql.npos &&
        check.sql.find("'manual'") == check.sql.npos &&
        check.sql.find("ELSE 'pass'") != check.sql.npos)
      warn("sql", "everything else passes: what does it say of a missing value?");
  }

  void Cases(size_t i) {
    const CheckSpec& check = At(i);
    const auto file = lint_.cases / (check.id + ".toml");
    const auto text = ReadFile(file, 4u << 20);
    if (!text)
      return source_.Warning(i, "id", "AS-CHK-004",
                             fmt::format("check {} has no cases", Quote(check.id)),
                             "rows in, verdicts out: " + file.string());
    const auto cases = config::ParseCases(AsText(*text), file.string());
    if (!cases) return source_.Error(i, "id", "AS-CHK-004", cases.error().message);
    for (const char* verdict : {"pass", "fail", "not_assessed"})
      if (std::none_of(cases->begin(), cases->end(),
                       [&](const CheckCase& one) { return one.check == verdict; }))
        source_.Warning(i, "id", "AS-CHK-004",
                        fmt::format("check {}: no case ends in {}", Quote(check.id), verdict));
    if (std::all_of(cases->begin(), cases->end(),
                    [](const CheckCase& one) { return one.trap.empty(); }))
      source_.Warning(i, "id", "AS-CHK-004",
                      fmt::format("check {}: no case is a trap", Quote(check.id)),
                      "one that a careless SQL gets wrong: a missing value, another case");
  }

  /// One evaluation of a check on empty tables: as it is, or without one of its datasets. With a
  /// licence the gate stands before the SQL, so each is looked at without the other.
  struct Trial {
    size_t check, without;
    CheckSpec spec;
  };

  std::vector<Trial> Trials() const {
    std::vector<Trial> out;
    for (size_t i = 0; i < source_.checks().size(); ++i) {
      CheckSpec check = At(i);
      if (!AllKnown(check)) continue;
      const CheckSpec licensed = check;
      check.licence.clear();
      out.push_back({i, kAll, check});
      for (size_t n = 0; n < check.reads.size(); ++n) {
        if (check.reads[n] == check.subject) continue;
        out.push_back({i, n, Without(check, n)});
        if (!licensed.licence.empty()) out.push_back({i, n, Without(licensed, n)});
      }
    }
    return out;
  }

  bool AllKnown(const CheckSpec& check) const {
    return std::all_of(check.reads.begin(), check.reads.end(), [&](const std::string& id) {
      return lint_.world.FindDataset(id) != nullptr;
    });
  }

  static CheckSpec Without(CheckSpec check, size_t n) {
    check.reads.erase(check.reads.begin() + static_cast<std::ptrdiff_t>(n));
    return check;
  }

  /// A check that does not miss a dataset does not need it.
  Status Sql() {
    const std::vector<Trial> trials = Trials();
    std::vector<CheckSpec> specs;
    for (const Trial& trial : trials) specs.push_back(trial.spec);
    ASSAY_ASSIGN(const auto results, lint_.world.JudgeEmpty(specs));
    std::set<std::pair<size_t, size_t>> unused;
    std::set<size_t> broken;
    for (size_t t = 0; t < results.size(); ++t) {
      const Trial& trial = trials[t];
      const bool fault = results[t].reason == Reason::kPluginFault;
      if (trial.without == kAll && fault) {
        broken.insert(trial.check);
        TellFault(trial.check, results[t].detail);
      } else if (trial.without != kAll && !fault && !broken.contains(trial.check)) {
        unused.emplace(trial.check, trial.without);
      }
    }
    for (size_t t = 0; t < results.size(); ++t)
      if (results[t].reason == Reason::kPluginFault)
        unused.erase({trials[t].check, trials[t].without});
    for (const auto& [check, dataset] : unused)
      source_.Warning(check, "reads", "AS-CHK-004",
                      fmt::format("check {}: its SQL does not look at {}", Quote(At(check).id),
                                  At(check).reads[dataset]));
    return {};
  }

  /// "sql:3:12: no such column: x" under that place; anything else under `sql`.
  void TellFault(size_t i, std::string_view detail) {
    const size_t prefix = detail.find(kSqlPrefix);
    std::string_view rest = prefix == detail.npos ? "" : detail.substr(prefix + kSqlPrefix.size());
    size_t line = 0, column = 0;
    if (Number(rest, line) && Number(rest, column) && line > 0 && column > 0)
      return source_.ErrorInSql(i, line, column, "AS-CHK-003",
                                fmt::format("check {}: {}", Quote(At(i).id), Trim(rest)));
    source_.Error(i, "sql", "AS-CHK-003", fmt::format("check {}: {}", Quote(At(i).id), detail));
  }

  /// Eats "12:".
  static bool Number(std::string_view& text, size_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    const auto size = static_cast<size_t>(end - text.data());
    if (error != std::errc() || size >= text.size() || text[size] != ':') return false;
    text.remove_prefix(size + 1);
    return true;
  }

  const CheckLint& lint_;
  config::CheckSource& source_;
};

}  // namespace

Status LintChecks(const CheckLint& lint, config::CheckSource& source) {
  return Linter(lint, source).Run();
}

}  // namespace assay::kit
