// A restored ledger that is older than what is known goes on under a new name (docs/formats/
// checkpoint.md, Epochs): the one place where a backup begins an epoch.
#pragma once

#include <string>
#include <vector>

#include "ledger/ledger.h"

namespace assay::backup {

/// Appends epoch.started with the reason "restored" and signs the first head of the epoch.
/// `known_notes` are signed heads of the lost part. kUnavailable, kInvalidInput, kCorrupt, kIo.
Status StartRestoredEpoch(const ledger::OpenOptions& options,
                          const std::vector<std::string>& known_notes);

}  // namespace assay::backup
