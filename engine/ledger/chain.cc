#include "ledger/chain.h"

#include <fmt/format.h>

#include <algorithm>

namespace assay::ledger {

Result<std::string> ReadOneLine(LedgerStore& store, uint64_t index) {
  std::optional<std::string> line;
  ASSAY_TRY(store.ReadLines(index, index + 1, [&](LeafIndex, std::string_view text) {
    line = text;
    return true;
  }));
  if (!line) return Fail(Code::kNotFound, fmt::format("entry {}: not in the ledger", index));
  return std::move(*line);
}

proof::HashReader ReadStoredTree(LedgerStore& store, uint64_t size) {
  const auto read_tile = [&store](proof::TileId id) -> Result<ByteVector> {
    ASSAY_ASSIGN(std::optional<ByteVector> tile, store.ReadTile(id));
    if (!tile) return Fail(Code::kCorrupt, "ledger.db: " + proof::TilePath(id) + " is missing");
    return std::move(*tile);
  };
  const auto read_leaf = [&store](uint64_t index) -> Result<Digest> {
    auto line = ReadOneLine(store, index);
    if (!line) return Fail(Code::kCorrupt, line.error().message);
    return proof::HashEntry(*line);
  };
  return proof::ReadFromTiles(size, read_tile, read_leaf);
}

Result<Chain> Chain::Load(LedgerStore& store, const TenantId& tenant) {
  Chain chain(tenant);
  ASSAY_ASSIGN(const std::optional<StoredHead> head, store.ReadHead());
  if (!head) {
    bool any = false;
    ASSAY_TRY(store.ReadLines(0, UINT64_MAX >> 1, [&](LeafIndex, std::string_view) {
      any = true;
      return false;
    }));
    if (any) return Fail(Code::kCorrupt, "ledger.db: head row is missing");
    return chain;
  }
  const proof::HashReader read = ReadStoredTree(store, head->size);
  ASSAY_ASSIGN(chain.frontier_, proof::FrontierAt(proof::TreeKind::kEntry, head->size, read));
  if (chain.frontier_.Root() != head->root || chain.frontier_.Encode() != head->frontier)
    return Fail(Code::kCorrupt, "ledger.db: head is not that of the stored entries");
  ASSAY_ASSIGN(std::vector<ByteVector> open, proof::OpenTiles(head->size, read));
  chain.tiles_ = proof::TileBuilder(head->size, std::move(open));
  chain.epoch_ = head->epoch;
  if (head->size > 0) ASSAY_TRY(chain.TakeLastLine(store));
  return chain;
}

Status Chain::TakeLastLine(LedgerStore& store) {
  ASSAY_ASSIGN(const std::string line, ReadOneLine(store, size() - 1));
  ASSAY_ASSIGN(const LineFacts facts, ParseLine(line));
  if (facts.tenant != tenant_)
    return Fail(Code::kCorrupt, "ledger.db: belongs to tenant " + Quote(facts.tenant));
  prev_ = proof::Sha256(AsBytes(line));
  last_ = facts.time;
  return {};
}

bool IsLandmarkKind(std::string_view kind) {
  static constexpr std::string_view kFamilies[] = {"key.",     "epoch.",     "checkpoint.",
                                                   "erasure.", "retention.", "hold."};
  return std::any_of(std::begin(kFamilies), std::end(kFamilies),
                     [&](std::string_view family) { return kind.starts_with(family); });
}

Appended Chain::Append(const PreparedLine& prepared, Timestamp now, Group& group) {
  if (prepared.kind == "epoch.started") ++epoch_;
  if (IsLandmarkKind(prepared.kind)) group.landmarks.push_back({size(), prepared.kind});
  Place place{size(), epoch_, prev_, tenant_, std::max(now, last_), 0};
  if (now < last_) place.clock_behind_ms = static_cast<uint64_t>((last_ - now).count());
  std::string line = CompleteLine(prepared, place);
  const Digest leaf = proof::HashEntry(line);
  prev_ = proof::Sha256(AsBytes(line));
  last_ = place.time;
  frontier_.Append(leaf);
  tiles_.Append(leaf, group.tiles);
  group.lines.push_back(std::move(line));
  return {LeafIndex{place.index}, leaf};
}

StoredHead Chain::ToStored() const {
  return {size(), frontier_.Root(), epoch_, frontier_.Encode()};
}

}  // namespace assay::ledger
