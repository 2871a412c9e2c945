// Turning response bytes into a sealed body and back (docs/formats/evidence-body.md).
#pragma once

#include "ledger/absent.h"
#include "ledger/store.h"
#include "ledger/tenant_keys.h"
#include "proof/body.h"

namespace assay::ledger {

constexpr uint64_t kMaxBodyBytes = 1u << 30;

/// True when the marks are ordered, within `size`, not overlapping and within quota (one for each
/// 16 bytes, at most 100,000).
bool MarksAreUsable(uint64_t size, const std::vector<RecordRange>& records);

/// Who seals: tenant, epoch and keys.
struct SealContext {
  const TenantId& tenant;
  uint32_t epoch;
  const TenantKeys& keys;
};

/// Keyed digest of segments: equal for those seen before.
Digest IdentOfSegments(const TenantKeys& keys, const std::vector<ByteSpan>& segments);

/// Scheme rec/1: skeleton and records, salted and hashed.
class CutBody {
 public:
  /// Marks must be usable; `bytes` must outlive it. kIo when there is no random generator.
  static Result<CutBody> Make(const TenantKeys& keys, ByteSpan bytes,
                              const std::vector<RecordRange>& records);
  /// Keyed digest of the response with its marks: equal for bytes seen before.
  const Digest& ident() const { return hashes_.front(); }
  Result<SealedBody> Seal(const SealContext& context) const;

 private:
  BodyRef ref_;  ///< but for the root
  proof::SecretBytes skeleton_, salts_;
  std::vector<ByteSpan> segments_;
  std::vector<Digest> hashes_;  ///< ident, then the leaves of the record tree
};
/// Scheme seg/1: one segment a subject.
Result<SealedBody> SealSegments(const SealContext& context, const std::vector<ByteSpan>& segments,
                                const Digest& ident);

/// A body of which records, or everything, is dropped at birth.
struct PartlySealed {
  BodyRef ref;
  std::optional<SealedBody> body;  ///< none when nothing is kept
  MemberMap members;               ///< what the entry says of it
};
/// With `keep_skeleton` the skeleton stays and records go ("redacted"), else nothing stays
/// ("none"). Marks must be usable.
Result<PartlySealed> SealPartly(const SealContext& context, ByteSpan bytes,
                                const std::vector<RecordRange>& records, bool keep_skeleton);

/// A body that was opened and matched its root.
class OpenedBody {
 public:
  /// kCorrupt when a seal, the root or a recorded length does not match.
  static Result<OpenedBody> Open(const SealContext& context, const SealedBody& body);
  /// The bytes as they were put: rec/1 filled together, seg/1 one after another. kNotFound when
  /// segments were taken out.
  Result<ByteVector> Bytes() const;
  /// rec/1: skeleton first, then the records; seg/1: the segments. Empty where one was taken out.
  const std::vector<ByteSpan>& segments() const { return segments_; }
  /// Salt of a segment; empty where it was taken out.
  ByteSpan Salt(size_t segment) const;
  /// Leaf hashes of the segments that were taken out.
  const ErasedSegments& erased() const { return erased_; }
  /// Marks of a rec/1 body, as its skeleton has them.
  Result<std::vector<RecordRange>> Marks() const;
  const std::string& scheme() const { return scheme_; }

 private:
  Status PlaceSegments(const BodyRef& ref);

  std::string scheme_;
  proof::SecretBytes envelope_;
  proof::SecretBytes salts_;  ///< of every segment, zeros where one was taken out
  std::vector<ByteSpan> segments_;
  ErasedSegments erased_;
};

/// The column `erased` of a body once `segments` are taken out as well.
ErasedSegments ErasedWith(const OpenedBody& body, const std::vector<uint64_t>& segments);
/// The body without the segments in `erased`, under a new key. Has no ident any more.
Result<SealedBody> SealWithout(const SealContext& context, const OpenedBody& body,
                               const SealedBody& before, const ErasedSegments& erased);

/// The ident that was sealed with it, computed again from an opened body.
Digest IdentOfOpened(const TenantKeys& keys, const OpenedBody& body, ByteSpan bytes);

}  // namespace assay::ledger
