// 256-wide tiles of the entry tree, addressed as C2SP tlog-tiles does: tile (level, index) holds
// the hashes of the 256 subtrees of 256^level leaves that start at index * 256^(level + 1).
#pragma once

#include <string>

#include "proof/tree.h"

namespace assay::proof {

constexpr unsigned kTileBits = 8;
constexpr uint64_t kTileWidth = 256;
constexpr size_t kTileBytes = kTileWidth * 32;

struct TileId {
  unsigned level = 0;
  uint64_t index = 0;
  bool operator==(const TileId&) const = default;
};

/// "tile/0/x001/234" with the index in groups of three digits (C2SP tlog-tiles). [any thread]
std::string TilePath(TileId id);

/// A full tile that an append completed.
struct Tile {
  TileId id;
  ByteVector hashes;
};

/// Collects leaf hashes and gives out each tile when it is full. The open rightmost tile of each
/// level is never stored: it follows from the lines and the full tiles below it.
class TileBuilder {
 public:
  TileBuilder() = default;
  /// For a tree of `size` leaves: `open[l]` holds the hashes of the open tile of level l. Those of
  /// the levels above 0 may be missing: they are needed only when that tile becomes full.
  TileBuilder(uint64_t size, std::vector<ByteVector> open);
  /// True when `leaves` more fill a tile whose first hashes are missing: Fill must come before.
  bool Lacks(uint64_t leaves) const;
  /// Reads what is missing. The full tiles below are stored.
  Status Fill(const HashReader& read);
  /// Adds a leaf hash; full tiles are put at the end of `out`, lower levels first.
  void Append(const Digest& leaf, std::vector<Tile>& out);
  uint64_t size() const { return size_; }

 private:
  uint64_t MissingAt(unsigned level) const;

  uint64_t size_ = 0;
  std::vector<ByteVector> open_;
};

/// Hashes of one tile: the tree root over the subtrees that it holds (full tiles only matter).
Digest TileRoot(ByteSpan hashes);

/// Reads a stored full tile of kTileBytes bytes; kNotFound when it is not stored.
using TileReader = std::function<Result<ByteVector>(TileId id)>;
/// Leaf hash by index, for those that are in no full tile.
using LeafReader = std::function<Result<Digest>(uint64_t index)>;
/// Node hashes of a tree of `size` leaves from its full tiles and tail leaves.
HashReader ReadFromTiles(uint64_t size, TileReader tiles, LeafReader leaves);
/// The hashes of the open tile of each level, for TileBuilder.
Result<std::vector<ByteVector>> OpenTiles(uint64_t size, const HashReader& read);

}  // namespace assay::proof
