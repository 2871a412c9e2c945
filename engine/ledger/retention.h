// Removing bodies whose time is over. The entry that says so is durable first.
#pragma once

#include "ledger/erase.h"

namespace assay::ledger {

/// See Ledger::Expire.
Result<std::vector<ExpiryDone>> ExpireBodies(const EraseContext& context,
                                             const std::vector<RetentionRule>& rules,
                                             const std::string& actor, Timestamp now, bool dry_run);

}  // namespace assay::ledger
