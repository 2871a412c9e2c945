// What a write-ahead log must hold, by the mark that the writer left beside it.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace assay::verify {

/// kCorrupt when the write-ahead log of `database` lacks what was committed according to the mark
/// beside it (docs/formats/ledger-tables.md): SQLite would drop that silently. To be asked before
/// SQLite opens the file; a writer at work is no finding.
Status CheckLogMark(const std::filesystem::path& database);

}  // namespace assay::verify
