// Erasures that happened after a backup was made are done again on what is restored from it, so
// that nothing comes back.
#pragma once

#include <filesystem>
#include <vector>

#include "ledger/ledger.h"

namespace assay::backup {

/// What was done again: entries to be appended to the restored ledger, which say so.
struct Replay {
  struct Entry {
    uint64_t index = 0;  ///< where it stood
    std::string kind, actor;
    ledger::MemberMap members;
    std::optional<ledger::BodyRef> body;
  };
  std::vector<Entry> entries;
};

/// Takes from `restored` what erasure.* and retention.* entries of `known`, from index `size` on,
/// have taken there: the body rows of `known` are put in the place of the older ones. Legal holds
/// (hold.*) are kept in force too. Nobody else
/// has `restored` open. kCorrupt, kIo.
Result<Replay> ReplayErasures(const std::filesystem::path& known,
                              const std::filesystem::path& restored, uint64_t size);
/// Appends the entries to the restored ledger and signs.
Status RecordReplay(ledger::Ledger& ledger, const Replay& replay);

}  // namespace assay::backup
