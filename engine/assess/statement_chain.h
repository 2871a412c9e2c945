// The entries about statements in a ledger: each points at the one before, so that reading them
// costs their own size.
#pragma once

#include <optional>

#include "assess/statement.h"
#include "base/result.h"
#include "ledger/ledger.h"

namespace assay::assess {

/// True for the kinds that the chain is made of.
inline bool IsStatement(std::string_view kind) {
  return kind.starts_with("exception.") || kind.starts_with("attestation.");
}

/// One entry with its body. kCorrupt, kIo.
Result<StatementEntry> ReadStatement(ledger::Ledger& ledger, LeafIndex index);
/// The fold of the chain that ends at `last` (none: there are no statements). kCorrupt, kIo.
Result<Statements> LoadStatements(ledger::Ledger& ledger, std::optional<LeafIndex> last);
/// As they stood when the ledger had `size` entries.
Result<Statements> LoadStatements(ledger::Ledger& ledger, TreeSize size);
/// As they stand.
Result<Statements> LoadStatements(ledger::Ledger& ledger);

}  // namespace assay::assess
