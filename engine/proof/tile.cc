#include "proof/tile.h"

#include <fmt/format.h>

namespace assay::proof {
namespace {

constexpr unsigned kMaxLevels = 7;  // 2^56 leaves; a line says at most 2^53

// Root over 2^depth neighbouring hashes that start at `first`; depth below kTileBits.
Digest Fold(ByteSpan hashes, uint64_t first, unsigned depth) {
  return TileRoot(hashes.subspan(first * sizeof(Digest), sizeof(Digest) << depth));
}

}  // namespace

std::string TilePath(TileId id) {
  std::string groups = fmt::format("{:03}", id.index % 1000);
  for (uint64_t rest = id.index / 1000; rest != 0; rest /= 1000)
    groups = fmt::format("x{:03}/{}", rest % 1000, groups);
  return fmt::format("tile/{}/{}", id.level, groups);
}

Digest TileRoot(ByteSpan hashes) {
  const auto* first = reinterpret_cast<const Digest*>(hashes.data());
  return RootOf(TreeKind::kEntry, {first, hashes.size() / sizeof(Digest)});
}

TileBuilder::TileBuilder(uint64_t size, std::vector<ByteVector> open)
    : size_(size), open_(std::move(open)) {}

uint64_t TileBuilder::MissingAt(unsigned level) const {
  const uint64_t position = (size_ >> (kTileBits * level)) % kTileWidth;
  return position - (level < open_.size() ? open_[level].size() / 32 : 0);
}

bool TileBuilder::Lacks(uint64_t leaves) const {
  for (unsigned level = 0; level < kMaxLevels; ++level) {
    const unsigned above = kTileBits * (level + 1);
    if ((size_ + leaves) >> above == size_ >> above) return false;
    if (MissingAt(level) != 0) return true;
  }
  return false;
}

Status TileBuilder::Fill(const HashReader& read) {
  for (unsigned level = 0; level < kMaxLevels; ++level) {
    const uint64_t nodes = size_ >> (kTileBits * level), missing = MissingAt(level);
    if (missing == 0) continue;
    if (open_.size() <= level) open_.resize(level + 1);
    ByteVector front;
    for (uint64_t i = 0; i < missing; ++i) {
      ASSAY_ASSIGN(const Digest hash, read(level * kTileBits, nodes - nodes % kTileWidth + i));
      AppendBytes(front, hash);
    }
    AppendBytes(front, open_[level]);
    open_[level] = std::move(front);
  }
  return {};
}

void TileBuilder::Append(const Digest& leaf, std::vector<Tile>& out) {
  Digest hash = leaf;
  ++size_;
  for (unsigned level = 0;; ++level) {
    if (open_.size() <= level) open_.emplace_back();
    AppendBytes(open_[level], hash);
    if (open_[level].size() < kTileBytes) return;
    hash = TileRoot(open_[level]);
    const uint64_t index = (size_ >> (kTileBits * (level + 1))) - 1;
    out.push_back({{level, index}, std::exchange(open_[level], {})});
  }
}

HashReader ReadFromTiles(uint64_t size, TileReader tiles, LeafReader leaves) {
  // Recursion ends at the leaves: an open tile's hashes are roots of full tiles one level below.
  struct Source {
    uint64_t size;
    TileReader tiles;
    LeafReader leaves;
    Result<Digest> Read(unsigned level, uint64_t index) const {
      if (level >= 64 || ((index + 1) << level) > size)
        return Fail(Code::kCorrupt, fmt::format("node {}/{} is outside the tree", level, index));
      const unsigned tile_level = level / kTileBits, depth = level % kTileBits;
      const uint64_t first = index << depth;
      const TileId id{tile_level, first / kTileWidth};
      if (((id.index + 1) << (kTileBits * (tile_level + 1))) <= size) {
        ASSAY_ASSIGN(const ByteVector hashes, tiles(id));
        if (hashes.size() != kTileBytes)
          return Fail(Code::kCorrupt, fmt::format("{}: wrong length", TilePath(id)));
        return Fold(hashes, first % kTileWidth, depth);
      }
      if (depth == 0 && tile_level == 0) return leaves(index);
      if (depth == 0) {
        ASSAY_ASSIGN(const ByteVector below, tiles({tile_level - 1, index}));
        return TileRoot(below);
      }
      ASSAY_ASSIGN(const Digest left, Read(level - 1, index * 2));
      ASSAY_ASSIGN(const Digest right, Read(level - 1, index * 2 + 1));
      return HashNode(TreeKind::kEntry, left, right);
    }
  };
  return [source = Source{size, std::move(tiles), std::move(leaves)}](
             unsigned level, uint64_t index) { return source.Read(level, index); };
}

HashReader ReadFromTiles(uint64_t size, TileReader tiles, std::vector<ByteVector> open) {
  struct Source {
    uint64_t size;
    TileReader tiles;
    std::vector<ByteVector> open;
    Result<Digest> Read(unsigned level, uint64_t index) const {
      if (level >= 64 || ((index + 1) << level) > size)
        return Fail(Code::kCorrupt, fmt::format("node {}/{} is outside the tree", level, index));
      const unsigned tile_level = level / kTileBits, depth = level % kTileBits;
      const uint64_t first = index << depth;
      const TileId id{tile_level, first / kTileWidth};
      const uint64_t position = first % kTileWidth;
      if (((id.index + 1) << (kTileBits * (tile_level + 1))) > size)
        return Fold(open[tile_level], position, depth);
      ASSAY_ASSIGN(const ByteVector hashes, tiles(id));
      if (hashes.size() != kTileBytes)
        return Fail(Code::kCorrupt, fmt::format("{}: wrong length", TilePath(id)));
      return Fold(hashes, position, depth);
    }
  };
  return [source = Source{size, std::move(tiles), std::move(open)}](
             unsigned level, uint64_t index) { return source.Read(level, index); };
}

Result<std::vector<ByteVector>> OpenTiles(uint64_t size, const HashReader& read) {
  std::vector<ByteVector> out;
  for (unsigned level = 0; level < 8 && (size >> (kTileBits * level)) != 0; ++level) {
    const uint64_t nodes = size >> (kTileBits * level);
    ByteVector& open = out.emplace_back();
    for (uint64_t i = nodes - nodes % kTileWidth; i < nodes; ++i) {
      ASSAY_ASSIGN(const Digest hash, read(level * kTileBits, i));
      AppendBytes(open, hash);
    }
  }
  return out;
}

}  // namespace assay::proof
