// What the ledger asks of its storage, and nothing more: append a group, read lines and tiles, keep
// sealed bodies, wrapped keys and signed notes. SQLite implements it (sqlite_store.h).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "proof/tile.h"

namespace assay::ledger {

/// The head row: what an append goes on from.
struct StoredHead {
  uint64_t size = 0;
  Digest root{};
  uint32_t epoch = 1;
  ByteVector frontier;  ///< proof::Frontier::Encode
  bool operator==(const StoredHead&) const = default;
};

/// An entry that changes how others are read (docs/formats/entry.md, landmarks).
struct Landmark {
  uint64_t index = 0;
  std::string kind;
  bool operator==(const Landmark&) const = default;
};
/// Above every index: SQLite's integers are signed.
inline constexpr uint64_t kEveryIndex = UINT64_MAX >> 1;
/// True for the kinds that stand in the landmark table.
bool IsLandmarkKind(std::string_view kind);

/// Lines one behind the other in one buffer, which is kept when they go.
class LineList {
 public:
  size_t size() const { return ends_.size(); }
  std::string_view operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }
  void Add(std::string_view line) {
    AddWith([&](std::string& text) { text.append(line); });
  }
  /// `write` puts the line at the end of the buffer.
  template <typename Write>
  std::string_view AddWith(const Write& write) {
    write(text_);
    ends_.push_back(text_.size());
    return (*this)[ends_.size() - 1];
  }
  void Clear() {
    text_.clear();
    ends_.clear();
  }

 private:
  std::string text_;
  std::vector<size_t> ends_;
};

/// Entries that become durable together, or not at all.
struct Group {
  uint64_t first_index = 0;
  LineList lines;
  std::vector<Landmark> landmarks;  ///< those among the lines
  std::vector<proof::Tile> tiles;   ///< those that became full
  std::vector<ByteVector> tokens;   ///< RFC 3161 tokens that entries among the lines name
  StoredHead head;                  ///< after the last line
};

/// A body as it lies in the evidence store.
struct SealedBody {
  BodyRef ref;
  uint32_t epoch = 1;
  std::optional<Digest> ident;  ///< keyed digest that finds bytes seen before; none when erased
  ByteVector wrapped_key;
  std::vector<ByteVector> parts;
  ByteVector erased;  ///< number and leaf hash of each segment that was taken out
  std::string place;  ///< file, filled by the store when read
};

struct StoredNote {
  uint64_t size = 0;
  std::string note;
};

/// A fault below the rows: a page, an index, the schema.
struct StorageFault {
  std::string place;
  std::string message;
};

/// One tenant's storage. Writing methods are called by one thread at a time (the writer); reading
/// ones are safe from any thread and see what is committed.
class LedgerStore {
 public:
  using LineVisitor = std::function<bool(LeafIndex, std::string_view)>;

  virtual ~LedgerStore() = default;

  /// Raises the writer epoch: whoever holds an older one cannot commit any more.
  virtual Status TakeLease() = 0;
  /// Commits and syncs. kCorrupt when the stored head is not the one that the group goes on from or
  /// the lease went to another writer; kIo otherwise. Never to be retried.
  virtual Status AppendGroup(const Group& group) = 0;
  virtual Status AppendNote(const StoredNote& note) = 0;
  /// Commits bodies to the month's file ("202611"); for bytes seen before in that month the earlier
  /// reference is returned in place of the new one.
  virtual Result<std::vector<BodyRef>> PutBodies(const std::string& month,
                                                 const std::vector<const SealedBody*>& bodies) = 0;
  /// Replaces what is stored of a body by what is left of it (same root, `place` says where): no
  /// ident any more, freed pages overwritten, the write-ahead log emptied. kUnavailable when a
  /// reader keeps the log in use: the change is committed, its old pages still lie there.
  virtual Status RewriteBody(const SealedBody& body) = 0;
  /// Removes bodies from one evidence file, and the file when nothing is left in it. Codes as
  /// above.
  virtual Status RemoveBodies(const std::string& file, const std::vector<Digest>& roots) = 0;
  /// Removes every evidence file and overwrites and removes the wrapped keys.
  virtual Status DestroyEvidence() = 0;
  /// Empties the write-ahead log of each evidence file that has one.
  virtual Status EmptyEvidenceLogs() = 0;
  /// Adds wrapped keys, and replaces those of a name that is there: all of them or none. Durable.
  virtual Status WriteKeys(const std::map<std::string, ByteVector>& wrapped) = 0;
  /// Copies what is in the write-ahead logs back and empties them.
  virtual Status Settle() = 0;

  /// From now on all that is read of entries, tiles, heads and notes is as it is now, whatever
  /// another process appends, until this object goes.
  virtual Status HoldSnapshot() = 0;
  /// Empty when nothing was ever appended.
  virtual Result<std::optional<StoredHead>> ReadHead() = 0;
  /// Lines of [from, to) that are there, in order of index, until `visit` returns false.
  virtual Status ReadLines(uint64_t from, uint64_t to, const LineVisitor& visit) = 0;
  /// Those of [from, to) whose kind begins with `prefix`, in order of index.
  virtual Result<std::vector<Landmark>> ReadLandmarks(std::string_view prefix, uint64_t from = 0,
                                                      uint64_t to = kEveryIndex) = 0;
  /// The RFC 3161 token of that SHA-256.
  virtual Result<std::optional<ByteVector>> FindToken(const Digest& digest) = 0;
  virtual Status VisitTokens(
      const std::function<Status(ByteSpan digest, ByteSpan token)>& visit) = 0;
  virtual Result<std::optional<ByteVector>> ReadTile(proof::TileId id) = 0;
  virtual Status VisitTiles(const std::function<Status(const proof::Tile&)>& visit) = 0;
  /// Tiles that a tree of `size` leaves does not fill yet; with 0 all. No tile is read for it.
  virtual Result<uint64_t> CountTiles(uint64_t size) = 0;
  /// Those of at least `from` entries, smallest size first.
  virtual Status VisitNotes(const std::function<Status(const StoredNote&)>& visit,
                            uint64_t from = 0) = 0;
  /// The newest notes of fewer than `below` entries, newest first, at most `count`.
  virtual Result<std::vector<StoredNote>> NewestNotes(int count, uint64_t below = kEveryIndex) = 0;
  /// Names of the evidence files, oldest first.
  virtual Result<std::vector<std::string>> EvidenceFiles() = 0;
  /// Roots of the bodies in one evidence file, in the order in which they were stored.
  virtual Result<std::vector<Digest>> RootsIn(const std::string& file) = 0;
  virtual Result<std::optional<SealedBody>> FindBody(const Digest& root) = 0;
  /// The same when it is known to lie in `file`.
  virtual Result<std::optional<SealedBody>> FindBodyIn(const std::string& file,
                                                       const Digest& root) = 0;
  virtual Result<std::optional<BodyRef>> FindIdent(const std::string& month,
                                                   const Digest& ident) = 0;
  virtual Result<std::map<std::string, ByteVector>> ReadKeys() = 0;
  /// Faults below the rows, empty when none: of write-ahead logs and schemas, and with `pages` of
  /// every page and index. Slow then: reads everything.
  virtual Result<std::vector<StorageFault>> FindFaults(bool pages) = 0;
};

}  // namespace assay::ledger
