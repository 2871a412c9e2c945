// Where the ledger stands between two appends: tree, tiles, previous line, time. Loaded and checked
// at open, moved on by the writer alone.
#pragma once

#include <span>

#include "ledger/line.h"
#include "ledger/store.h"

namespace assay::ledger {

class Chain {
 public:
  /// From the head row: rehashes at most 255 lines, those after the last full tile, and checks them
  /// against the stored frontier and root. kCorrupt when head and lines do not agree. The tiles are
  /// not looked at: that is for verification, and would cost more the larger the ledger is.
  static Result<Chain> Load(LedgerStore& store, const TenantId& tenant);

  /// Before `entries` more are appended: reads what the tiles that they fill still lack, once in
  /// 65,536 entries and only when the chain was loaded since the last time.
  Status MakeReady(LedgerStore& store, uint64_t entries);
  /// Completes a line, takes it into the tree and adds it to the group.
  Appended Append(std::string_view prepared, const LineShape& shape, Timestamp now, Group& group);
  /// The head to be stored with a group.
  StoredHead ToStored() const;
  Head head() const { return {TreeSize{frontier_.size()}, frontier_.Root(), epoch_}; }
  uint64_t size() const { return frontier_.size(); }
  uint32_t epoch() const { return epoch_; }

 private:
  explicit Chain(const TenantId& tenant) : tenant_(tenant.text()) {}
  Status TakeLastLine(std::string_view line);

  std::string tenant_;
  uint32_t epoch_ = 1;
  proof::Frontier frontier_;
  proof::TileBuilder tiles_;
  Digest prev_{};
  Timestamp last_{};
};

/// Node hashes of the stored tree of `size` leaves.
proof::HashReader ReadStoredTree(LedgerStore& store, uint64_t size);
/// Root of the first `size` of the entries that `head` stands over. Without reading any tile when
/// `size` is after the last full one.
Result<Digest> StoredRootAt(LedgerStore& store, const StoredHead& head, uint64_t size);
/// True when that leaf stands at `index` under the head: climbs to the complete subtree that holds
/// it and compares with the head's frontier, so that it reads three tiles for an old entry of a
/// ledger of any size.
Result<bool> IsInTree(LedgerStore& store, const StoredHead& head, uint64_t index,
                      const Digest& leaf);
/// The landmarks of [from, to) whose kind begins with one of `prefixes`, in order of index.
Result<std::vector<Landmark>> ReadFamilies(LedgerStore& store,
                                           std::span<const std::string_view> prefixes,
                                           uint64_t from = 0, uint64_t to = kEveryIndex);
/// One line. kNotFound.
Result<std::string> ReadOneLine(LedgerStore& store, uint64_t index);

}  // namespace assay::ledger
