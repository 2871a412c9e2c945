#include "proof/tree.h"

#include <fmt/format.h>

#include <bit>

#include "proof/sha256_lanes.h"

namespace assay::proof {
namespace {

uint64_t SplitPoint(uint64_t width) { return std::bit_floor(width - 1); }

// Proof making: ranges begin at a multiple of their power-of-two ceiling, as RFC 9162 splits them.
struct Prover {
  TreeKind kind;
  const HashReader& read;
  std::vector<Digest> path;

  Result<Digest> Subtree(uint64_t begin, uint64_t end) const {
    const uint64_t width = end - begin;
    if (std::has_single_bit(width)) {
      const auto level = static_cast<unsigned>(std::countr_zero(width));
      return read(level, begin >> level);
    }
    const uint64_t k = SplitPoint(width);
    ASSAY_ASSIGN(const Digest left, Subtree(begin, begin + k));
    ASSAY_ASSIGN(const Digest right, Subtree(begin + k, end));
    return HashNode(kind, left, right);
  }
  Status Push(uint64_t begin, uint64_t end) {
    ASSAY_ASSIGN(Digest hash, Subtree(begin, end));
    path.push_back(hash);
    return {};
  }
  Status Inclusion(uint64_t index, uint64_t begin, uint64_t end) {
    if (end - begin <= 1) return {};
    const uint64_t middle = begin + SplitPoint(end - begin);
    const bool left = index < middle;
    ASSAY_TRY(left ? Inclusion(index, begin, middle) : Inclusion(index, middle, end));
    return left ? Push(middle, end) : Push(begin, middle);
  }
  Status Consistency(uint64_t from, uint64_t begin, uint64_t end, bool whole) {
    if (from == end) return whole ? Status{} : Push(begin, end);
    const uint64_t middle = begin + SplitPoint(end - begin);
    if (from <= middle) {
      ASSAY_TRY(Consistency(from, begin, middle, whole));
      return Push(middle, end);
    }
    ASSAY_TRY(Consistency(from, middle, end, false));
    return Push(begin, middle);
  }
};

}  // namespace

Result<Frontier> Frontier::FromNodes(TreeKind kind, uint64_t size, std::vector<Digest> nodes) {
  if (nodes.size() != static_cast<size_t>(std::popcount(size)))
    return Fail(Code::kCorrupt,
                fmt::format("frontier: {} hashes do not cover {} leaves", nodes.size(), size));
  Frontier out(kind);
  out.size_ = size;
  out.nodes_ = std::move(nodes);
  return out;
}

Result<Frontier> Frontier::Decode(TreeKind kind, uint64_t size, ByteSpan bytes) {
  if (bytes.size() != 32 * static_cast<size_t>(std::popcount(size)))
    return Fail(Code::kCorrupt,
                fmt::format("frontier: {} bytes do not cover {} leaves", bytes.size(), size));
  std::vector<Digest> nodes;
  for (; !bytes.empty(); bytes = bytes.subspan(32)) nodes.push_back(*ToDigest(bytes.first(32)));
  return FromNodes(kind, size, std::move(nodes));
}

void Frontier::Append(const Digest& leaf) {
  Digest hash = leaf;
  for (uint64_t carry = size_; carry & 1; carry >>= 1) {
    hash = HashNode(kind_, nodes_.back(), hash);
    nodes_.pop_back();
  }
  nodes_.push_back(hash);
  ++size_;
}

Digest Frontier::Root() const {
  if (nodes_.empty()) return Sha256(ByteSpan{});
  Digest root = nodes_.back();
  for (size_t i = nodes_.size() - 1; i-- > 0;) root = HashNode(kind_, nodes_[i], root);
  return root;
}

ByteVector Frontier::Encode() const {
  ByteVector out;
  for (const Digest& node : nodes_) AppendBytes(out, node);
  return out;
}

// Level by level: what has no neighbour goes up as it is, which is where RFC 9162 splits.
Digest RootOf(TreeKind kind, std::span<const Digest> leaves) {
  if (leaves.empty()) return Sha256(ByteSpan{});
  std::vector<Digest> level;
  for (; leaves.size() > 1; leaves = level) level = HashLevel(kind, leaves);
  return leaves.front();
}

Result<Frontier> FrontierAt(TreeKind kind, uint64_t size, const HashReader& read) {
  std::vector<Digest> nodes;
  uint64_t begin = 0;
  for (int level = 63; level >= 0; --level) {
    if (((size >> level) & 1) == 0) continue;
    ASSAY_ASSIGN(Digest node, read(static_cast<unsigned>(level), begin >> level));
    nodes.push_back(node);
    begin += uint64_t{1} << level;
  }
  return Frontier::FromNodes(kind, size, std::move(nodes));
}

Result<Digest> RootAt(TreeKind kind, uint64_t size, const HashReader& read) {
  ASSAY_ASSIGN(const Frontier frontier, FrontierAt(kind, size, read));
  return frontier.Root();
}

Result<std::vector<Digest>> InclusionProof(TreeKind kind, uint64_t index, uint64_t size,
                                           const HashReader& read) {
  if (index >= size)
    return Fail(Code::kInvalidInput,
                fmt::format("inclusion proof: leaf {} is not in a tree of {}", index, size));
  Prover prover{kind, read, {}};
  ASSAY_TRY(prover.Inclusion(index, 0, size));
  return std::move(prover.path);
}

Result<std::vector<Digest>> ConsistencyProof(TreeKind kind, uint64_t from, uint64_t to,
                                             const HashReader& read) {
  if (from == 0 || from > to)
    return Fail(Code::kInvalidInput,
                fmt::format("consistency proof: cannot lead from {} to {}", from, to));
  Prover prover{kind, read, {}};
  ASSAY_TRY(prover.Consistency(from, 0, to, true));
  return std::move(prover.path);
}

Status VerifyInclusion(TreeKind kind, const Digest& leaf, uint64_t index, uint64_t size,
                       const std::vector<Digest>& path, const Digest& root) {
  if (index >= size) return Fail(Code::kCorrupt, "inclusion proof: leaf is outside the tree");
  uint64_t node = index, last = size - 1;
  Digest hash = leaf;
  for (const Digest& sibling : path) {
    if (last == 0) return Fail(Code::kCorrupt, "inclusion proof: too many hashes");
    if ((node & 1) != 0 || node == last) {
      hash = HashNode(kind, sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = HashNode(kind, hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return Fail(Code::kCorrupt, "inclusion proof: too few hashes");
  if (hash != root) return Fail(Code::kCorrupt, "inclusion proof: leads to another root");
  return {};
}

Status VerifyConsistency(TreeKind kind, uint64_t from, const Digest& from_root, uint64_t to,
                         const Digest& to_root, const std::vector<Digest>& path) {
  const auto bad = [](const char* why) {
    return Fail(Code::kCorrupt, std::string("consistency proof: ") + why);
  };
  if (from == 0 || from > to) return bad("impossible sizes");
  if (from == to) {
    if (!path.empty()) return bad("too many hashes");
    return from_root == to_root ? Status{} : bad("roots of one size differ");
  }
  size_t next = 0;
  uint64_t node = from - 1, last = to - 1;
  for (; (node & 1) != 0; last >>= 1) node >>= 1;
  if (node != 0 && path.empty()) return bad("too few hashes");
  Digest old_hash = node == 0 ? from_root : path[next++];
  Digest new_hash = old_hash;
  for (; next < path.size(); ++next) {
    if (last == 0) return bad("too many hashes");
    if ((node & 1) != 0 || node == last) {
      old_hash = HashNode(kind, path[next], old_hash);
      new_hash = HashNode(kind, path[next], new_hash);
      for (; (node & 1) == 0 && node != 0; last >>= 1) node >>= 1;
    } else {
      new_hash = HashNode(kind, new_hash, path[next]);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return bad("too few hashes");
  if (old_hash != from_root) return bad("leads to another old root");
  if (new_hash != to_root) return bad("leads to another new root");
  return {};
}

}  // namespace assay::proof
