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

/// Runs a statement that the trigger of that name and event ("UPDATE", "DELETE") would stop, and
/// leaves the schema exactly as it was.
inline void RunPast(const std::filesystem::path& file, const std::string& trigger,
                    const std::string& event, const std::string& statement) {
  const auto exchange = [&](const std::string& from, const std::string& to) {
    RunSql(file, "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, '" + from +
                     "', '" + to + "') WHERE name = '" + trigger + "';");
  };
  exchange("BEFORE " + event, "AFTER INSERT");
  RunSql(file, statement);
  exchange("AFTER INSERT", "BEFORE " + event);
}

/// Drops checkpoint rows.
inline void DropCheckpoints(const std::filesystem::path& ledger_db, const std::string& condition) {
  RunPast(ledger_db, "checkpoint_no_delete", "DELETE", "DELETE FROM checkpoint WHERE " + condition);
}

}  // namespace assay::testing
