// Making a backup while others append (docs/formats/backup.md).
#pragma once

#include <chrono>
#include <filesystem>

#include "backup/manifest.h"
#include "ledger/ledger.h"

namespace assay::backup {

/// A ledger as the configuration describes it.
struct Source {
  std::string name;            ///< of the tenant: folder and command line
  ledger::OpenOptions ledger;  ///< directory, tenant, origin, key files, clock
};

struct Made {
  std::filesystem::path path;
  Manifest manifest;
  uint64_t linked = 0;  ///< files that are hard links to those of the backup before
  std::chrono::milliseconds took{0};
};

/// Copies the ledger and its wrapped keys to `target`. Readers only: a run may append meanwhile.
/// A process that is killed leaves nothing that is listed. kNotFound (no ledger, no key file),
/// kDenied, kCorrupt (the ledger is not what its head, notes or checkpoints.log say), kUnavailable
/// (an erasure is under way), kIo.
Result<Made> CreateBackup(const Source& source, const std::filesystem::path& target);

}  // namespace assay::backup
