// Comparison of the database with checkpoints.log at open (ledger.md section 5).
#pragma once

#include "ledger/checkpoint_log.h"
#include "ledger/store.h"
#include "proof/note.h"

namespace assay::ledger {

/// kCorrupt "TRUNCATED" when the log has a signed head beyond the database, "FORKED" when it has
/// one of another history. Completes a log whose last note was cut by a crash.
Status CompareWithLog(LedgerStore& store, CheckpointLog& log, const proof::Verifier& verifier);

}  // namespace assay::ledger
