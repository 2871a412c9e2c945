// The runs of a ledger, at any moment of it: which there were, and what each said of its checks.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assess/history.h"
#include "base/result.h"
#include "base/time.h"
#include "ledger/ledger.h"

namespace assay::assess {

/// How many entries the ledger had at `when`, those of that very millisecond included. Times never
/// go back from entry to entry, so this is a search by halves. kCorrupt, kIo.
Result<TreeSize> SizeAt(ledger::Ledger& ledger, Timestamp when);

/// One run by its first and last entries.
struct RunRow {
  std::string run;      ///< "R-12"
  std::string outcome;  ///< that of run.finished; "interrupted"; "unfinished" when it may go on
  std::string started, finished, tier;
  LeafIndex first{}, last{};                   ///< last: newest entry of the run that is known
  std::map<std::string, int64_t> counts;       ///< checks by verdict
  std::map<std::string, std::string> plugins;  ///< id -> base64 digest
  std::optional<LeafIndex> files;              ///< the newest plugin.file then
  int64_t reads = 0, new_findings = 0, checks = 0;
  bool only = false;  ///< --only: checks that it does not have were not asked for

  /// It came to its end: what it does not say is not so for lack of time.
  bool ended() const { return outcome == "complete" || outcome == "incomplete"; }
};

/// Every run that began within the first `size` entries, oldest first. Looks at every line once.
/// kCorrupt, kIo.
Result<std::vector<RunRow>> ReadRuns(ledger::Ledger& ledger, TreeSize size);
/// The newest that ended; nothing when there is none.
const RunRow* NewestEnded(const std::vector<RunRow>& runs);
/// What a run is compared with: the newest before it that ended and was asked for everything, else
/// the newest before it that ended; nothing when there is none.
const RunRow* BaseOf(const std::vector<RunRow>& runs, const RunRow& run);
/// "R-12", or "12". Null when there is none.
const RunRow* FindRun(const std::vector<RunRow>& runs, std::string_view name);

/// Everything of one run, texts included. kCorrupt, kIo.
Result<RunView> ReadRun(ledger::Ledger& ledger, const RunRow& run);

/// What a run decided, without any body: by id of the check, "framework:control" to its state.
struct RunDecisions {
  std::map<std::string, CheckView> checks;
  std::map<std::string, ControlState> controls;
};
/// kCorrupt also when a check or a control stands twice: the message names both entries.
Result<RunDecisions> ReadDecisions(ledger::Ledger& ledger, const RunRow& run);

}  // namespace assay::assess
