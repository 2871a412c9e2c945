// Commits what the evaluator concluded: one `check` entry a check, its observations in the body,
// one segment a subject; `check.part` entries before it when there are many.
// docs/formats/evidence-body.md.
#pragma once

#include <future>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assess/findings.h"
#include "base/result.h"
#include "ledger/ledger.h"
#include "model/check.h"

namespace assay::assess {

class ObservationWriter {
 public:
  ObservationWriter(ledger::EntrySink& ledger, std::string run, std::string actor,
                    const std::map<uint32_t, LeafIndex>& pages, FindingRegister& findings)
      : ledger_(ledger),
        run_(std::move(run)),
        actor_(std::move(actor)),
        pages_(pages),
        findings_(findings) {}

  /// Takes a batch of one check; batches of one check come together and in order of subject.
  Status Add(const std::string& check, std::vector<Observation> batch);
  /// Writes the check's entry and forgets its observations.
  Status Conclude(const CheckResult& result);
  /// Set when the ledger stopped: the run must stop.
  const std::optional<Error>& ledger_failure() const { return ledger_failure_; }

 private:
  void AddSegment(const std::string& check, const Observation& observation);
  void AppendRecords(std::string& out, const std::vector<RecordRef>& records);
  struct Storing {
    ledger::EntryDraft draft;
    std::future<Result<ledger::BodyRef>> body;  ///< not valid: the entry has none
  };

  Status Failed(Error error);
  /// Takes the segments: the entry follows with FinishStoring, which the next call begins with.
  Status Store(ledger::EntryDraft draft, std::launch when);
  Status FinishStoring();
  Status FlushPart(const std::string& check);

  ledger::EntrySink& ledger_;
  std::string run_, actor_;
  const std::map<uint32_t, LeafIndex>& pages_;
  FindingRegister& findings_;
  std::vector<std::string> segments_;  ///< gathered, the first count_; the others keep memory
  size_t count_ = 0;
  std::vector<std::string> stored_;  ///< of storing_
  uint64_t parts_ = 0;
  std::optional<Storing> storing_;
  std::optional<Error> ledger_failure_;
};

}  // namespace assay::assess
