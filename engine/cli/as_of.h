// --as-of: the past as the ledger knew it then.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "cli/command.h"
#include "model/ids.h"

namespace assay::cli {

/// The moment that a text names: RFC 3339 with a zone, or a date, which means the end of that day
/// in UTC. kInvalidInput (AS-CLI-003): another form, or a moment that is not over at `now`.
Result<Timestamp> ParseAsOf(std::string_view text, Timestamp now);

/// How many entries of the ledger a command may look at: those of --as-of, else all. kCorrupt, kIo.
Result<TreeSize> SizeShown(const Context& context, ledger::Ledger& ledger);

}  // namespace assay::cli
