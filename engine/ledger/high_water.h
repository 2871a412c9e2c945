// Comparison of the database with checkpoints.log at open (ledger.md section 5), and the way back
// to one history after a loss was accepted.
#pragma once

#include "ledger/checkpoint_log.h"
#include "ledger/store.h"
#include "proof/key_history.h"

namespace assay::ledger {

/// A head that someone signed, as its note says it.
struct KnownHead {
  proof::Checkpoint checkpoint;
  std::string note;
};

/// The newest signed head of the log against the stored tree; changes nothing and may run beside a
/// writer. kCorrupt: AS-LED-003 "TRUNCATED" when it is beyond the database, AS-LED-004 "FORKED"
/// when it is of another history.
Status CheckMark(LedgerStore& store, const CheckpointLog& log, const proof::KeyHistory& keys);

/// What the one writer does at open: CheckMark, and that the log ends with the newest stored
/// checkpoint, which is on the disk then. Completes a log whose last note was cut or torn by a
/// crash, and one whose epoch was started but whose lost notes were not yet taken out (epoch.h).
Status CompareWithLog(LedgerStore& store, CheckpointLog& log, const proof::KeyHistory& keys);

/// Makes the log exactly the stored checkpoints, by rename.
Status RewriteLog(LedgerStore& store, CheckpointLog& log);

/// Notes of the log and of `others` that are signed heads of this origin and not contained in the
/// stored tree, by size. kCorrupt for one that no known key has signed, kInvalidInput for one that
/// is no checkpoint. `also` are keys that may have come into force in the lost part.
Result<std::vector<KnownHead>> FindLost(LedgerStore& store, const CheckpointLog& log,
                                        const proof::KeyHistory& keys,
                                        const std::vector<proof::PublicKey>& also,
                                        const std::vector<std::string>& others);

}  // namespace assay::ledger
