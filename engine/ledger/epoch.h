// Going on after a loss: a ledger that is behind a signed head that someone knows, or forked from
// it, continues only as a new epoch whose first entry says what is missing (docs/formats/entry.md).
#pragma once

#include "ledger/ledger.h"

namespace assay::ledger {

struct EpochRequest {
  /// "accepted_loss": this ledger's own checkpoints.log knows heads that it does not contain.
  /// "restored": an older state was put in place; `known_notes` are what witnesses kept.
  std::string reason = "accepted_loss";
  /// Signed checkpoints of this ledger, from anywhere. Those that it contains lose nothing.
  std::vector<std::string> known_notes{};
  /// Start the epoch although no head is known that this ledger does not contain: a restored copy
  /// may have gone on unseen. known_size and known_root are then those of its own head.
  bool always = false;
  /// Look only: nothing is written.
  bool dry_run = false;
  std::string actor = "engine";
};

/// What is lost, and where the ledger goes on.
struct EpochOutcome {
  bool started = false;     ///< false: dry run, or nothing is lost
  uint32_t epoch = 1;       ///< of the next entries
  std::string name;         ///< origin and key name of that epoch
  uint64_t size = 0;        ///< entries that are kept
  uint64_t known_size = 0;  ///< of the newest head that is known; 0 when none is
  Digest known_root{};
  uint64_t lost = 0;  ///< entries: known_size less size, at least 0
  size_t notes = 0;   ///< checkpoints of the lost part
};

/// Appends epoch.started, takes the lost checkpoints out of checkpoints.log into its body and signs
/// the first head of the epoch. Cut short at any point it is finished by the next Ledger::Open, or
/// was not begun. When every known head is contained no epoch starts: a head that only the log has
/// goes back into the database, and a log that is old, cut or gone is made of the stored heads.
/// kUnavailable (busy), kCorrupt (the stored tree itself does not hold; a note that no known key
/// signed), kInvalidInput (a note of another ledger; the key in force is not at hand).
Result<EpochOutcome> StartEpoch(const OpenOptions& options, const EpochRequest& request);

}  // namespace assay::ledger
