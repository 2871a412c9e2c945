// The keys and epochs of a stored ledger, read at open from its landmarks.
#pragma once

#include "ledger/store.h"
#include "proof/key_history.h"

namespace assay::ledger {

/// Follows the key.created, key.rotated and epoch.started entries that the landmark table names; no
/// other line is read. Checked: that each is a leaf of the tree under `head`, of the kind and index
/// that the table says, and that it follows from the one before (proof::KeyHistory). Not checked
/// here: that the table names all of them, which full verification does. A rotation that is left
/// out shows all the same, because newer heads are not signed by the older key; an epoch that is
/// left out, because the head row and the last line then have another number.
/// kCorrupt for all of these; an empty history below two entries.
Result<proof::KeyHistory> ReadKeyHistory(LedgerStore& store, const StoredHead& head);

/// `which` of the newest key.rewrapped of this purpose; empty when there is none. kCorrupt as
/// above.
Result<std::string> ReadRewrap(LedgerStore& store, std::string_view purpose);

}  // namespace assay::ledger
