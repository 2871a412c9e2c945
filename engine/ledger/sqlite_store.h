// LedgerStore on SQLite: ledger.db, one evidence-YYYYMM.db a month, keys.db (ledger.md section 2).
#pragma once

#include <filesystem>
#include <memory>

#include "ledger/store.h"

namespace assay::ledger {

enum class StoreMode { kWrite, kRead };

/// Opens the files of one tenant; with kWrite they are made when absent. kNotFound, kCorrupt, kIo,
/// kUnsupported (format version). `keys_file` is for a backup, whose keys.db lies elsewhere or is
/// gone; empty: the one in the directory, which must be there.
Result<std::unique_ptr<LedgerStore>> OpenSqliteStore(const std::filesystem::path& directory,
                                                     StoreMode mode,
                                                     const std::filesystem::path& keys_file = {});

}  // namespace assay::ledger
