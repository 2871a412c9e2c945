#include "ledger/sqlite_entries.h"

#include <fmt/format.h>

#include "proof/sha256.h"

namespace assay::ledger {
namespace {

constexpr int kCopyBackPages = 4096;  // 16 MiB of log
constexpr uint64_t kBatch = 512;

// One statement for so many lines: the place in the tree is looked up once for all of them, a
// quarter of SQLite's time for each. More gain nothing.
constexpr size_t kLinesAtOnce = 32;

std::string InsertLinesSql(size_t count) {
  std::string sql = "INSERT INTO entry VALUES";
  for (size_t i = 0; i < count; ++i)
    sql += fmt::format("{}(?{}, ?{})", i == 0 ? "" : ", ", 2 * i + 1, 2 * i + 2);
  return sql;
}

}  // namespace

Result<EntryWriter> EntryWriter::Open(const std::filesystem::path& path) {
  EntryWriter out;
  ASSAY_ASSIGN(out.database_, Database::Open(path, Database::Mode::kWrite));
  ASSAY_TRY(PrepareSchema(out.database_, FileKind::kLedger));
  ASSAY_ASSIGN(out.insert_line_, out.database_.Prepare(InsertLinesSql(1)));
  ASSAY_ASSIGN(out.insert_lines_, out.database_.Prepare(InsertLinesSql(kLinesAtOnce)));
  ASSAY_ASSIGN(out.insert_tile_, out.database_.Prepare("INSERT INTO tile VALUES(?1, ?2, ?3)"));
  ASSAY_ASSIGN(out.insert_landmark_, out.database_.Prepare("INSERT INTO landmark VALUES(?1, ?2)"));
  ASSAY_ASSIGN(
      out.update_head_,
      out.database_.Prepare("INSERT INTO head VALUES(1, ?1, ?2, ?3, ?4) ON CONFLICT(id) DO "
                            "UPDATE SET size=?1, root=?2, epoch=?3, frontier=?4"));
  ASSAY_ASSIGN(
      out.read_fence_,
      out.database_.Prepare("SELECT writer, coalesce((SELECT size FROM head), 0) FROM lease"));
  return out;
}

Status EntryWriter::TakeLease() {
  ASSAY_ASSIGN(Transaction transaction, Transaction::Begin(database_));
  ASSAY_TRY(database_.Execute(
      "INSERT INTO lease VALUES(1, 1) ON CONFLICT(id) DO UPDATE SET writer = writer + 1"));
  ASSAY_ASSIGN(const bool row, read_fence_.Step());
  writer_ = row ? read_fence_.Integer(0) : 0;
  read_fence_.Reset();
  return transaction.Commit();
}

Status EntryWriter::CheckFence(uint64_t expected_size) {
  ASSAY_ASSIGN(const bool row, read_fence_.Step());
  const bool mine = row && read_fence_.Integer(0) == writer_;
  const uint64_t size = row ? read_fence_.Integer(1) : 0;
  read_fence_.Reset();
  if (!mine) return Fail(Code::kCorrupt, "ledger.db: another writer took the lease");
  if (size != expected_size)
    return Fail(Code::kCorrupt,
                fmt::format("ledger.db: head is at {}, this writer is at {}", size, expected_size));
  return {};
}

Status EntryWriter::InsertLines(uint64_t first_index, const LineList& lines) {
  for (size_t done = 0; done < lines.size();) {
    const bool many = lines.size() - done >= kLinesAtOnce;
    Statement& insert = many ? insert_lines_ : insert_line_;
    for (int i = 0; i < (many ? static_cast<int>(kLinesAtOnce) : 1); ++i, ++done)
      insert.Bind(2 * i + 1, first_index + done).Bind(2 * i + 2, AsBytes(lines[done]));
    ASSAY_TRY(insert.Run());
  }
  return {};
}

Status EntryWriter::InsertRows(const Group& group) {
  ASSAY_TRY(InsertLines(group.first_index, group.lines));
  for (const proof::Tile& tile : group.tiles)
    ASSAY_TRY(
        insert_tile_.Bind(1, tile.id.level).Bind(2, tile.id.index).Bind(3, tile.hashes).Run());
  for (const Landmark& landmark : group.landmarks)
    ASSAY_TRY(insert_landmark_.Bind(1, landmark.index).BindText(2, landmark.kind).Run());
  for (const ByteVector& token : group.tokens) {
    ASSAY_ASSIGN(Statement insert, database_.Prepare("INSERT INTO timestamp VALUES(?1, ?2)"));
    ASSAY_TRY(insert.Bind(1, ByteSpan(proof::Sha256(token))).Bind(2, ByteSpan(token)).Run());
  }
  const StoredHead& head = group.head;
  return update_head_.Bind(1, head.size)
      .Bind(2, head.root)
      .Bind(3, head.epoch)
      .Bind(4, head.frontier)
      .Run();
}

Status EntryWriter::Append(const Group& group) {
  ASSAY_ASSIGN(Transaction transaction, Transaction::Begin(database_));
  ASSAY_TRY(CheckFence(group.first_index));
  ASSAY_TRY(InsertRows(group));
  return CommitAndCopyBack(std::move(transaction));
}

Status EntryWriter::AppendNote(const StoredNote& note) {
  ASSAY_ASSIGN(Transaction transaction, Transaction::Begin(database_));
  ASSAY_TRY(CheckFence(note.size));
  ASSAY_ASSIGN(Statement insert, database_.Prepare("INSERT INTO checkpoint VALUES(?1, ?2)"));
  ASSAY_TRY(insert.Bind(1, note.size).Bind(2, AsBytes(note.note)).Run());
  return CommitAndCopyBack(std::move(transaction));
}

Status EntryWriter::CommitAndCopyBack(Transaction transaction) {
  ASSAY_TRY(transaction.Commit());
  return database_.wal_pages() > kCopyBackPages ? database_.CopyBack(false) : Status{};
}

Result<std::unique_ptr<EntryReader>> EntryReader::Open(const std::filesystem::path& path) {
  auto out = std::make_unique<EntryReader>();
  ASSAY_ASSIGN(out->database_, Database::Open(path, Database::Mode::kRead));
  ASSAY_ASSIGN(const bool unmade, IsUnmade(out->database_));
  if (unmade)  // no less than damage: somebody may have emptied it
    return Fail(Error{Code::kCorrupt,
                      "ledger.db: holds nothing, its making was cut short",
                      {},
                      "the next command that writes makes it, unless it did hold entries",
                      {},
                      {}});
  ASSAY_ASSIGN(out->read_lines_,
               out->database_.Prepare("SELECT idx, line FROM entry WHERE idx >= ?1 AND idx < ?2 "
                                      "ORDER BY idx LIMIT ?3"));
  ASSAY_ASSIGN(out->read_tile_,
               out->database_.Prepare("SELECT hashes FROM tile WHERE level = ?1 AND idx = ?2"));
  return out;
}

// A read transaction of SQLite begins with its first read.
Status EntryReader::HoldSnapshot() {
  {
    const std::lock_guard lock(mutex_);
    ASSAY_TRY(database_.Execute("BEGIN"));
  }
  ASSAY_TRY(ReadHead());
  return {};
}

Result<std::optional<StoredHead>> EntryReader::ReadHead() {
  const std::lock_guard lock(mutex_);
  ASSAY_ASSIGN(Statement read,
               database_.Prepare("SELECT size, root, epoch, frontier FROM head WHERE id = 1"));
  ASSAY_ASSIGN(const bool row, read.Step());
  if (!row) return std::optional<StoredHead>();
  StoredHead head;
  head.size = read.Integer(0);
  const auto root = ToDigest(read.Blob(1));
  if (!root) return Fail(Code::kCorrupt, "ledger.db: head has no root of 32 bytes");
  head.root = *root;
  head.epoch = static_cast<uint32_t>(read.Integer(2));
  AppendBytes(head.frontier, read.Blob(3));
  return std::optional(std::move(head));
}

Result<std::vector<EntryReader::Line>> EntryReader::ReadBatch(uint64_t from, uint64_t to) {
  const std::lock_guard lock(mutex_);
  std::vector<Line> out;
  read_lines_.Bind(1, from).Bind(2, to).Bind(3, kBatch);
  for (;;) {
    auto row = read_lines_.Step();
    if (!row || !*row) {
      read_lines_.Reset();
      if (!row) return Fail(std::move(row.error()));
      return out;
    }
    out.push_back({read_lines_.Integer(0), std::string(AsText(read_lines_.Blob(1)))});
  }
}

// In batches, so that no lock is held while `visit` runs: it may read the ledger itself.
Status EntryReader::ReadLines(uint64_t from, uint64_t to, const LedgerStore::LineVisitor& visit) {
  while (from < to) {
    ASSAY_ASSIGN(const std::vector<Line> lines, ReadBatch(from, to));
    if (lines.empty()) return {};
    for (const Line& line : lines)
      if (!visit(LeafIndex{line.index}, line.text)) return {};
    if (lines.back().index < from)
      return Fail(Code::kCorrupt, "ledger.db: entries are not in order of index");
    from = lines.back().index + 1;
  }
  return {};
}

// Kinds are of [a-z0-9._], so that a tilde is above all that begin with the prefix. The others are
// passed over by the index on kinds: opening reads a few of what may be many cosignatures. The plus
// keeps SQLite from reading all rows of the wanted indexes in its place.
Result<std::vector<Landmark>> EntryReader::ReadLandmarks(std::string_view prefix, uint64_t from,
                                                         uint64_t to) {
  const std::lock_guard lock(mutex_);
  // Without a bound rows of any index are read: one that cannot be is damage that must be seen.
  std::string where = prefix.empty() ? "1" : "kind >= ?1 AND kind < ?1 || '~'";
  const char* column = prefix.empty() ? "idx" : "+idx";
  if (from > 0) where += fmt::format(" AND {} >= {}", column, from);
  if (to < kEveryIndex) where += fmt::format(" AND {} < {}", column, to);
  ASSAY_ASSIGN(Statement read, database_.Prepare("SELECT idx, kind FROM landmark WHERE " + where +
                                                 " ORDER BY idx"));
  if (!prefix.empty()) read.BindText(1, prefix);
  std::vector<Landmark> out;
  for (;;) {
    ASSAY_ASSIGN(const bool row, read.Step());
    if (!row) return out;
    out.push_back({read.Integer(0), std::string(AsText(read.Blob(1)))});
  }
}

Result<std::optional<ByteVector>> EntryReader::FindToken(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  ASSAY_ASSIGN(Statement read, database_.Prepare("SELECT token FROM timestamp WHERE digest = ?1"));
  ASSAY_ASSIGN(const bool row, read.Bind(1, ByteSpan(digest)).Step());
  std::optional<ByteVector> out;
  if (row) AppendBytes(out.emplace(), read.Blob(0));
  return out;
}

Status EntryReader::VisitTokens(const std::function<Status(ByteSpan, ByteSpan)>& visit) {
  const std::lock_guard lock(mutex_);
  ASSAY_ASSIGN(Statement read, database_.Prepare("SELECT digest, token FROM timestamp"));
  for (;;) {
    ASSAY_ASSIGN(const bool row, read.Step());
    if (!row) return {};
    ASSAY_TRY(visit(read.Blob(0), read.Blob(1)));
  }
}

Result<std::optional<ByteVector>> EntryReader::ReadTile(proof::TileId id) {
  const std::lock_guard lock(mutex_);
  read_tile_.Bind(1, id.level).Bind(2, id.index);
  auto row = read_tile_.Step();
  std::optional<ByteVector> out;
  if (row && *row) AppendBytes(out.emplace(), read_tile_.Blob(0));
  read_tile_.Reset();
  if (!row) return Fail(std::move(row.error()));
  return out;
}

Status EntryReader::VisitTiles(const std::function<Status(const proof::Tile&)>& visit) {
  const std::lock_guard lock(mutex_);
  ASSAY_ASSIGN(Statement read,
               database_.Prepare("SELECT level, idx, hashes FROM tile ORDER BY level, idx"));
  for (;;) {
    ASSAY_ASSIGN(const bool row, read.Step());
    if (!row) return {};
    proof::Tile tile{{static_cast<unsigned>(read.Integer(0)), read.Integer(1)}, {}};
    AppendBytes(tile.hashes, read.Blob(2));
    ASSAY_TRY(visit(tile));
  }
}

Result<uint64_t> EntryReader::CountTiles(uint64_t size) {
  constexpr unsigned kLevels = 7;  // above them a tile would cover more leaves than there can be
  std::string where;               // at least as far right as the open tile of its level
  if (size > 0) where = fmt::format(" WHERE level >= {}", kLevels);
  for (unsigned level = 0; level < kLevels && size > 0; ++level)
    where += fmt::format(" OR level = {} AND idx >= {}", level,
                         size >> (proof::kTileBits * (level + 1)));
  const std::lock_guard lock(mutex_);
  ASSAY_ASSIGN(Statement count, database_.Prepare("SELECT count(*) FROM tile" + where));
  ASSAY_ASSIGN(const bool row, count.Step());
  return row ? count.Integer(0) : 0;
}

Result<std::vector<StoredNote>> EntryReader::ReadNotes(const std::string& order_and_limit) {
  const std::lock_guard lock(mutex_);
  ASSAY_ASSIGN(Statement read,
               database_.Prepare("SELECT size, note FROM checkpoint " + order_and_limit));
  std::vector<StoredNote> out;
  for (;;) {
    ASSAY_ASSIGN(const bool row, read.Step());
    if (!row) return out;
    out.push_back({read.Integer(0), std::string(AsText(read.Blob(1)))});
  }
}

}  // namespace assay::ledger
