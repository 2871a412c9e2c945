// Copies of a ledger's SQLite files while others write them. Readers only: the one connection that
// writes and copies logs back stays the only one (ledger.md section 1).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace assay::ledger {

/// One consistent state of `from` as a new file (0600, synced, no write-ahead log beside it).
/// kNotFound, kAlreadyExists, kCorrupt, kIo. [any thread]
Status CopyDatabase(const std::filesystem::path& from, const std::filesystem::path& to);
/// Puts a copy back into the form of a live file (write-ahead log), synced.
Status MakeLive(const std::filesystem::path& path);
/// Names of the evidence files of a ledger, oldest month first, without one that a kill left half
/// made: it holds nothing. kIo.
Result<std::vector<std::string>> EvidenceFiles(const std::filesystem::path& directory);
/// True for "evidence-YYYYMM.db".
bool IsEvidenceFile(std::string_view name);

}  // namespace assay::ledger
