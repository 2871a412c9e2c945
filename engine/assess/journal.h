// Turns what the broker read into `read` entries: request line and answer as one body, the marks of
// the worker as its records. docs/formats/evidence-body.md.
#pragma once

#include <future>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "ledger/ledger.h"

namespace assay::assess {

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

/// Commits one page: body first, then the entry. The future is ready when the entry is durable.
/// `keep` says how much of the body stays. Marks that do not hold make the whole answer one record,
/// and the entry says so. [any thread]
Result<std::future<Result<ledger::Appended>>> CommitPage(ledger::EntrySink& ledger,
                                                         const std::string& run,
                                                         const JournalPage& page,
                                                         uint32_t max_records,
                                                         ledger::Keep keep = ledger::Keep::kFull);

}  // namespace assay::assess
