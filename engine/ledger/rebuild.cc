#include "ledger/rebuild.h"

#include <functional>

#include "base/files.h"
#include "ledger/checkpoint_log.h"
#include "ledger/copy.h"
#include "ledger/line.h"
#include "ledger/sqlite_bodies.h"
#include "ledger/sqlite_store.h"

namespace assay::ledger {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kGroup = 1000;

class EntryRebuild {
 public:
  EntryRebuild(LedgerStore& from, LedgerStore& to, uint64_t size)
      : from_(from), to_(to), size_(size) {}

  Status Run() {
    ASSAY_TRY(to_.TakeLease());
    std::vector<StoredNote> notes;
    ASSAY_TRY(from_.VisitNotes([&](const StoredNote& note) -> Status {
      if (note.size <= size_) notes.push_back(note);
      return {};
    }));
    for (const StoredNote& note : notes) {
      ASSAY_TRY(AppendUpTo(note.size));
      ASSAY_TRY(to_.AppendNote(note));
      log_ += LogForm(note.note);
    }
    ASSAY_TRY(AppendUpTo(size_));
    return to_.Settle();
  }
  const std::string& log() const { return log_; }

 private:
  Status AppendUpTo(uint64_t end) {
    while (frontier_.size() < end) {
      const uint64_t first = frontier_.size();
      Group group;
      group.first_index = first;
      ASSAY_TRY(Collect(first, std::min(end, first + kGroup), group));
      if (frontier_.size() == first)
        return Fail(Code::kCorrupt, "entry " + std::to_string(first) + ": missing");
      group.head = {frontier_.size(), frontier_.Root(), epoch_, frontier_.Encode()};
      ASSAY_TRY(to_.AppendGroup(group));
    }
    return {};
  }

  Status Collect(uint64_t first, uint64_t last, Group& group) {
    Status status;
    ASSAY_TRY(from_.ReadLines(first, last, [&](LeafIndex index, std::string_view line) {
      status = Take(ToNumber(index), line, group);
      return status.has_value();
    }));
    return status;
  }

  Status Take(uint64_t index, std::string_view line, Group& group) {
    if (index != frontier_.size())
      return Fail(Code::kCorrupt, "entry " + std::to_string(frontier_.size()) + ": missing");
    ASSAY_ASSIGN(const LineFacts facts, ParseLine(line));
    if (IsLandmarkKind(facts.kind)) group.landmarks.push_back({index, facts.kind});
    if (facts.kind == "checkpoint.timestamped") {
      ASSAY_ASSIGN(const std::string digest, proof::TextAt(facts.members, "digest"));
      ASSAY_ASSIGN(const ByteVector bytes, ParseBase64(digest));
      ASSAY_ASSIGN(const Digest named, ToDigest(bytes));
      ASSAY_ASSIGN(std::optional<ByteVector> token, from_.FindToken(named));
      if (!token) return Fail(Code::kCorrupt, "ledger.db: a time stamp is missing");
      group.tokens.push_back(std::move(*token));
    }
    const Digest leaf = proof::HashEntry(line);
    frontier_.Append(leaf);
    tiles_.Append(leaf, group.tiles);
    epoch_ = facts.epoch;
    group.lines.Add(line);
    return {};
  }

  LedgerStore& from_;
  LedgerStore& to_;
  const uint64_t size_;
  uint32_t epoch_ = 1;
  proof::Frontier frontier_;
  proof::TileBuilder tiles_;
  std::string log_;
};

Result<std::set<Digest>> ReferredRoots(const fs::path& directory) {
  ASSAY_ASSIGN(const auto store, OpenSqliteStore(directory, StoreMode::kRead, "none"));
  std::set<Digest> out;
  Status status;
  ASSAY_TRY(store->ReadLines(0, UINT64_MAX >> 1, [&](LeafIndex, std::string_view line) {
    const auto facts = ParseLine(line);
    if (!facts) return status = Fail(facts.error()), false;
    if (facts->body) out.insert(facts->body->root);
    return true;
  }));
  ASSAY_TRY(status);
  return out;
}

using IsWanted = std::function<bool(const Digest&)>;

Result<std::vector<uint64_t>> FindUnwanted(const Database& database, const IsWanted& wanted) {
  std::vector<uint64_t> out;
  ASSAY_ASSIGN(Statement read, database.Prepare("SELECT id, root FROM body"));
  for (;;) {
    ASSAY_ASSIGN(const bool row, read.Step());
    if (!row) return out;
    ASSAY_ASSIGN(const Digest root, ToDigest(read.Blob(1)));
    if (!wanted(root)) out.push_back(read.Integer(0));
  }
}

Status KeepBodies(const fs::path& file, const IsWanted& wanted) {
  ASSAY_ASSIGN(Database database, Database::Open(file, Database::Mode::kWrite));
  ASSAY_ASSIGN(const bool unmade, IsUnmade(database));
  if (unmade) return {};
  ASSAY_ASSIGN(const std::vector<uint64_t> unwanted, FindUnwanted(database, wanted));
  if (unwanted.empty()) return database.CopyBack(true);
  ASSAY_ASSIGN(Statement parts, database.Prepare("DELETE FROM part WHERE body = ?1"));
  ASSAY_ASSIGN(Statement body, database.Prepare("DELETE FROM body WHERE id = ?1"));
  ASSAY_ASSIGN(Transaction transaction, Transaction::Begin(database));
  for (const uint64_t id : unwanted) {
    ASSAY_TRY(parts.Bind(1, id).Run());
    ASSAY_TRY(body.Bind(1, id).Run());
  }
  ASSAY_TRY(transaction.Commit());
  return database.CopyBack(true);
}

}  // namespace

Status RebuildEntries(const fs::path& from, const fs::path& to, uint64_t size) {
  ASSAY_ASSIGN(const auto source, OpenSqliteStore(from, StoreMode::kRead, "none"));
  ASSAY_ASSIGN(auto target, OpenSqliteStore(to, StoreMode::kWrite));
  EntryRebuild rebuild(*source, *target, size);
  ASSAY_TRY(rebuild.Run());
  target.reset();
  return WriteFileDurably(to / "checkpoints.log", AsBytes(rebuild.log()), 0600);
}

Status RebuildBodies(const fs::path& from, const fs::path& to) {
  ASSAY_ASSIGN(const std::set<Digest> referred, ReferredRoots(to));
  ASSAY_ASSIGN(const std::vector<std::string> names, EvidenceFiles(from));
  for (const std::string& name : names) {
    ASSAY_TRY(CopyDatabase(from / name, to / name));
    ASSAY_TRY(KeepBodies(to / name, [&](const Digest& root) { return referred.contains(root); }));
  }
  return {};
}

Status RemoveBodies(const fs::path& directory, const std::set<Digest>& roots) {
  ASSAY_ASSIGN(const std::vector<std::string> names, EvidenceFiles(directory));
  for (const std::string& name : names)
    ASSAY_TRY(
        KeepBodies(directory / name, [&](const Digest& root) { return !roots.contains(root); }));
  return {};
}

}  // namespace assay::ledger
