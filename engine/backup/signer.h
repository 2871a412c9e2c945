// Which key and name sign the checkpoints of a stored ledger, and what a note says under them.
#pragma once

#include "ledger/store.h"
#include "proof/note.h"

namespace assay::backup {

/// The ledger's key at its head, under the name of its epoch. kCorrupt, kNotFound.
Result<proof::Verifier> CurrentSigner(ledger::LedgerStore& store);
/// Origin of epoch 1. kCorrupt, kNotFound.
Result<std::string> OriginOf(ledger::LedgerStore& store);
/// Opens a checkpoint of any epoch of the ledger with this origin. kInvalidInput when it is of
/// another ledger, kCorrupt for a wrong signature. Untrusted.
Result<proof::Checkpoint> OpenNoteOfAnyEpoch(const std::string& note, const std::string& origin,
                                             const proof::PublicKey& key);

}  // namespace assay::backup
