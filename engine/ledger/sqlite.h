// The few things of SQLite that the ledger uses: a connection, a statement, a transaction.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "ledger/wal_mark.h"

namespace assay::ledger {

/// A prepared statement. Bind, Step until false, Reset. Blobs that it returns live until Step.
class Statement {
 public:
  Statement() = default;
  Statement& Bind(int at, uint64_t value);
  Statement& Bind(int at, ByteSpan bytes);
  Statement& BindNull(int at);
  Statement& BindText(int at, std::string_view text);
  /// True when there is a row.
  Result<bool> Step();
  /// Step and Reset for statements without rows.
  Status Run();
  void Reset();
  uint64_t Integer(int column) const;
  ByteSpan Blob(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string name_;
};

/// One connection, used by one thread at a time.
class Database {
 public:
  enum class Mode {
    kWrite,  ///< creates the file (0600) when it is absent; the only one that checkpoints
    kRead,   ///< read-only, never checkpoints
  };
  static Result<Database> Open(const std::filesystem::path& path, Mode mode);

  Status Execute(const std::string& sql);
  Result<Statement> Prepare(const std::string& sql) const;
  /// Pages in the write-ahead log after the last commit.
  int wal_pages() const { return mark_->frames(); }
  int changes() const { return sqlite3_changes(connection_.get()); }
  uint64_t last_id() const {
    return static_cast<uint64_t>(sqlite3_last_insert_rowid(connection_.get()));
  }
  /// True when the last statement failed because the making of the file was cut short and only a
  /// connection that writes may undo it.
  bool waits_for_rollback() const {
    return sqlite3_extended_errcode(connection_.get()) == SQLITE_READONLY_ROLLBACK;
  }
  /// Copies the log back; `empty` also truncates it (skipped silently while a reader is inside).
  Status CopyBack(bool empty);
  /// Copies the log back, truncates it and insists. kUnavailable when a reader stays inside.
  Status EmptyLog();
  /// kCorrupt when acknowledged commits are missing from the log, also while a writer is at work.
  Status CheckLog() const;
  /// Writes all pages as of now to a new file (0600), synced, without write-ahead log. Others may
  /// write meanwhile: this is one read transaction. kAlreadyExists, kIo.
  Status CopyTo(const std::filesystem::path& path);
  const std::string& name() const { return name_; }

 private:
  struct Close {
    WalMark* mark;
    void operator()(sqlite3* connection) const;
  };
  Status Configure(Mode mode);
  std::unique_ptr<WalMark> mark_;  ///< none when reading
  std::unique_ptr<sqlite3, Close> connection_;
  std::string name_;
};

/// BEGIN IMMEDIATE; rolled back at the end of the scope unless Commit was called.
class Transaction {
 public:
  static Result<Transaction> Begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  ~Transaction();
  Status Commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace assay::ledger
