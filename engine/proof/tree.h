// The RFC 9162 tree hash: a frontier that grows leaf by leaf, proofs made from any source of node
// hashes, and their verification as pure functions.
#pragma once

#include <functional>
#include <vector>

#include "proof/sha256.h"

namespace assay::proof {

/// The complete subtrees that cover `size` leaves, widest first: all that is needed to append.
class Frontier {
 public:
  explicit Frontier(TreeKind kind = TreeKind::kEntry) : kind_(kind) {}
  /// From Encode. kCorrupt unless 32 bytes for each bit that is set in `size`.
  static Result<Frontier> Decode(TreeKind kind, uint64_t size, ByteSpan bytes);
  /// From the subtree hashes, widest first. kCorrupt on a wrong number.
  static Result<Frontier> FromNodes(TreeKind kind, uint64_t size, std::vector<Digest> nodes);

  void Append(const Digest& leaf);
  uint64_t size() const { return size_; }
  /// SHA-256 of nothing when empty.
  Digest Root() const;
  ByteVector Encode() const;
  const std::vector<Digest>& nodes() const { return nodes_; }

 private:
  TreeKind kind_;
  uint64_t size_ = 0;
  std::vector<Digest> nodes_;
};

/// Root over a list of leaves.
Digest RootOf(TreeKind kind, std::span<const Digest> leaves);

/// Hash of the complete subtree of 2^level leaves that starts at leaf index * 2^level.
using HashReader = std::function<Result<Digest>(unsigned level, uint64_t index)>;

/// Root of the first `size` leaves.
Result<Digest> RootAt(TreeKind kind, uint64_t size, const HashReader& read);
/// Frontier of the first `size` leaves.
Result<Frontier> FrontierAt(TreeKind kind, uint64_t size, const HashReader& read);
/// PATH(index, D[size]) of RFC 9162 2.1.3.1. kInvalidInput unless index < size.
Result<std::vector<Digest>> InclusionProof(TreeKind kind, uint64_t index, uint64_t size,
                                           const HashReader& read);
/// PROOF(from, D[to]) of RFC 9162 2.1.4.1; empty when from == to. kInvalidInput unless
/// 0 < from <= to.
Result<std::vector<Digest>> ConsistencyProof(TreeKind kind, uint64_t from, uint64_t to,
                                             const HashReader& read);

/// RFC 9162 2.1.3.2. kCorrupt when the proof does not lead from the leaf to the root.
Status VerifyInclusion(TreeKind kind, const Digest& leaf, uint64_t index, uint64_t size,
                       const std::vector<Digest>& path, const Digest& root);
/// RFC 9162 2.1.4.2. kCorrupt when the two roots are not of one growing tree. A proof from the
/// empty tree proves nothing and is refused.
Status VerifyConsistency(TreeKind kind, uint64_t from, const Digest& from_root, uint64_t to,
                         const Digest& to_root, const std::vector<Digest>& path);

}  // namespace assay::proof
