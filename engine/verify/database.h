// Reading one SQLite file of a ledger, without ever writing to it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace assay::verify {

/// The current row of a query.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  uint64_t Number(int column) const;
  /// Lives until the next row.
  ByteSpan Bytes(int column) const;
  ByteVector Copy(int column) const {
    const ByteSpan bytes = Bytes(column);
    return {bytes.begin(), bytes.end()};
  }

 private:
  sqlite3_stmt* statement_;
};

/// A prepared query that is run again and again. One thread at a time.
class Query {
 public:
  Query() = default;
  /// Bound from 1 on. A blob must live until the query is started anew.
  Query& Bind(int parameter, uint64_t number);
  Query& Bind(int parameter, ByteSpan blob);
  /// True when there is a row. kCorrupt.
  Result<bool> Step();
  Row row() const { return Row(statement_.get()); }
  /// Back to before the first row.
  void Restart();

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string name_;
};

/// A connection: for one thread at a time, as are its queries.
class Database {
 public:
  /// `still`: nobody writes to it, and nothing may be made beside it. kCorrupt when the file is
  /// missing or SQLite cannot open it.
  static Result<Database> Open(const std::filesystem::path& path, bool still = false);
  /// Begins a read transaction: all that this connection reads from now on is of this moment.
  /// kCorrupt.
  Status Hold() const;
  /// Whether what just failed did so for a rollback journal that a crash left.
  bool WaitsForRollback() const;
  /// False for a file that a crash left before its tables were made: it holds nothing. kCorrupt.
  Result<bool> IsMade() const;
  /// kCorrupt when the table is not as it should be.
  Result<Query> Prepare(const char* sql) const;
  /// Calls `visit` for each row until it gives false.
  Status Visit(const char* sql, const std::function<bool(const Row&)>& visit) const;
  /// kCorrupt when PRAGMA integrity_check of one of the tables (all when there is none) or the file
  /// header have something to say.
  Status Check(uint64_t application_id, const std::vector<std::string>& tables = {}) const;
  const std::string& name() const { return name_; }

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  std::unique_ptr<sqlite3, Close> connection_;
  std::string name_;
};

constexpr uint64_t kLedgerFile = 0x6173794c, kEvidenceFile = 0x61737945, kKeysFile = 0x6173794b;

}  // namespace assay::verify
