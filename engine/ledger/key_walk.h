// The keys and epochs of a stored ledger, read at open from its landmarks.
#pragma once

#include "ledger/line.h"
#include "ledger/store.h"
#include "proof/key_history.h"

namespace assay::ledger {

/// What the key. and epoch. entries of a ledger say.
struct KeyWalk {
  proof::KeyHistory history;
  std::string seal, master;  ///< `which` of the newest key.rewrapped of each purpose; empty: none
};

/// Follows the key.created, key.rotated, epoch.started and key.rewrapped entries that the landmark
/// table names; no other line is read. Checked: that each is a leaf of the tree under `head`, of
/// the kind and index that the table says, and that it follows from the one before
/// (proof::KeyHistory). Not checked here: that the table names all of them, which full verification
/// does. A rotation that is left out shows all the same, because newer heads are not signed by the
/// older key; an epoch that is left out, because the head row then has another number.
/// kCorrupt for all of these; an empty history below two entries. Landmarks from `to` on are not
/// looked at: for an older head than that of the ledger.
Result<KeyWalk> WalkKeys(LedgerStore& store, const StoredHead& head, uint64_t to = kEveryIndex);
/// The line of a landmark. kCorrupt unless it is the leaf of the tree under `head` at that index,
/// and of that kind.
Result<LineFacts> ReadLandmarkLine(LedgerStore& store, const StoredHead& head,
                                   const Landmark& landmark);
/// Takes the members of one line into a walk. kCorrupt when it does not follow.
Status TakeKeyLine(uint64_t index, const proof::JsonObject& members, KeyWalk& walk);

}  // namespace assay::ledger
