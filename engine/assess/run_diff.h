// What changed between two runs of a ledger: every pair of check and subject that either of them
// knows, in exactly one of nine buckets (model/delta.h), and the states of controls.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assess/observations.h"
#include "assess/runs.h"
#include "model/delta.h"

namespace assay::assess {

/// One check that either run has.
struct CheckPair {
  std::string check;
  const CheckView* before = nullptr;  ///< null: the earlier run did not have it
  const CheckView* now = nullptr;
  std::string changed;     ///< how its question differs; empty when it is the same
  bool not_asked = false;  ///< the later run was not asked, or did not come so far
};

/// One pair. Views are null where a run has no observation of it, and live during the visit.
struct DiffRow {
  const CheckPair* check = nullptr;
  const ObservationView* before = nullptr;
  const ObservationView* now = nullptr;
  /// What the runs say of it: of a subject that is not listed, what the check says as a whole.
  Standing was, is;
  std::string was_word,
      is_word;  ///< "fail", "not_assessed", "absent", "not_asked", "no_check", ...
  Delta delta = Delta::kUnchanged;

  uint64_t finding() const {
    return now != nullptr && now->finding != 0 ? now->finding : before ? before->finding : 0;
  }
  /// The observation that tells what the pair is about; null for a check without subjects.
  const ObservationView* shown() const { return now != nullptr ? now : before; }
};

/// A control whose state is another one. No state: the run did not map it.
struct ControlChange {
  std::string control;  ///< "iso27001-2022:A.8.5"
  std::optional<ControlState> before, now;
};

/// Two runs, read without their observations.
struct RunDiff {
  std::optional<RunRow> before;  ///< none: there is nothing to compare with
  RunRow now;
  RunDecisions decided_before, decided_now;
  std::vector<CheckPair> checks;  ///< by id; points into the two above
  std::vector<ControlChange> controls;
  std::map<std::string, uint64_t> controls_unchanged;  ///< by framework
  std::vector<std::string> notes;

  RunDiff() = default;
  RunDiff(const RunDiff&) = delete;
  RunDiff& operator=(const RunDiff&) = delete;
  RunDiff(RunDiff&&) = default;
  RunDiff& operator=(RunDiff&&) = default;
};

/// Reads what both decided, and which questions changed. kCorrupt, kIo.
Result<RunDiff> CompareRuns(ledger::Ledger& ledger, const RunRow* before, const RunRow& now);

struct PairVisitor {
  std::function<void(const DiffRow&)> pair;
  /// Once for each check of the later run: observations that cannot be shown, by why.
  std::function<void(const CheckPair&, const std::map<std::string, uint64_t>& absent)> absent;
};

/// Visits every pair, by check and subject, two bodies in memory at a time. `wanted` may be null:
/// then every check. kCorrupt when a run has one pair twice: the message names both places.
Status VisitPairs(ledger::Ledger& ledger, const RunDiff& diff,
                  const std::function<bool(const CheckPair&)>& wanted, const PairVisitor& visitor);

}  // namespace assay::assess
