// The tables of the ledger's three SQLite files (docs/formats/ledger-tables.md).
#pragma once

#include <map>
#include <string>

#include "ledger/sqlite.h"

namespace assay::ledger {

enum class FileKind { kLedger, kEvidence, kKeys };

/// Makes the tables when the file is empty. kUnsupported for another format version, kCorrupt for a
/// file of another kind.
Status PrepareSchema(Database& database, FileKind kind);
/// True for a file that a crash left before its tables were made: it never held anything.
Result<bool> IsUnmade(const Database& database);
/// kCorrupt unless tables, triggers and marks are exactly those that PrepareSchema makes.
Status CheckSchema(const Database& database, FileKind kind);

}  // namespace assay::ledger
