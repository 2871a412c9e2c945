// The virtual table module that shows a RowStore to SQLite.
#pragma once

#include <sqlite3.h>

#include <set>
#include <string>

#include "worker/row_store.h"

namespace assay::worker {

/// Name of the module in CREATE VIRTUAL TABLE.
inline constexpr const char* kTableModule = "assay_dataset";

/// What the module's xConnect takes: set only around our own CREATE VIRTUAL TABLE.
struct TableSource {
  RowStore* connecting = nullptr;
  Pools* pools = nullptr;
  std::set<std::string> hidden;  ///< datasets that show no rows
};

/// Registers the module; `source` must outlive the connection. SQLite result code.
int AddTableModule(sqlite3* db, TableSource& source);

}  // namespace assay::worker
