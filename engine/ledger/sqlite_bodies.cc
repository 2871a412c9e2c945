#include "ledger/sqlite_bodies.h"

#include <fmt/format.h>

#include <algorithm>

namespace assay::ledger {
namespace {

constexpr int kCopyBackPages = 4096;
constexpr char kRefColumns[] = "root, scheme, len, records";

Result<BodyRef> ReadRef(const Statement& row) {
  BodyRef ref;
  ASSAY_ASSIGN(ref.root, ToDigest(row.Blob(0)));
  ref.scheme = AsText(row.Blob(1));
  ref.len = row.Integer(2);
  ref.records = row.Integer(3);
  return ref;
}

Result<std::optional<BodyRef>> FindByIdent(Statement& find, const Digest& ident) {
  auto row = find.Bind(1, ident).Step();
  std::optional<BodyRef> out;
  if (row && *row) {
    auto ref = ReadRef(find);
    if (ref) out = std::move(*ref);
  }
  find.Reset();
  if (!row) return Fail(std::move(row.error()));
  return out;
}

Status ReadParts(const Database& database, uint64_t row, uint64_t parts, SealedBody& body) {
  ASSAY_ASSIGN(Statement read,
               database.Prepare("SELECT part, sealed FROM part WHERE body = ?1 ORDER BY part"));
  read.Bind(1, row);
  for (;;) {
    ASSAY_ASSIGN(const bool found, read.Step());
    if (!found) break;
    if (read.Integer(0) != body.parts.size())
      return Fail(Code::kCorrupt, body.place + ": a sealed part is missing");
    AppendBytes(body.parts.emplace_back(), read.Blob(1));
  }
  if (body.parts.size() != parts)
    return Fail(Code::kCorrupt, body.place + ": number of sealed parts is not the recorded one");
  return {};
}

std::string FileOf(const std::string& month) { return "evidence-" + month + ".db"; }

}  // namespace

Status BodyWriter::OpenMonth(const std::string& month) {
  if (month == month_) return {};
  ASSAY_TRY(Settle());
  Close();
  ASSAY_ASSIGN(database_, Database::Open(directory_ / FileOf(month), Database::Mode::kWrite));
  ASSAY_TRY(PrepareSchema(*database_, FileKind::kEvidence));
  ASSAY_ASSIGN(insert_body_,
               database_->Prepare(
                   "INSERT INTO body(root, ident, scheme, epoch, len, records, parts, key, erased) "
                   "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT(ident) DO NOTHING"));
  ASSAY_ASSIGN(insert_part_, database_->Prepare("INSERT INTO part VALUES(?1, ?2, ?3)"));
  ASSAY_ASSIGN(find_ident_, database_->Prepare(
                                fmt::format("SELECT {} FROM body WHERE ident = ?1", kRefColumns)));
  month_ = month;
  return {};
}

Result<BodyRef> BodyWriter::Insert(const SealedBody& body) {
  insert_body_.Bind(1, body.ref.root);
  body.ident ? insert_body_.Bind(2, *body.ident) : insert_body_.BindNull(2);
  ASSAY_TRY(insert_body_.BindText(3, body.ref.scheme)
                .Bind(4, body.epoch)
                .Bind(5, body.ref.len)
                .Bind(6, body.ref.records)
                .Bind(7, body.parts.size())
                .Bind(8, body.wrapped_key)
                .Bind(9, body.erased)
                .Run());
  if (database_->changes() == 0 && body.ident) {  // the same bytes came first by another thread
    ASSAY_ASSIGN(std::optional<BodyRef> earlier, FindByIdent(find_ident_, *body.ident));
    if (!earlier) return Fail(Code::kCorrupt, FileOf(month_) + ": earlier body is gone");
    return std::move(*earlier);
  }
  const uint64_t id = database_->last_id();
  for (size_t i = 0; i < body.parts.size(); ++i)
    ASSAY_TRY(insert_part_.Bind(1, id).Bind(2, i).Bind(3, body.parts[i]).Run());
  return body.ref;
}

Result<std::vector<BodyRef>> BodyWriter::Put(const std::string& month,
                                             const std::vector<const SealedBody*>& bodies) {
  ASSAY_TRY(OpenMonth(month));
  std::vector<BodyRef> out;
  ASSAY_ASSIGN(Transaction transaction, Transaction::Begin(*database_));
  for (const SealedBody* body : bodies) {
    ASSAY_ASSIGN(BodyRef ref, Insert(*body));
    out.push_back(std::move(ref));
  }
  ASSAY_TRY(transaction.Commit());
  if (database_->wal_pages() > kCopyBackPages) ASSAY_TRY(database_->CopyBack(false));
  return out;
}

Status BodyWriter::Settle() { return database_ ? database_->CopyBack(true) : Status{}; }

Result<std::vector<std::string>> BodyReader::Files() const {
  std::vector<std::string> out;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory_, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with("evidence-") && name.ends_with(".db")) out.push_back(name);
  }
  if (error) return Fail(Code::kIo, directory_.string() + ": " + error.message());
  std::sort(out.rbegin(), out.rend());
  return out;
}

Result<Database*> BodyReader::OpenFile(const std::string& file) {
  const std::lock_guard lock(mutex_);
  if (const auto it = open_.find(file); it != open_.end()) return &it->second;
  ASSAY_ASSIGN(Database database, Database::Open(directory_ / file, Database::Mode::kRead));
  ASSAY_ASSIGN(const bool unmade, IsUnmade(database));
  if (unmade) return nullptr;
  return &open_.emplace(file, std::move(database)).first->second;
}

Result<std::optional<SealedBody>> BodyReader::Find(const Digest& root) {
  const std::lock_guard lock(mutex_);
  ASSAY_ASSIGN(const std::vector<std::string> files, Files());
  for (const std::string& file : files) {
    ASSAY_ASSIGN(std::optional<SealedBody> body, FindIn(file, root));
    if (body) return body;
  }
  return std::optional<SealedBody>();
}

Result<std::optional<SealedBody>> BodyReader::FindIn(const std::string& file, const Digest& root) {
  const std::lock_guard lock(mutex_);
  ASSAY_ASSIGN(Database * database, OpenFile(file));
  if (database == nullptr) return std::optional<SealedBody>();
  ASSAY_ASSIGN(Statement find,
               database->Prepare(fmt::format(
                   "SELECT {}, epoch, ident, key, parts, id, erased FROM body WHERE root = ?1",
                   kRefColumns)));
  ASSAY_ASSIGN(const bool found, find.Bind(1, root).Step());
  if (!found) return std::optional<SealedBody>();
  SealedBody body;
  body.place = file;
  ASSAY_ASSIGN(body.ref, ReadRef(find));
  body.epoch = static_cast<uint32_t>(find.Integer(4));
  if (const ByteSpan ident = find.Blob(5); !ident.empty()) {
    const auto digest = ToDigest(ident);
    if (!digest) return Fail(Code::kCorrupt, file + ": ident is not 32 bytes");
    body.ident = *digest;
  }
  AppendBytes(body.wrapped_key, find.Blob(6));
  AppendBytes(body.erased, find.Blob(9));
  ASSAY_TRY(ReadParts(*database, find.Integer(8), find.Integer(7), body));
  return std::optional(std::move(body));
}

Result<std::optional<BodyRef>> BodyReader::FindIdent(const std::string& month,
                                                     const Digest& ident) {
  const std::lock_guard lock(mutex_);
  std::error_code ignored;
  if (!std::filesystem::exists(directory_ / FileOf(month), ignored))
    return std::optional<BodyRef>();
  ASSAY_ASSIGN(Database * database, OpenFile(FileOf(month)));
  if (database == nullptr) return std::optional<BodyRef>();
  ASSAY_ASSIGN(Statement find,
               database->Prepare(fmt::format("SELECT {} FROM body WHERE ident = ?1", kRefColumns)));
  return FindByIdent(find, ident);
}

}  // namespace assay::ledger
