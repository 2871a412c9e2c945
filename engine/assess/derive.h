// What follows from a set of pages, a set of plugins and a configuration: rows, check results,
// control results, each as an entry. A run and its replay are this one thing; where the pages come
// from and what becomes of the entries is behind DerivePorts.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "assess/collector_session.h"
#include "assess/dataset_board.h"
#include "assess/evaluator_session.h"
#include "assess/excepting.h"
#include "assess/findings.h"
#include "assess/observation_writer.h"
#include "assess/run.h"

namespace assay::assess {

/// All that a run knows before its first read, beside its plan.
struct RunStart {
  std::string run;              ///< "R-12"
  Timestamp at{};               ///< the clock of plugins and of SQL's 'now'
  std::set<std::string> roles;  ///< Graph permissions that the token holds
  bool arm_token = true;        ///< a token for Azure Resource Manager was issued
  ledger::Keep keep = ledger::Keep::kFull;
  std::string app_id{};     ///< of the identity, as its token says; empty when it does not
  Statements statements{};  ///< exceptions and attestations as they stood before the run
};

/// Where a run and a replay differ.
class DerivePorts {
 public:
  virtual ~DerivePorts() = default;
  /// Where every entry goes. [any thread]
  virtual ledger::EntrySink& sink() = 0;
  /// The pages of one collector.
  virtual std::unique_ptr<Pages> PagesOf(const LoadedPlugin& plugin) = 0;
  /// Called once for each dataset after its entry: the standing that checks get to see.
  virtual void Settle(const DatasetBoard::Named& /*dataset*/, DatasetStanding& /*standing*/) {}
  /// Called once before frameworks get to see the results.
  virtual void Settle(std::vector<CheckResult>& /*results*/) {}
  /// False: this derivation says nothing of the check, and Recall gives what is known of it.
  virtual bool WasDecided(const std::string& /*check*/) { return true; }
  virtual void Recall(const std::string& /*check*/,
                      const std::function<void(const Observation&)>& /*visit*/) {}
};

/// The steps between consent and commit, in order. Every step leaves the ledger whole.
class Derivation {
 public:
  /// All arguments outlive it.
  Derivation(const RunPlan& plan, const RunStart& start, DerivePorts& ports,
             FindingRegister& findings, RunReport& report)
      : plan_(plan),
        start_(start),
        ports_(ports),
        findings_(findings),
        report_(report),
        excepting_(start.statements, start.at) {}

  /// Starts the evaluator, runs every collector, records datasets and faults. kUnavailable when no
  /// service gave any answer.
  Status Collect();
  /// Decides checks, then controls.
  Status Judge();
  /// True after an entry could not be recorded: nothing more can be.
  bool sink_failed() const { return sink_failed_; }
  /// Empty when the evaluator never started.
  std::string sqlite_version() const { return evaluator_ ? evaluator_->sqlite_version() : ""; }
  /// What the results say of exceptions; empty before Judge.
  const Excepting& excepting() const { return excepting_; }

 private:
  Status StartEvaluator();
  std::vector<CollectorReport> RunCollectors();
  Status TakeReports(const std::vector<CollectorReport>& reports);
  void WarnOfMarks(const std::vector<CollectorReport>& reports);
  Status RecordFaults(const std::vector<CollectorReport>& reports);
  Status RecordDenials(const CollectorReport& report);
  Status RecordDatasets(const std::vector<CollectorReport>& reports);
  Status RecordDataset(const DatasetBoard::Named& dataset, const DatasetStanding& standing,
                       ledger::BodyRef body);
  Status Unreachable(const std::vector<CollectorReport>& reports) const;
  Status Evaluate();
  Status NotDecided(ObservationWriter& writer, const std::string& why);
  Status MapControls();
  Status RecordControls(const FrameworkSpec& framework, std::vector<ControlResult> results);
  Status Append(ledger::EntryDraft draft);
  ledger::EntryDraft Draft(std::string kind) const;

  const RunPlan& plan_;
  const RunStart& start_;
  DerivePorts& ports_;
  FindingRegister& findings_;
  RunReport& report_;
  Excepting excepting_;
  bool sink_failed_ = false;
  DatasetBoard board_;
  std::map<std::string, std::map<std::string, uint32_t>> numbers_;  ///< plugin -> dataset -> number
  std::map<uint32_t, DatasetStanding> standings_;
  std::unique_ptr<EvaluatorSession> evaluator_;
  std::map<uint32_t, ipc::Kept> kept_;  ///< rows in the evaluator, by the dataset's number
  std::map<uint32_t, LeafIndex> pages_;
};

/// Bodies put at the same time share one sync of the disk: one for each of some hundred sentences
/// took longer than deciding them. `segments` gives those of body `i`; called from several threads.
Result<std::vector<ledger::BodyRef>> PutTogether(
    ledger::EntrySink& sink, size_t bodies,
    const std::function<Result<std::vector<std::string>>(size_t i)>& segments);

}  // namespace assay::assess
