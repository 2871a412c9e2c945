// Which keys sign the checkpoints of a stored ledger, and what a note from outside says under them.
#pragma once

#include <vector>

#include "ledger/store.h"
#include "proof/key_history.h"

namespace assay::backup {

/// Keys, names and epochs of a stored ledger. kCorrupt; kNotFound below two entries.
Result<proof::KeyHistory> HistoryOf(ledger::LedgerStore& store);
/// Opens a checkpoint of any epoch of the ledger with this origin, signed by any of the keys.
/// kInvalidInput when it is of another ledger or no note, kCorrupt when none of the keys signed it.
/// Untrusted.
Result<proof::Checkpoint> OpenNoteOfAnyEpoch(const std::string& note, const std::string& origin,
                                             const std::vector<proof::PublicKey>& keys);

}  // namespace assay::backup
