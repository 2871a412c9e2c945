// One finding over all runs, folded from entries: when it was opened, what each run observed, who
// was to look after it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assess/observations.h"
#include "assess/runs.h"
#include "model/delta.h"

namespace assay::assess {

/// What a number stands for, by its `finding.opened` entry.
struct OpenedFinding {
  uint64_t number = 0;
  std::string check, subject;
  LeafIndex entry{};
  std::string run, time;
  std::string absent;  ///< why check and subject are not known any more; they are empty then
};
/// Nothing when no finding of that number was opened within the first `size` entries. kCorrupt.
Result<std::optional<OpenedFinding>> FindOpened(ledger::Ledger& ledger, TreeSize size,
                                                uint64_t number);

/// What one run says of the finding.
struct TrailPoint {
  std::string run, time;
  std::string word;  ///< a verdict, or "absent", "no_check", "not_asked"
  Standing standing;
  uint32_t check_version = 0;
  std::string detail, label;
  std::optional<LeafIndex> entry;               ///< of the check, when the run has it
  std::vector<std::vector<int64_t>> records{};  ///< {leaf index, record} or {leaf index}
};
/// One point for each run that ended or stopped, oldest first. kCorrupt, kIo.
Result<std::vector<TrailPoint>> ReadTrail(ledger::Ledger& ledger, const std::vector<RunRow>& runs,
                                          const OpenedFinding& finding);
/// Where the failing that goes on to the newest point began; nothing when that does not fail. Runs
/// that said nothing of it neither begin nor end it.
const TrailPoint* FailingSince(const std::vector<TrailPoint>& trail);

/// A `finding.assigned` entry. An empty owner takes the one before back.
struct Assignment {
  uint64_t finding = 0;
  std::string owner, note, by;
  std::string time;
  LeafIndex entry{};
  std::string absent;  ///< why owner and note are not known any more
};
/// All of the first `size` entries, oldest first; those of one finding when `number` is not 0.
Result<std::vector<Assignment>> ReadAssignments(ledger::Ledger& ledger, TreeSize size,
                                                uint64_t number = 0);
/// Appends the entry and signs the head. `assignment.by` is an account, never a name.
Result<LeafIndex> Assign(ledger::Ledger& ledger, const Assignment& assignment);

}  // namespace assay::assess
