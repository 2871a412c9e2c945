// Turns what the broker read into `read` entries: request line and answer as one body, the marks of
// the worker as its records. docs/formats/evidence-body.md.
#pragma once

#include <string>
#include <vector>

#include "broker/broker.h"
#include "ledger/ledger.h"

namespace assay::assess {

/// Under this name stand the reads that the consent guard makes for itself; no plugin can have it.
inline constexpr std::string_view kGuardPlugin = "consent.guard";

/// A page as handed to a worker, waiting for its marks.
struct JournalPage {
  std::string plugin;
  uint32_t page = 0;   ///< number within the run
  uint32_t index = 0;  ///< within its ticket
  uint64_t ticket = 0;
  broker::ReadResult result;
  std::vector<ledger::RecordRange> marks;  ///< untrusted; within result.body
};

/// The request as the first line of a read's body: {"body":...,"detail":...,"method":...,"url":...}
/// and a newline; `detail` is what the plugin was told of an answer that is not whole. It may hold
/// personal identifiers, so it is sealed and erasable with the answer.
std::string RequestLine(const broker::ReadResult& result);
/// The word of an ASSAY_PAGE_* in entries, and back; ASSAY_PAGE_UNAVAILABLE for an unknown word.
std::string_view OutcomeName(uint32_t outcome);
uint32_t ParseOutcome(std::string_view word);

/// True when the marks are in order, within the body, apart, and few enough (evidence-body.md); no
/// marks hold. [any thread]
bool MarksHold(const JournalPage& page, uint32_t max_records);

/// Where pages go once their marks are known. [any thread]
class PageStore {
 public:
  virtual ~PageStore() = default;
  /// As CommitPage.
  virtual Result<ledger::PendingEntry> Commit(const std::string& run, const JournalPage& page,
                                              uint32_t max_records, ledger::Keep keep) = 0;
};

/// Commits one page: body first, then the entry. What it gives is ready when the entry is durable.
/// `keep` says how much of the body stays. Marks that do not hold make the whole answer one record,
/// and the entry says so. [any thread]
Result<ledger::PendingEntry> CommitPage(ledger::EntrySink& ledger, const std::string& run,
                                        const JournalPage& page, uint32_t max_records,
                                        ledger::Keep keep = ledger::Keep::kFull);

/// Pages of a run become entries of its ledger.
class LedgerPages : public PageStore {
 public:
  explicit LedgerPages(ledger::EntrySink& ledger) : ledger_(ledger) {}
  Result<ledger::PendingEntry> Commit(const std::string& run, const JournalPage& page,
                                      uint32_t max_records, ledger::Keep keep) override {
    return CommitPage(ledger_, run, page, max_records, keep);
  }

 private:
  ledger::EntrySink& ledger_;
};

}  // namespace assay::assess
