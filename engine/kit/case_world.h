// Cases of checks, judged by the real evaluator in its sandbox over tables and views of collectors
// that do not run.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/check.h"
#include "model/fixture.h"
#include "model/manifest.h"
#include "sandbox/spawner.h"

namespace assay::kit {

/// What checks meet of one collector.
struct CaseCollector {
  std::string id;
  std::vector<DatasetSpec> datasets;
  std::string views_sql;
};

/// A verdict of the evaluator.
struct Judged {
  std::map<std::string, std::string> verdicts;  ///< by subject
  CheckResult check;
  std::vector<std::string> details;  ///< of subjects, and "reason: detail" of the check
};

class CaseWorld {
 public:
  CaseWorld(sandbox::Spawner& spawner, sandbox::Tier tier, std::vector<CaseCollector> collectors)
      : spawner_(spawner), tier_(tier), collectors_(std::move(collectors)) {}

  /// The dataset of that id, null when no collector has it.
  const DatasetSpec* FindDataset(const std::string& id) const;
  /// Ids of all datasets.
  std::vector<std::string> DatasetIds() const;

  /// Judges `check` over the rows and states of a case. Errors: a case that does not fit the
  /// datasets, or the machine's. [any thread]
  Result<Judged> Judge(const CheckSpec& check, const CheckCase& one) const;
  /// Results of `checks` over all datasets complete and empty, in their order. [any thread]
  Result<std::vector<CheckResult>> JudgeEmpty(const std::vector<CheckSpec>& checks) const;

  /// What differs from what the case expects; empty when nothing does. [any thread]
  std::string Problem(CheckSpec check, const CheckCase& one) const;
  /// The same for what the check states of tables without rows; a licence counts as there.
  std::string EmptyProblem(CheckSpec check) const;

 private:
  sandbox::Spawner& spawner_;
  const sandbox::Tier tier_;
  const std::vector<CaseCollector> collectors_;
};

/// What a case of a check was and came to.
struct CaseOutcome {
  std::string check, name;
  std::string problem;  ///< empty: as expected
  int64_t took_ms = 0;
};

/// Runs all cases of `checks`, which lie in `folder`/<check>.toml, and tries what `empty` states,
/// on as many threads as the machine has, at most four. In order of the checks and their cases.
std::vector<CaseOutcome> RunCases(const CaseWorld& world, const std::vector<CheckSpec>& checks,
                                  const std::filesystem::path& folder);

}  // namespace assay::kit
