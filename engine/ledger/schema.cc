#include "ledger/schema.h"

#include <fmt/format.h>

#include <array>
#include <vector>

namespace assay::ledger {
namespace {

constexpr uint64_t kFormatVersion = 1;

const std::vector<std::string>& Objects(FileKind kind) {
  static const std::vector<std::string> ledger = {
      "CREATE TABLE entry(idx INTEGER PRIMARY KEY, line BLOB NOT NULL) STRICT",
      "CREATE TABLE tile(level INTEGER NOT NULL, idx INTEGER NOT NULL, hashes BLOB NOT NULL, "
      "PRIMARY KEY(level, idx)) STRICT",
      "CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT",
      "CREATE TABLE head(id INTEGER PRIMARY KEY CHECK(id = 1), size INTEGER NOT NULL, "
      "root BLOB NOT NULL, epoch INTEGER NOT NULL, frontier BLOB NOT NULL) STRICT",
      "CREATE TABLE lease(id INTEGER PRIMARY KEY CHECK(id = 1), writer INTEGER NOT NULL) STRICT",
      "CREATE TABLE landmark(idx INTEGER PRIMARY KEY, kind TEXT NOT NULL) STRICT",
      "CREATE TABLE timestamp(digest BLOB PRIMARY KEY, token BLOB NOT NULL) STRICT",
      "CREATE INDEX landmark_kind ON landmark(kind)",
      "CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry "
      "BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END",
      "CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry "
      "BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END",
      "CREATE TRIGGER tile_no_update BEFORE UPDATE ON tile "
      "BEGIN SELECT RAISE(ABORT, 'tiles are never changed'); END",
      "CREATE TRIGGER tile_no_delete BEFORE DELETE ON tile "
      "BEGIN SELECT RAISE(ABORT, 'tiles are never deleted'); END",
      "CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint "
      "BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END",
      "CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint "
      "BEGIN SELECT RAISE(ABORT, 'checkpoints are never deleted'); END",
      "CREATE TRIGGER landmark_no_update BEFORE UPDATE ON landmark "
      "BEGIN SELECT RAISE(ABORT, 'landmarks are never changed'); END",
      "CREATE TRIGGER landmark_no_delete BEFORE DELETE ON landmark "
      "BEGIN SELECT RAISE(ABORT, 'landmarks are never deleted'); END",
      "CREATE TRIGGER timestamp_no_update BEFORE UPDATE ON timestamp "
      "BEGIN SELECT RAISE(ABORT, 'time stamps are never changed'); END",
      "CREATE TRIGGER timestamp_no_delete BEFORE DELETE ON timestamp "
      "BEGIN SELECT RAISE(ABORT, 'time stamps are never deleted'); END",
  };
  static const std::vector<std::string> evidence = {
      "CREATE TABLE body(id INTEGER PRIMARY KEY, root BLOB NOT NULL UNIQUE, "
      "ident BLOB UNIQUE, scheme TEXT NOT NULL, epoch INTEGER NOT NULL, "
      "len INTEGER NOT NULL, records INTEGER NOT NULL, parts INTEGER NOT NULL, "
      "key BLOB NOT NULL, erased BLOB NOT NULL) STRICT",
      "CREATE TABLE part(body INTEGER NOT NULL, part INTEGER NOT NULL, sealed BLOB NOT NULL, "
      "PRIMARY KEY(body, part)) STRICT",
  };
  static const std::vector<std::string> keys = {
      "CREATE TABLE tenant_key(purpose TEXT PRIMARY KEY, wrapped BLOB NOT NULL) "
      "STRICT, WITHOUT ROWID",
  };
  return kind == FileKind::kLedger ? ledger : kind == FileKind::kEvidence ? evidence : keys;
}

// "asyL", "asyE", "asyK" in the file header: a file put in another's place is noticed.
uint64_t ApplicationId(FileKind kind) {
  const char last = kind == FileKind::kLedger ? 'L' : kind == FileKind::kEvidence ? 'E' : 'K';
  return uint64_t{'a'} << 24 | uint64_t{'s'} << 16 | uint64_t{'y'} << 8 |
         static_cast<uint64_t>(last);
}

Result<uint64_t> ReadNumber(const Database& database, const std::string& sql) {
  ASSAY_ASSIGN(Statement statement, database.Prepare(sql));
  ASSAY_ASSIGN(const bool row, statement.Step());
  return row ? statement.Integer(0) : 0;
}

Status CheckMarks(const Database& database, FileKind kind) {
  ASSAY_ASSIGN(const uint64_t id, ReadNumber(database, "PRAGMA application_id"));
  if (id != ApplicationId(kind))
    return Fail(Code::kCorrupt, database.name() + ": not a file of this kind (application_id)");
  ASSAY_ASSIGN(const uint64_t version, ReadNumber(database, "PRAGMA user_version"));
  if (version != kFormatVersion)
    return Fail(Code::kUnsupported, fmt::format("{}: format version {}, this program knows {}",
                                                database.name(), version, kFormatVersion));
  return {};
}

}  // namespace

Result<bool> IsUnmade(const Database& database) {
  auto objects = ReadNumber(database, "SELECT count(*) FROM sqlite_schema");
  if (objects) return *objects == 0;
  // A rollback journal is used only once, for the very first page of the file.
  if (database.waits_for_rollback()) return true;
  return Fail(std::move(objects.error()));
}

Status PrepareSchema(Database& database, FileKind kind) {
  ASSAY_ASSIGN(const bool unmade, IsUnmade(database));
  if (!unmade) return CheckMarks(database, kind);
  ASSAY_ASSIGN(Transaction transaction, Transaction::Begin(database));
  for (const std::string& sql : Objects(kind)) ASSAY_TRY(database.Execute(sql));
  ASSAY_TRY(database.Execute(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}",
                                         ApplicationId(kind), kFormatVersion)));
  return transaction.Commit();
}

Status CheckSchema(const Database& database, FileKind kind) {
  ASSAY_TRY(CheckMarks(database, kind));
  ASSAY_ASSIGN(
      Statement statement,
      database.Prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"));
  for (const std::string& sql : Objects(kind)) {
    ASSAY_ASSIGN(const bool row, statement.Step());
    if (!row || AsText(statement.Blob(0)) != sql)
      return Fail(
          Code::kCorrupt,
          database.name() + ": schema is not the one that was made, expected " + Quote(sql, 60));
  }
  ASSAY_ASSIGN(const bool more, statement.Step());
  if (more) return Fail(Code::kCorrupt, database.name() + ": schema holds an object too many");
  return {};
}

}  // namespace assay::ledger
