// What the broker asked, as `access.log` entries: one segment of a body for each request, so that a
// person's URL can be erased alone. docs/formats/entry.md.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "ledger/ledger.h"

namespace assay::assess {

/// Collects requests and commits them some hundred at a time. [any thread]
class AccessJournal {
 public:
  /// `sink` outlives it. `run` is empty for requests outside of runs.
  AccessJournal(ledger::EntrySink& sink, std::string run, std::string actor)
      : sink_(sink), run_(std::move(run)), actor_(std::move(actor)) {}

  /// Takes one request. Commits when enough have come; what fails then, Flush says.
  void Add(const broker::AccessRecord& record);
  /// Commits what has come since and waits until all is durable: the first failure of the sink.
  Status Flush();

 private:
  void Commit(std::vector<std::string> lines);

  ledger::EntrySink& sink_;
  const std::string run_, actor_;
  std::mutex mutex_;
  std::vector<std::string> lines_;  ///< not committed yet
  ledger::PendingEntry pending_;    ///< the newest
  std::optional<Error> failure_;
};

/// One request as it stands in a segment: a canonical JSON object.
std::string AccessLine(const broker::AccessRecord& record);

}  // namespace assay::assess
