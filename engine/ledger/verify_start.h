// Where a verification begins: before the first entry, or at a signed head that was verified
// earlier and kept outside of the ledger.
#pragma once

#include "ledger/absent.h"
#include "ledger/key_walk.h"
#include "ledger/store.h"
#include "proof/note.h"
#include "proof/tree.h"

namespace assay::ledger {

/// What the entries before the starting point leave for those after it.
struct VerifyStart {
  proof::Frontier frontier;  ///< its size is the number of entries that are not read again
  proof::TileBuilder tiles;
  Digest last_hash{};     ///< SHA-256 of the line before; zeros at the first entry
  Timestamp last_time{};  ///< of that line
  uint32_t epoch = 1;
  KeyWalk walk;
  AbsenceBook book;  ///< erasures, expiries and holds that the landmark table names

  uint64_t size() const { return frontier.size(); }
};

/// The checkpoint in a note of this ledger; its signature is not looked at. kInvalidInput when it
/// is no checkpoint, or one of another origin.
Result<proof::Checkpoint> ReadStart(std::string_view note, std::string_view origin);

/// Regrows the tree under `checkpoint` from stored tiles and at most 256 lines, and everything else
/// from what is bound to its root: nothing that is stored can move the starting point. Not checked:
/// that the landmark table names everything before it. kCorrupt with TRUNCATED when the ledger is
/// shorter, or when the stored tree has another root; kIo.
Result<VerifyStart> LoadStart(LedgerStore& store, const proof::Checkpoint& checkpoint);

}  // namespace assay::ledger
