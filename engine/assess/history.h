// What the ledger says of earlier runs: for numbering the next one, and for showing the last.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "assess/line.h"
#include "base/result.h"
#include "ledger/ledger.h"
#include "model/check.h"
#include "model/framework.h"

namespace assay::assess {

struct History {
  uint64_t size = 0;
  uint64_t last_run_number = 0;  ///< 0: no run yet
  std::string unfinished_run;    ///< "R-12" when the last run neither finished nor was marked
  std::optional<LeafIndex> last_finding_entry;
  std::optional<LeafIndex> last_file_entry;  ///< the newest `plugin.file`
  /// The newest entry about an exception or attestation (statement_chain.h).
  std::optional<LeafIndex> last_statement_entry;
};

/// Walks back from the head to what the last run says of earlier ones: cost is that of one run.
/// kCorrupt, kIo.
Result<History> ReadHistory(ledger::Ledger& ledger);
/// The same as it was when the ledger had `size` entries.
Result<History> ReadHistory(ledger::Ledger& ledger, TreeSize size);

/// One check of a run as its entries say.
struct CheckView {
  CheckResult result;
  LeafIndex entry{};
  std::vector<LeafIndex> bodies;  ///< entries with observations: parts first, then the check's own
};

struct ControlView {
  ControlResult result;
  LeafIndex entry{};
  std::vector<uint64_t> exceptions, attestations;  ///< numbers of those its state rests on
};

struct DatasetView {
  std::string dataset, completeness, reason, detail;
  int64_t rows = 0;
};

/// A plugin that failed, by its entry.
struct FaultView {
  std::string plugin, fate, detail;
};

/// A run as the ledger holds it.
struct RunView {
  std::string run, outcome, started, finished, tier;
  LeafIndex first{}, last{};
  std::vector<CheckView> checks;
  std::vector<ControlView> controls;
  std::vector<DatasetView> datasets;
  std::vector<FaultView> faults;
  std::vector<std::string> notes;
  int64_t reads = 0, new_findings = 0;
};

/// The result that a `check` entry holds, why it was not assessed included. kCorrupt, kIo.
Result<CheckResult> ReadCheckResult(ledger::Ledger& ledger, LeafIndex entry);

/// The result in a line of kind `check`, without why it was not assessed: that is in its body.
CheckResult CheckFrom(const Line& line);

/// The run of that name, from the entries of a range. kCorrupt, kIo.
Result<RunView> ReadRun(ledger::Ledger& ledger, const std::string& run, LeafIndex first,
                        LeafIndex last);
/// The newest run that reached `run.finished`; nothing when there is none. kCorrupt, kIo.
Result<std::optional<RunView>> ReadLastRun(ledger::Ledger& ledger);
/// The same as it was when the ledger had `size` entries.
Result<std::optional<RunView>> ReadLastRun(ledger::Ledger& ledger, TreeSize size);

/// An observation as committed, with the finding's number (0: none) and the entries it rests on.
struct ObservationView {
  Observation observation;
  uint64_t finding = 0;
  std::vector<std::vector<int64_t>> records;  ///< {leaf index, record} or {leaf index}
  std::string absent;  ///< why the observation cannot be shown ("erased (privacy, 2026-11-21)");
                       ///< nothing else is set then
};

/// One segment of a body of a check.
Result<ObservationView> DecodeObservation(std::string_view segment);

/// Opens the bodies of one check and visits its observations until `visit` returns false. One that
/// is absent and explained is visited with `absent` set. kCorrupt when it is absent without reason.
Status ReadObservations(ledger::Ledger& ledger, const CheckView& check,
                        const std::function<bool(ObservationView)>& visit);

}  // namespace assay::assess
