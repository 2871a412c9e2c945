// The rules on incomplete data and the roll-up of a check over its subjects (architecture.md
// section 4), as pure functions: no SQL, no rows.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "model/check.h"

namespace assay::worker {

/// What is known of one dataset when the checks start.
struct Condition {
  Completeness completeness = Completeness::kUnavailable;
  Reason reason = Reason::kUnavailable;
  std::string detail = "its state never came";
};
/// By dataset id. A dataset that is not here is unknown.
using Conditions = std::map<std::string, Condition>;

/// How far a check may speak, given its datasets.
struct Standing {
  std::optional<CheckResult> refused;  ///< the check does not run: this is its result
  std::set<std::string> reads;         ///< datasets that its SQL may look at
  bool incomplete = false;             ///< a dataset that it reads is partial
  bool fail_stands = true;             ///< further rows could not undo a fail
  Reason reason = Reason::kNone;       ///< of the first partial dataset
  std::string detail;                  ///< "entra_user is partial (throttled): page 3"
};

/// Applies the datasets' conditions to a check before it runs. [any thread]
Standing Stand(const CheckSpec& check, const Conditions& conditions);

/// A result without subjects: not assessed, with `reason` and `detail`. [any thread]
CheckResult NotAssessed(const CheckSpec& check, Reason reason, std::string detail);

/// Counts verdicts subject by subject and concludes. [one thread]
class RollUp {
 public:
  RollUp(const CheckSpec& check, const Standing& standing);
  /// What a verdict from SQL becomes on this data: itself, or not_assessed with the dataset's
  /// reason.
  void Adjust(Observation& observation) const;
  /// Counts one adjusted observation.
  void Count(const Observation& observation);
  /// any fail > not_assessed or incomplete > manual > none but not_applicable > pass.
  CheckResult Conclude() const;

 private:
  const Standing& standing_;
  CheckResult result_;
  Reason first_reason_ = Reason::kNone;  ///< of the first subject that was not assessed
};

}  // namespace assay::worker
