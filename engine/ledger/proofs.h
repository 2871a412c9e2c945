// Proofs of one ledger under its newest signed head: bundles that show one entry, one record or
// growth, and the roots of earlier sizes. Made from tiles; no line but those shown is read.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "ledger/seal.h"
#include "proof/bundle.h"

namespace assay::ledger {

/// Safe from any thread. Lives no longer than the store.
class Proofs {
 public:
  using BodyOpener = std::function<Result<OpenedBody>(const Digest& root)>;

  /// Reads the newest note and the open tiles of its size. kNotFound when nothing was signed yet,
  /// kCorrupt when note and tree disagree.
  static Result<std::unique_ptr<Proofs>> Load(LedgerStore& store, BodyOpener open_body);

  /// The head that everything here is proved under.
  const proof::Checkpoint& head() const { return head_; }
  /// Its note, with the known cosignature lines after the ledger's own.
  const std::string& note() const { return note_; }
  const proof::Handovers& keys() const { return *keys_; }

  /// A .tlog-proof of an entry, with `segment` of one segment of its body as well. kNotFound,
  /// kUnavailable (no signed head covers the entry yet), kDenied (not a record that may be shown
  /// alone, or no key).
  Result<std::string> Prove(LeafIndex index, std::optional<uint64_t> segment);
  /// A .tlog-consistency from an earlier note of this ledger. kCorrupt when the note is no head
  /// that this ledger grew from.
  Result<std::string> ProveConsistency(const std::string& from);
  /// Hashes that lead from the head of `size` entries to this one. kInvalidInput above it.
  Result<std::vector<Digest>> ConsistencyPath(TreeSize size);
  Result<std::vector<Digest>> InclusionPath(LeafIndex index);
  /// The root that the first `size` entries have here.
  Result<Digest> RootAt(TreeSize size);

 private:
  Proofs(LedgerStore& store, BodyOpener open_body)
      : store_(store), open_body_(std::move(open_body)) {}
  Status LoadKeys();
  Status LoadTree();
  Status AddCosignatures();
  Result<Digest> ReadNode(unsigned level, uint64_t index);
  Result<proof::ShownRecord> ShowSegment(const std::string& line, uint64_t segment);

  LedgerStore& store_;
  BodyOpener open_body_;
  proof::Checkpoint head_;
  std::string note_;
  std::optional<proof::Handovers> keys_;
  proof::HashReader read_;  ///< through the memory of the last tiles
  std::mutex mutex_;
  struct CachedTile {
    proof::TileId id;
    ByteVector hashes;
  };
  std::vector<CachedTile> tiles_;                         ///< the newest one of each level
  std::map<std::pair<unsigned, uint64_t>, Digest> edge_;  ///< nodes of open tiles
  uint64_t closed_ = 0;                                   ///< leaves in full tiles of level 0
};

/// Lines of keys, rotations and epochs before `size`, for Handovers::FromLines.
Result<std::vector<std::string>> ReadKeyLines(LedgerStore& store, uint64_t size);

}  // namespace assay::ledger
