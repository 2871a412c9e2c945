// Rebuilding a ledger from a backup (docs/formats/backup.md): verified in full, compared with what
// is known outside, and never silently older than that.
#pragma once

#include <chrono>
#include <functional>

#include "backup/create.h"
#include "backup/known.h"

namespace assay::backup {

/// What the restored ledger does not have.
struct Loss {
  uint64_t size = 0;  ///< entries that are restored
  KnownHead known;    ///< the newest head that is known
  uint64_t Entries() const { return known.size - size; }
};

struct RestoreRequest {
  explicit RestoreRequest(Source ledger) : in_place(std::move(ledger)) {}
  std::filesystem::path backup;
  std::filesystem::path to;         ///< folder of the ledger: absent, empty, or with the ledger key
  std::optional<uint64_t> to_size;  ///< entries; all when not given
  std::vector<std::filesystem::path> known;  ///< files with checkpoints that were kept outside
  Source in_place;                           ///< as configured; there may be no ledger any more
  /// Asked when entries are missing: true to go on as a new epoch. Without it: never.
  std::function<bool(const Loss&)> accept_loss;
  bool scratch = false;  ///< a drill: rebuild and verify in `to`, compare nothing, leave nothing
};

struct Restored {
  Manifest manifest;
  ledger::Head head;            ///< as rebuilt from the backup, before a new epoch
  ledger::VerifyReport report;  ///< of what was handed over
  std::optional<Loss> loss;
  uint64_t replayed = 0;  ///< erasure and retention entries that were done again
  Timestamp newest{};     ///< time of the last entry of `head`
  std::chrono::milliseconds took{0};
};

/// A process that is killed leaves no ledger at `to`. kDenied (AS-BAK-001: a key is missing or is
/// another one; AS-BAK-002: entries are missing and that was not accepted), kCorrupt (the backup
/// does not verify, FORKED), kAlreadyExists, kNotFound, kInvalidInput (size, note of another
/// ledger), kIo.
Result<Restored> Restore(const RestoreRequest& request);

}  // namespace assay::backup
