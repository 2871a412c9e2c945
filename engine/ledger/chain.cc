#include "ledger/chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>

#include "proof/sha256_lanes.h"

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

Result<std::vector<Landmark>> ReadFamilies(LedgerStore& store,
                                           std::span<const std::string_view> prefixes,
                                           uint64_t from, uint64_t to) {
  std::vector<Landmark> out;
  for (const std::string_view prefix : prefixes) {
    ASSAY_ASSIGN(std::vector<Landmark> one, store.ReadLandmarks(prefix, from, to));
    std::move(one.begin(), one.end(), std::back_inserter(out));
  }
  std::sort(out.begin(), out.end(),
            [](const Landmark& a, const Landmark& b) { return a.index < b.index; });
  return out;
}

proof::HashReader ReadStoredTree(LedgerStore& store, uint64_t size) {
  const auto read_tile = [&store](proof::TileId id) -> Result<ByteVector> {
    ASSAY_ASSIGN(std::optional<ByteVector> tile, store.ReadTile(id));
    if (!tile) return Fail(Code::kCorrupt, "ledger.db: " + proof::TilePath(id) + " is missing");
    return std::move(*tile);
  };
  const auto read_leaf = [&store](uint64_t index) -> Result<Digest> {
    auto line = ReadOneLine(store, index);
    // A line that is not there is damage; one that the disk would not give up is not.
    if (!line && line.error().code == Code::kNotFound) line.error().code = Code::kCorrupt;
    if (!line) return Fail(std::move(line.error()));
    return proof::HashEntry(*line);
  };
  return proof::ReadFromTiles(size, read_tile, read_leaf);
}

namespace {

// What follows the last full tile: its leaf hashes, and the very last line.
struct Tail {
  std::vector<Digest> leaves;
  std::string last;
};

Result<Tail> ReadTail(LedgerStore& store, uint64_t size) {
  const uint64_t base = size - size % proof::kTileWidth;
  uint64_t next = std::min(base, size - 1);
  Tail tail;
  ASSAY_TRY(store.ReadLines(next, size, [&](LeafIndex index, std::string_view line) {
    if (ToNumber(index) != next) return false;
    if (next >= base) tail.leaves.push_back(proof::HashEntry(line));
    if (++next == size) tail.last = line;
    return true;
  }));
  if (next != size) return Fail(Code::kCorrupt, fmt::format("entry {}: not in the ledger", next));
  return tail;
}

// The head's frontier over full tiles, and the leaves after them.
Result<proof::Frontier> Regrow(const StoredHead& head, const std::vector<Digest>& leaves) {
  ASSAY_ASSIGN(const proof::Frontier stored,
               proof::Frontier::Decode(proof::TreeKind::kEntry, head.size, head.frontier));
  const uint64_t full = head.size / proof::kTileWidth;
  std::vector<Digest> nodes = stored.nodes();
  nodes.resize(static_cast<size_t>(std::popcount(full)));
  ASSAY_ASSIGN(proof::Frontier out,
               proof::Frontier::FromNodes(proof::TreeKind::kEntry, full * proof::kTileWidth,
                                          std::move(nodes)));
  for (const Digest& leaf : leaves) out.Append(leaf);
  return out;
}

}  // namespace

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
  Tail tail;
  if (head->size > 0) {
    ASSAY_ASSIGN(tail, ReadTail(store, head->size));
  }
  auto frontier = Regrow(*head, tail.leaves);
  if (!frontier || frontier->Root() != head->root || frontier->Encode() != head->frontier)
    return Fail(Code::kCorrupt, "ledger.db: head is not that of the stored entries");
  chain.frontier_ = std::move(*frontier);
  ByteVector open;
  for (const Digest& leaf : tail.leaves) AppendBytes(open, leaf);
  chain.tiles_ = proof::TileBuilder(head->size, {std::move(open)});
  chain.epoch_ = head->epoch;
  if (head->size > 0) ASSAY_TRY(chain.TakeLastLine(tail.last));
  return chain;
}

Status Chain::TakeLastLine(std::string_view line) {
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

Result<Digest> StoredRootAt(LedgerStore& store, const StoredHead& head, uint64_t size) {
  if (size == head.size) return head.root;
  const uint64_t base = head.size - head.size % proof::kTileWidth;
  const proof::HashReader read = ReadStoredTree(store, head.size);
  if (size < base) return proof::RootAt(proof::TreeKind::kEntry, size, read);
  std::vector<Digest> leaves;
  for (uint64_t i = base; i < size; ++i) {
    ASSAY_ASSIGN(const Digest leaf, read(0, i));
    leaves.push_back(leaf);
  }
  ASSAY_ASSIGN(const proof::Frontier frontier, Regrow(head, leaves));
  return frontier.Root();
}

Result<bool> IsInTree(LedgerStore& store, const StoredHead& head, uint64_t index,
                      const Digest& leaf) {
  ASSAY_ASSIGN(const proof::Frontier frontier,
               proof::Frontier::Decode(proof::TreeKind::kEntry, head.size, head.frontier));
  if (frontier.Root() != head.root)
    return Fail(Code::kCorrupt, "ledger.db: head is not that of the stored entries");
  const proof::HashReader read = ReadStoredTree(store, head.size);
  uint64_t first = 0, rest = head.size;
  for (const Digest& node : frontier.nodes()) {
    const uint64_t width = std::bit_floor(rest);
    if (index < first + width) {
      Digest hash = leaf;
      for (unsigned level = 0; uint64_t{1} << level < width; ++level) {
        const uint64_t at = index >> level;
        ASSAY_ASSIGN(const Digest sibling, read(level, at ^ 1));
        hash = at % 2 == 0 ? proof::HashNode(proof::TreeKind::kEntry, hash, sibling)
                           : proof::HashNode(proof::TreeKind::kEntry, sibling, hash);
      }
      return hash == node;
    }
    first += width;
    rest -= width;
  }
  return false;
}

Status Chain::MakeReady(LedgerStore& store, uint64_t entries) {
  return tiles_.Lacks(entries) ? tiles_.Fill(ReadStoredTree(store, size())) : Status{};
}

Appended Chain::Append(std::string_view prepared, const LineShape& shape, Timestamp now,
                       Group& group) {
  const std::string_view kind = shape.Kind(prepared);
  if (kind == "epoch.started") ++epoch_;
  if (IsLandmarkKind(kind)) group.landmarks.push_back({size(), std::string(kind)});
  Place place{size(), epoch_, prev_, tenant_, std::max(now, last_), 0};
  if (now < last_) place.clock_behind_ms = static_cast<uint64_t>((last_ - now).count());
  const std::string_view line =
      group.lines.AddWith([&](std::string& text) { CompleteLine(prepared, shape, place, text); });
  const proof::LineHashes hashes = proof::HashLine(line);
  prev_ = hashes.whole;
  last_ = place.time;
  frontier_.Append(hashes.leaf);
  tiles_.Append(hashes.leaf, group.tiles);
  return {LeafIndex{place.index}, hashes.leaf};
}

StoredHead Chain::ToStored() const {
  return {size(), frontier_.Root(), epoch_, frontier_.Encode()};
}

}  // namespace assay::ledger
