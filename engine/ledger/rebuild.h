// A stored ledger written anew from the lines of another: all of it, or as it was at any size. What
// can be computed (tiles, head, landmarks) is computed, so nothing of the source is believed.
#pragma once

#include <filesystem>
#include <set>

#include "base/bytes.h"
#include "base/result.h"

namespace assay::ledger {

/// Writes the first `size` entries of the ledger in `from`, with the checkpoints and time stamps
/// that are of them, to the empty folder `to`. kCorrupt, kIo.
Status RebuildEntries(const std::filesystem::path& from, const std::filesystem::path& to,
                      uint64_t size);
/// Copies the evidence files and takes away what entries of `to` do not refer to. After
/// RebuildEntries. kIo, kCorrupt.
Status RebuildBodies(const std::filesystem::path& from, const std::filesystem::path& to);
/// Takes bodies away, with their pages zeroed. Only for a ledger that nobody else has open.
Status RemoveBodies(const std::filesystem::path& directory, const std::set<Digest>& roots);

}  // namespace assay::ledger
