// What is taken out of an evidence file: segments of a body, whole bodies, the file itself.
#include <fmt/format.h>
#include <unistd.h>

#include "base/files.h"
#include "ledger/sqlite_bodies.h"

namespace assay::ledger {
namespace {

constexpr std::string_view kPrefix = "evidence-";

std::string MonthIn(const std::string& file) { return file.substr(kPrefix.size(), 6); }

Result<uint64_t> RowOf(Database& database, const Digest& root) {
  ASSAY_ASSIGN(Statement find, database.Prepare("SELECT id FROM body WHERE root = ?1"));
  ASSAY_ASSIGN(const bool found, find.Bind(1, root).Step());
  if (!found) return Fail(Code::kNotFound, database.name() + ": body is not there");
  return find.Integer(0);
}

Status DeleteParts(Database& database, uint64_t row) {
  ASSAY_ASSIGN(Statement remove, database.Prepare("DELETE FROM part WHERE body = ?1"));
  return remove.Bind(1, row).Run();
}

Status ReplaceRow(Database& database, uint64_t row, const SealedBody& body) {
  ASSAY_ASSIGN(Statement update,
               database.Prepare("UPDATE body SET ident = NULL, parts = ?2, key = ?3, erased = ?4 "
                                "WHERE id = ?1"));
  ASSAY_TRY(update.Bind(1, row)
                .Bind(2, body.parts.size())
                .Bind(3, body.wrapped_key)
                .Bind(4, body.erased)
                .Run());
  ASSAY_ASSIGN(Statement insert, database.Prepare("INSERT INTO part VALUES(?1, ?2, ?3)"));
  for (size_t i = 0; i < body.parts.size(); ++i)
    ASSAY_TRY(insert.Bind(1, row).Bind(2, i).Bind(3, body.parts[i]).Run());
  return {};
}

Result<uint64_t> CountBodies(Database& database) {
  ASSAY_ASSIGN(Statement count, database.Prepare("SELECT count(*) FROM body"));
  ASSAY_TRY(count.Step());
  return count.Integer(0);
}

}  // namespace

void BodyWriter::Close() {
  insert_body_ = Statement();
  insert_part_ = Statement();
  find_ident_ = Statement();
  database_.reset();
  month_.clear();
}

Status BodyWriter::Rewrite(const SealedBody& body) {
  ASSAY_TRY(OpenMonth(MonthIn(body.place)));
  ASSAY_ASSIGN(Transaction transaction, Transaction::Begin(*database_));
  ASSAY_ASSIGN(const uint64_t row, RowOf(*database_, body.ref.root));
  ASSAY_TRY(DeleteParts(*database_, row));
  ASSAY_TRY(ReplaceRow(*database_, row, body));
  ASSAY_TRY(transaction.Commit());
  return database_->EmptyLog();
}

Result<bool> BodyWriter::Remove(const std::string& file, const std::vector<Digest>& roots) {
  ASSAY_TRY(OpenMonth(MonthIn(file)));
  ASSAY_ASSIGN(Transaction transaction, Transaction::Begin(*database_));
  ASSAY_ASSIGN(Statement remove, database_->Prepare("DELETE FROM body WHERE id = ?1"));
  for (const Digest& root : roots) {
    ASSAY_ASSIGN(const uint64_t row, RowOf(*database_, root));
    ASSAY_TRY(DeleteParts(*database_, row));
    ASSAY_TRY(remove.Bind(1, row).Run());
  }
  ASSAY_TRY(transaction.Commit());
  ASSAY_TRY(database_->EmptyLog());
  ASSAY_ASSIGN(const uint64_t left, CountBodies(*database_));
  if (left > 0) return false;
  remove = Statement();
  Close();
  ASSAY_TRY(RemoveDatabaseFile(directory_ / file));
  return true;
}

Status BodyWriter::EmptyLog(const std::string& file) {
  ASSAY_TRY(OpenMonth(MonthIn(file)));
  return database_->EmptyLog();
}

Result<std::vector<Digest>> BodyReader::Roots(const std::string& file) {
  const std::lock_guard lock(mutex_);
  std::vector<Digest> out;
  ASSAY_ASSIGN(Database * database, OpenFile(file));
  if (database == nullptr) return out;
  ASSAY_ASSIGN(Statement read, database->Prepare("SELECT root FROM body ORDER BY id"));
  for (;;) {
    ASSAY_ASSIGN(const bool row, read.Step());
    if (!row) return out;
    ASSAY_ASSIGN(const Digest root, ToDigest(read.Blob(0)));
    out.push_back(root);
  }
}

void BodyReader::Forget(const std::string& file) {
  const std::lock_guard lock(mutex_);
  open_.erase(file);
}

Status RemoveDatabaseFile(const std::filesystem::path& path) {
  // The mark goes first: without the log it would be a false alarm.
  for (const char* suffix : {"-mark", "-wal", "-shm", ""}) {
    const std::string name = path.string() + suffix;
    if (::unlink(name.c_str()) != 0 && errno != ENOENT) return Fail(ErrnoError(name));
  }
  return SyncDirectory(path.parent_path());
}

}  // namespace assay::ledger
