#include "ledger/sqlite_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "ledger/given_up.h"
#include "ledger/sqlite_bodies.h"
#include "ledger/sqlite_entries.h"

namespace assay::ledger {
namespace {

// What PRAGMA integrity_check says, table by table so that the fault is named.
Status CollectPageFaults(Database& database, std::vector<StorageFault>& out) {
  ASSAY_ASSIGN(Statement check, database.Prepare("PRAGMA integrity_check(10)"));
  std::vector<std::string> messages;
  for (;;) {
    ASSAY_ASSIGN(const bool row, check.Step());
    if (!row) break;
    if (AsText(check.Blob(0)) != "ok") messages.emplace_back(AsText(check.Blob(0)));
  }
  for (const std::string& message : messages) out.push_back({database.name(), message});
  if (messages.empty()) return {};
  ASSAY_ASSIGN(Statement tables,
               database.Prepare("SELECT name FROM sqlite_schema WHERE type = 'table'"));
  for (;;) {
    ASSAY_ASSIGN(const bool row, tables.Step());
    if (!row) return {};
    const std::string name(AsText(tables.Blob(0)));
    ASSAY_ASSIGN(Statement one, database.Prepare("PRAGMA integrity_check('" + name + "')"));
    ASSAY_ASSIGN(const bool answer, one.Step());
    if (answer && AsText(one.Blob(0)) != "ok")
      out.front().place = database.name() + " table " + name;
  }
}

void CollectFaults(Database& database, FileKind kind, bool pages, std::vector<StorageFault>& out) {
  const Result<bool> unmade = IsUnmade(database);
  if (unmade && *unmade && kind != FileKind::kLedger) return;
  if (Status log = database.CheckLog(); !log) out.push_back({database.name(), log.error().message});
  if (Status schema = CheckSchema(database, kind); !schema)
    out.push_back({database.name(), schema.error().message});
  if (!pages) return;
  if (Status read = CollectPageFaults(database, out); !read)
    out.push_back({database.name(), read.error().message});
}

class SqliteStore : public LedgerStore {
 public:
  SqliteStore(std::filesystem::path directory, std::filesystem::path keys_file,
              std::optional<EntryWriter> writer, std::unique_ptr<EntryReader> reader)
      : directory_(directory),
        keys_may_lack_(!keys_file.empty()),
        keys_file_(keys_file.empty() ? directory / "keys.db" : std::move(keys_file)),
        body_writer_(directory),
        writer_(std::move(writer)),
        body_reader_(directory),
        reader_(std::move(reader)) {}

  ~SqliteStore() override {
    reader_.reset();  // readers first: the writer, closing last, copies its log back and removes it
  }

  Status TakeLease() override { return writer_ ? writer_->TakeLease() : ReadOnly(); }
  Status AppendGroup(const Group& group) override {
    return writer_ ? writer_->Append(group) : ReadOnly();
  }
  Status AppendNote(const StoredNote& note) override {
    return writer_ ? writer_->AppendNote(note) : ReadOnly();
  }
  Result<std::vector<BodyRef>> PutBodies(const std::string& month,
                                         const std::vector<const SealedBody*>& bodies) override {
    if (!writer_) return Fail(std::move(ReadOnly().error()));
    return body_writer_.Put(month, bodies);
  }
  Status WriteKeys(const std::map<std::string, ByteVector>& wrapped) override {
    if (!writer_) return ReadOnly();
    ASSAY_ASSIGN(Database keys, Database::Open(keys_file_, Database::Mode::kWrite));
    ASSAY_TRY(PrepareSchema(keys, FileKind::kKeys));
    ASSAY_ASSIGN(Statement insert,
                 keys.Prepare("INSERT INTO tenant_key VALUES(?1, ?2) ON CONFLICT(purpose) DO "
                              "UPDATE SET wrapped = ?2"));
    ASSAY_ASSIGN(Transaction transaction, Transaction::Begin(keys));
    for (const auto& [purpose, key] : wrapped)
      ASSAY_TRY(insert.BindText(1, purpose).Bind(2, key).Run());
    ASSAY_TRY(transaction.Commit());
    return keys.CopyBack(true);
  }
  Status RewriteBody(const SealedBody& body) override {
    return writer_ ? body_writer_.Rewrite(body) : ReadOnly();
  }
  Status RemoveBodies(const std::string& file, const std::vector<Digest>& roots) override {
    if (!writer_) return ReadOnly();
    ASSAY_ASSIGN(const bool removed, body_writer_.Remove(file, roots));
    if (removed) body_reader_.Forget(file);
    return {};
  }
  Status DestroyEvidence() override;
  Status EmptyEvidenceLogs() override;
  Status Settle() override {
    if (!writer_) return ReadOnly();
    ASSAY_TRY(body_writer_.Settle());
    return writer_->Settle();
  }

  Status HoldSnapshot() override { return reader_->HoldSnapshot(); }
  Result<std::optional<StoredHead>> ReadHead() override { return reader_->ReadHead(); }
  Status ReadLines(uint64_t from, uint64_t to, const LineVisitor& visit) override {
    return reader_->ReadLines(from, to, visit);
  }
  Result<std::vector<Landmark>> ReadLandmarks(std::string_view prefix, uint64_t from,
                                              uint64_t to) override {
    return reader_->ReadLandmarks(prefix, from, to);
  }
  Result<std::optional<ByteVector>> FindToken(const Digest& digest) override {
    return reader_->FindToken(digest);
  }
  Status VisitTokens(const std::function<Status(ByteSpan, ByteSpan)>& visit) override {
    return reader_->VisitTokens(visit);
  }
  Result<std::optional<ByteVector>> ReadTile(proof::TileId id) override {
    return reader_->ReadTile(id);
  }
  Status VisitTiles(const std::function<Status(const proof::Tile&)>& visit) override {
    return reader_->VisitTiles(visit);
  }
  Result<uint64_t> CountTiles(uint64_t size) override { return reader_->CountTiles(size); }
  Status VisitNotes(const std::function<Status(const StoredNote&)>& visit, uint64_t from) override {
    ASSAY_ASSIGN(const std::vector<StoredNote> notes,
                 reader_->ReadNotes((from > 0 ? fmt::format("WHERE size >= {} ", from) : "") +
                                    "ORDER BY size"));
    for (const StoredNote& note : notes) ASSAY_TRY(visit(note));
    return {};
  }
  Result<std::vector<StoredNote>> NewestNotes(int count, uint64_t below) override {
    return reader_->ReadNotes((below < kEveryIndex ? fmt::format("WHERE size < {} ", below) : "") +
                              fmt::format("ORDER BY size DESC LIMIT {}", count));
  }
  Result<std::vector<std::string>> EvidenceFiles() override {
    ASSAY_ASSIGN(std::vector<std::string> files, body_reader_.Files());
    std::reverse(files.begin(), files.end());
    return files;
  }
  Result<std::vector<Digest>> RootsIn(const std::string& file) override {
    return body_reader_.Roots(file);
  }
  Result<std::optional<SealedBody>> FindBody(const Digest& root) override {
    return body_reader_.Find(root);
  }
  Result<std::optional<SealedBody>> FindBodyIn(const std::string& file,
                                               const Digest& root) override {
    return body_reader_.FindIn(file, root);
  }
  Result<std::optional<BodyRef>> FindIdent(const std::string& month, const Digest& ident) override {
    return body_reader_.FindIdent(month, ident);
  }
  Result<std::map<std::string, ByteVector>> ReadKeys() override {
    std::map<std::string, ByteVector> out;
    std::error_code ignored;
    if (!std::filesystem::exists(keys_file_, ignored)) return out;
    ASSAY_ASSIGN(Database keys, Database::Open(keys_file_, Database::Mode::kRead));
    ASSAY_ASSIGN(const bool unmade, IsUnmade(keys));
    if (unmade) return out;
    ASSAY_TRY(CheckSchema(keys, FileKind::kKeys));
    ASSAY_ASSIGN(Statement read, keys.Prepare("SELECT purpose, wrapped FROM tenant_key"));
    for (;;) {
      ASSAY_ASSIGN(const bool row, read.Step());
      if (!row) return out;
      AppendBytes(out[std::string(AsText(read.Blob(0)))], read.Blob(1));
    }
  }
  Result<std::vector<StorageFault>> FindFaults(bool pages) override;

 private:
  static Status ReadOnly() { return Fail(Code::kDenied, "ledger: opened read-only"); }

  const std::filesystem::path directory_;
  const bool keys_may_lack_;
  const std::filesystem::path keys_file_;
  BodyWriter body_writer_;
  std::optional<EntryWriter> writer_;
  BodyReader body_reader_;
  std::unique_ptr<EntryReader> reader_;
};

// Keys first: with them gone nothing opens any more, wherever a copy of the files lies. The rows
// are overwritten, then the file is written anew, so that no page holds an older row.
Status SqliteStore::DestroyEvidence() {
  if (!writer_) return ReadOnly();
  ASSAY_ASSIGN(Database keys, Database::Open(keys_file_, Database::Mode::kWrite));
  ASSAY_TRY(PrepareSchema(keys, FileKind::kKeys));
  ASSAY_TRY(keys.Execute("UPDATE tenant_key SET wrapped = zeroblob(length(wrapped))"));
  ASSAY_TRY(keys.Execute("DELETE FROM tenant_key"));
  ASSAY_TRY(keys.EmptyLog());
  ASSAY_TRY(keys.Execute("VACUUM"));
  ASSAY_TRY(keys.EmptyLog());
  body_writer_.Close();
  ASSAY_ASSIGN(const std::vector<std::string> files, body_reader_.Files());
  for (const std::string& file : files) {
    body_reader_.Forget(file);
    ASSAY_TRY(RemoveDatabaseFile(directory_ / file));
  }
  return {};
}

Status SqliteStore::EmptyEvidenceLogs() {
  if (!writer_) return ReadOnly();
  ASSAY_ASSIGN(const std::vector<std::string> files, body_reader_.Files());
  for (const std::string& file : files) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(directory_ / (file + "-wal"), ignored);
    if (!ignored && size > 0) ASSAY_TRY(body_writer_.EmptyLog(file));
  }
  return {};
}

Result<std::vector<StorageFault>> SqliteStore::FindFaults(bool pages) {
  std::vector<StorageFault> out;
  CollectFaults(reader_->database(), FileKind::kLedger, pages, out);
  if (const auto head = reader_->ReadHead(); head && *head)
    if (Status given_up = CheckGivenUp(directory_, (*head)->epoch); !given_up)
      out.push_back({"ledger.db", given_up.error().message});
  ASSAY_ASSIGN(const std::vector<std::string> files, body_reader_.Files());
  for (const std::string& file : files) {
    auto database = body_reader_.OpenFile(file);
    if (database && *database != nullptr)
      CollectFaults(**database, FileKind::kEvidence, pages, out);
    if (!database) out.push_back({file, database.error().message});
  }
  std::error_code ignored;
  if (keys_may_lack_ && !std::filesystem::exists(keys_file_, ignored)) return out;
  auto keys = Database::Open(keys_file_, Database::Mode::kRead);
  if (keys)
    CollectFaults(*keys, FileKind::kKeys, pages, out);
  else
    out.push_back({"keys.db", keys.error().message});
  return out;
}

// Databases of the directory that have a write-ahead log or should have one.
Result<std::vector<std::filesystem::path>> FindLogged(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> out;
  std::error_code error, ignored;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    const std::filesystem::path path = it->path();
    if (path.extension() == ".db" && (std::filesystem::exists(path.string() + "-wal", ignored) ||
                                      std::filesystem::exists(path.string() + "-mark", ignored)))
      out.push_back(path);
  }
  if (error) return Fail(Code::kIo, directory.string() + ": " + error.message());
  return out;
}

// Copies back what earlier processes left in write-ahead logs. Their last sync may have failed:
// what this one can read, and will build on, need not be on the disk before it is written once
// more. All logs are looked at before any file is touched: an alarm leaves everything as it was
// found.
Status SettleLeftovers(const std::filesystem::path& directory) {
  ASSAY_ASSIGN(const std::vector<std::filesystem::path> databases, FindLogged(directory));
  for (const std::filesystem::path& path : databases) ASSAY_TRY(WalMark::Check(path));
  for (const std::filesystem::path& path : databases) {
    std::error_code ignored;
    if (!std::filesystem::exists(path.string() + "-wal", ignored)) continue;
    ASSAY_ASSIGN(Database left, Database::Open(path, Database::Mode::kWrite));
    ASSAY_TRY(left.CopyBack(false));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<LedgerStore>> OpenSqliteStore(const std::filesystem::path& directory,
                                                     StoreMode mode,
                                                     const std::filesystem::path& keys_file) {
  const std::filesystem::path path = directory / "ledger.db";
  std::optional<EntryWriter> writer;
  if (mode == StoreMode::kWrite) {
    ASSAY_TRY(SettleLeftovers(directory));
    ASSAY_ASSIGN(writer, EntryWriter::Open(path));
    ASSAY_TRY(SyncDirectory(directory));
  }
  ASSAY_ASSIGN(std::unique_ptr<EntryReader> reader, EntryReader::Open(path));
  return std::unique_ptr<LedgerStore>(
      std::make_unique<SqliteStore>(directory, keys_file, std::move(writer), std::move(reader)));
}

}  // namespace assay::ledger
