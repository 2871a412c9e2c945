// Where the ledger stands between two appends: tree, tiles, previous line, time. Loaded and checked
// at open, moved on by the writer alone.
#pragma once

#include "ledger/line.h"
#include "ledger/store.h"

namespace assay::ledger {

class Chain {
 public:
  /// From the head row: rehashes at most 255 lines and checks them against the stored root.
  /// kCorrupt when head, tiles and lines do not agree.
  static Result<Chain> Load(LedgerStore& store, const TenantId& tenant);

  /// Completes a line, takes it into the tree and adds it to the group.
  Appended Append(const PreparedLine& prepared, Timestamp now, Group& group);
  /// The head to be stored with a group.
  StoredHead ToStored() const;
  Head head() const { return {TreeSize{frontier_.size()}, frontier_.Root(), epoch_}; }
  uint64_t size() const { return frontier_.size(); }
  uint32_t epoch() const { return epoch_; }

 private:
  explicit Chain(const TenantId& tenant) : tenant_(tenant.text()) {}
  Status TakeLastLine(LedgerStore& store);

  std::string tenant_;
  uint32_t epoch_ = 1;
  proof::Frontier frontier_;
  proof::TileBuilder tiles_;
  Digest prev_{};
  Timestamp last_{};
};

/// Node hashes of the stored tree of `size` leaves.
proof::HashReader ReadStoredTree(LedgerStore& store, uint64_t size);
/// One line. kNotFound.
Result<std::string> ReadOneLine(LedgerStore& store, uint64_t index);

}  // namespace assay::ledger
