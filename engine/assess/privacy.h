// Erasing on request: one record, one person, one tenant; legal holds. Each leaves entries and
// gives a receipt.
#pragma once

#include <string>
#include <vector>

#include "assess/receipt.h"
#include "assess/subject_search.h"
#include "config/config.h"
#include "ledger/absent.h"

namespace assay::assess {

/// Who asked for an erasure, and why. The actor is an account, never a name.
struct ErasureRequest {
  std::string reason;  ///< privacy, mistake, contract, court
  std::string ticket;  ///< may be personal: stands in a body and in the receipt, never in a line
  std::string actor;
};

/// Erases what `found` lists and writes `erasure.subject`; then searches again. kCorrupt when
/// something is still found. Codes of Ledger::Erase.
Result<Receipt> EraseSubject(ledger::Ledger& ledger, const SubjectMatcher& matcher,
                             const SubjectFind& found, const ErasureRequest& request);
/// Erases one segment of the body of one entry. kNotFound when the entry has no body.
Result<Receipt> EraseRecord(ledger::Ledger& ledger, LeafIndex entry, uint64_t segment,
                            const ErasureRequest& request);
/// Destroys the tenant's keys and bodies.
Result<Receipt> EraseTenant(ledger::Ledger& ledger, const ErasureRequest& request);

/// Holds every body that an entry of [first, last] refers to. kAlreadyExists, kInvalidInput.
Result<LeafIndex> PlaceHold(ledger::Ledger& ledger, const std::string& id, LeafIndex first,
                            std::optional<LeafIndex> last, const ErasureRequest& why);
/// kNotFound when no such hold is in force.
Result<LeafIndex> ReleaseHold(ledger::Ledger& ledger, const std::string& id,
                              const ErasureRequest& why);

/// What `[retention]` says as rules; forever is none.
std::vector<ledger::RetentionRule> RetentionRules(const config::Config& config);

}  // namespace assay::assess
