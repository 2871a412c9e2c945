// Changes a SQLite file of a ledger behind its back, past its triggers.
#pragma once

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

namespace assay::testing {

inline void RunSql(const std::filesystem::path& file, const std::string& statements) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &connection) == SQLITE_OK);
  char* message = nullptr;
  sqlite3_exec(connection, statements.c_str(), nullptr, nullptr, &message);
  const std::string fault = message != nullptr ? message : "";
  sqlite3_free(message);
  sqlite3_close_v2(connection);
  REQUIRE(fault == "");
}

/// Drops checkpoint rows and leaves the schema exactly as it was.
inline void DropCheckpoints(const std::filesystem::path& ledger_db, const std::string& condition) {
  RunSql(ledger_db,
         "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, "
         "'BEFORE DELETE', 'AFTER INSERT') WHERE name = 'checkpoint_no_delete';");
  RunSql(ledger_db, "DELETE FROM checkpoint WHERE " + condition);
  RunSql(ledger_db,
         "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, 'AFTER INSERT', "
         "'BEFORE DELETE') WHERE name = 'checkpoint_no_delete';");
}

}  // namespace assay::testing
