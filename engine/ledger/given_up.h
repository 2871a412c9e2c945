// After a write-ahead log lost commits: the alarm of its mark gives way to that of the file
// "recovering", which stays until the entry that tells of the loss is there.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace assay::ledger {

/// For who accepts a loss: what is left of the write-ahead logs counts from here on. "recovering"
/// is durable before the first mark goes, and names the epoch that must be started before anything
/// else is appended. kIo, kCorrupt (what is left does not open).
Status GiveUpMarks(const std::filesystem::path& directory);

/// kCorrupt (AS-LED-006) when a recovery was cut short before its epoch: `epoch` is that of the
/// newest entry. kIo.
Status CheckGivenUp(const std::filesystem::path& directory, uint32_t epoch);

/// Removes "recovering", durably; nothing when it is not there. kIo.
Status ForgetGivenUp(const std::filesystem::path& directory);

}  // namespace assay::ledger
