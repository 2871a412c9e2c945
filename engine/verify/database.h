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

class Database {
 public:
  /// kCorrupt when the file is missing or SQLite cannot open it.
  static Result<Database> Open(const std::filesystem::path& path);
  /// Calls `visit` for each row until it gives false. One number or blob may be bound to ?1.
  Status Query(const char* sql, const std::function<bool(const Row&)>& visit,
               ByteSpan parameter = {}) const;
  /// What PRAGMA integrity_check and the file header have to say; empty when all is well.
  std::vector<std::string> Faults(uint64_t application_id) const;
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
