// The fast tree against a slow one straight from RFC 9162, and against published vectors.
#include "proof/tree.h"

#include "proof/tile.h"
#include "unit/proof/samples.h"

namespace assay::proof {
namespace {

using testing::ReadSample;
using testing::SampleFiles;

std::vector<Digest> MakeLeaves(uint64_t n) {
  std::vector<Digest> out;
  for (uint64_t i = 0; i < n; ++i) out.push_back(HashEntry(std::to_string(i)));
  return out;
}

// MTH of RFC 9162 2.1.1, word for word.
Digest SlowRoot(const std::vector<Digest>& leaves, size_t begin, size_t end) {
  if (begin == end) return Sha256(ByteSpan{});
  if (end - begin == 1) return leaves[begin];
  size_t k = 1;
  while (k * 2 < end - begin) k *= 2;
  return HashNode(TreeKind::kEntry, SlowRoot(leaves, begin, begin + k),
                  SlowRoot(leaves, begin + k, end));
}

HashReader ReadLeaves(const std::vector<Digest>& leaves) {
  return [&leaves](unsigned level, uint64_t index) -> Result<Digest> {
    return SlowRoot(leaves, index << level, (index + 1) << level);
  };
}

TEST_CASE("Tree: FrontierAgreesWithTheDefinitionForAllSizesTo300") {
  const auto leaves = MakeLeaves(300);
  Frontier frontier;
  for (size_t n = 0; n <= leaves.size(); ++n) {
    REQUIRE(frontier.Root() == SlowRoot(leaves, 0, n));
    REQUIRE_OK_AND_ASSIGN(const Frontier again,
                          Frontier::Decode(TreeKind::kEntry, n, frontier.Encode()));
    REQUIRE(again.Root() == frontier.Root());
    if (n < leaves.size()) frontier.Append(leaves[n]);
  }
}

TEST_CASE("Tree: EveryInclusionProofHoldsAndNoOtherDoes") {
  const auto leaves = MakeLeaves(70);
  for (uint64_t n = 1; n <= leaves.size(); ++n) {
    const Digest root = SlowRoot(leaves, 0, n);
    for (uint64_t i = 0; i < n; ++i) {
      auto path = InclusionProof(TreeKind::kEntry, i, n, ReadLeaves(leaves));
      REQUIRE_OK(path);
      REQUIRE_OK(VerifyInclusion(TreeKind::kEntry, leaves[i], i, n, *path, root));
      REQUIRE_FALSE(VerifyInclusion(TreeKind::kEntry, leaves[(i + 1) % 70], i, n, *path, root));
      if (n > 1)
        REQUIRE_FALSE(VerifyInclusion(TreeKind::kEntry, leaves[i], (i + 1) % n, n, *path, root));
      path->push_back(root);
      REQUIRE_FALSE(VerifyInclusion(TreeKind::kEntry, leaves[i], i, n, *path, root));
    }
  }
}

TEST_CASE("Tree: EveryConsistencyProofHoldsAndNoOtherDoes") {
  const auto leaves = MakeLeaves(70);
  for (uint64_t n = 1; n <= leaves.size(); ++n) {
    const Digest root = SlowRoot(leaves, 0, n);
    for (uint64_t m = 1; m <= n; ++m) {
      const Digest old_root = SlowRoot(leaves, 0, m);
      auto path = ConsistencyProof(TreeKind::kEntry, m, n, ReadLeaves(leaves));
      REQUIRE_OK(path);
      REQUIRE_OK(VerifyConsistency(TreeKind::kEntry, m, old_root, n, root, *path));
      REQUIRE_FALSE(VerifyConsistency(TreeKind::kEntry, m, HashEntry("x"), n, root, *path));
      REQUIRE_FALSE(VerifyConsistency(TreeKind::kEntry, m, old_root, n, HashEntry("x"), *path));
    }
  }
}

TEST_CASE("Tree: TilesGiveTheSameNodesAndRoot") {
  const auto leaves = MakeLeaves(256 * 257 + 3);
  std::vector<Tile> tiles;
  TileBuilder builder;
  Frontier frontier;
  for (const Digest& leaf : leaves) {
    builder.Append(leaf, tiles);
    frontier.Append(leaf);
  }
  CHECK(tiles.size() == 258);
  const auto read_tile = [&](TileId id) -> Result<ByteVector> {
    for (const Tile& tile : tiles)
      if (tile.id == id) return tile.hashes;
    return Fail(Code::kNotFound, TilePath(id));
  };
  const HashReader read = ReadFromTiles(
      leaves.size(), read_tile, [&](uint64_t index) { return Result<Digest>(leaves[index]); });
  REQUIRE_OK_AND_ASSIGN(const Digest root, RootAt(TreeKind::kEntry, leaves.size(), read));
  CHECK(root == frontier.Root());
  for (const uint64_t index : {0ul, 255ul, 65535ul, 65536ul, 65794ul}) {
    REQUIRE_OK_AND_ASSIGN(const auto path,
                          InclusionProof(TreeKind::kEntry, index, leaves.size(), read));
    REQUIRE_OK(VerifyInclusion(TreeKind::kEntry, leaves[index], index, leaves.size(), path, root));
  }
  REQUIRE_OK_AND_ASSIGN(auto open, OpenTiles(leaves.size(), read));
  REQUIRE(open.size() == 3);
  CHECK(open[0].size() == 3 * 32);
  CHECK(open[1].size() == 1 * 32);
  CHECK(open[2].size() == 1 * 32);
}

TEST_CASE("Tree: TilesFillUpWithoutTheHashesOfTheirFrontUntilTheyAreNeeded") {
  constexpr uint64_t kStart = 65'000, kEnd = 65'800;  // the first tile of level 1 fills between
  TileBuilder whole;
  std::vector<Tile> tiles;
  std::vector<Digest> leaves;
  std::optional<TileBuilder> late;
  for (uint64_t i = 0; i < kEnd; ++i) {
    leaves.push_back(HashEntry(std::to_string(i)));
    if (i == kStart) {
      ByteVector open;
      for (uint64_t leaf = kStart - kStart % kTileWidth; leaf < kStart; ++leaf)
        AppendBytes(open, leaves[leaf]);
      late.emplace(kStart, std::vector<ByteVector>{open});
      CHECK_FALSE(late->Lacks(65'535 - kStart));
      CHECK(late->Lacks(65'536 - kStart));
    }
    whole.Append(leaves.back(), tiles);
    if (!late) continue;
    std::vector<Tile> own;
    if (late->Lacks(1)) {
      const HashReader read = ReadFromTiles(
          i,
          [&](TileId id) -> Result<ByteVector> {
            for (const Tile& tile : tiles)
              if (tile.id == id) return tile.hashes;
            return Fail(Code::kNotFound, TilePath(id));
          },
          [&](uint64_t index) { return Result<Digest>(leaves[index]); });
      REQUIRE_OK(late->Fill(read));
      CHECK_FALSE(late->Lacks(1));
    }
    late->Append(leaves.back(), own);
    for (size_t n = 0; n < own.size(); ++n) {
      const Tile& same = tiles[tiles.size() - own.size() + n];
      CHECK(own[n].id == same.id);
      CHECK(own[n].hashes == same.hashes);
    }
    CHECK((own.empty() || tiles.back().id == own.back().id));
  }
  CHECK(tiles.back().id == TileId{0, 256});
}

TEST_CASE("Tree: TilePathGroupsDigitsByThree") {
  CHECK(TilePath({0, 0}) == "tile/0/000");
  CHECK(TilePath({1, 1234067}) == "tile/1/x001/x234/067");
}

TEST_CASE("Tree: RefusesAFrontierThatDoesNotFit") {
  CHECK_FAILS(Frontier::Decode(TreeKind::kEntry, 3, ByteVector(32)), Code::kCorrupt,
              "do not cover");
}

TEST_CASE("Tree: PublishedInclusionVectorsGiveTheirVerdicts") {
  int seen = 0;
  for (const auto& file : SampleFiles("rfc9162-merkle/inclusion")) {
    INFO(file.string());
    const auto v = ReadSample(file);
    const bool holds = VerifyInclusion(TreeKind::kEntry, v.Hash("leafHash"), v.Number("leafIdx"),
                                       v.Number("treeSize"), v.Hashes("proof"), v.Hash("root"))
                           .has_value() &&
                       v.well_formed();
    CHECK(holds != v.Flag("wantErr"));
    ++seen;
  }
  testing::SayWhenAbsent(seen, "rfc9162-merkle/inclusion");
}

TEST_CASE("Tree: PublishedConsistencyVectorsGiveTheirVerdicts") {
  int seen = 0;
  for (const auto& file : SampleFiles("rfc9162-merkle/consistency")) {
    INFO(file.string());
    const auto v = ReadSample(file);
    const bool holds = VerifyConsistency(TreeKind::kEntry, v.Number("size1"), v.Hash("root1"),
                                         v.Number("size2"), v.Hash("root2"), v.Hashes("proof"))
                           .has_value() &&
                       v.well_formed();
    // One vector has roots that are no SHA-256 hashes; no Digest can hold them.
    if (v.well_formed() || v.Flag("wantErr")) CHECK(holds != v.Flag("wantErr"));
    ++seen;
  }
  testing::SayWhenAbsent(seen, "rfc9162-merkle/consistency");
}

}  // namespace
}  // namespace assay::proof
