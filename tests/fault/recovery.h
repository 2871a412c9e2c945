// The single things that must be true of a ledger after a crash. Each gives what is wrong, empty
// when nothing is.
#pragma once

#include "fault/workload.h"

namespace assay::fault {

/// Full verification finds nothing; `when` begins the sentence.
std::string Verified(ledger::Ledger& ledger, const char* when);
/// What was acknowledged up to operation `at` is there, as it was. `leaves`: of the ledger.
std::string CheckEntries(const Story& story, uint64_t at, const std::vector<Digest>& leaves);
std::string CheckBodies(ledger::Ledger& ledger, const Story& story, uint64_t at);
/// Signed heads are in checkpoints.log, and the ledger is not behind them.
std::string CheckNotes(const Home& home, ledger::Ledger& ledger, const Story& story, uint64_t at);
/// A body, an entry and a checkpoint more, then verification.
std::string CheckGoingOn(ledger::Ledger& ledger);

}  // namespace assay::fault
