// Turning response bytes into a sealed body and back (docs/formats/evidence-body.md).
#pragma once

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

/// Keyed digest of a response with its marks: equal for bytes seen before.
Digest IdentOfBody(const TenantKeys& keys, ByteSpan bytes, const std::vector<RecordRange>& records);
Digest IdentOfSegments(const TenantKeys& keys, const std::vector<ByteSpan>& segments);

/// Scheme rec/1: skeleton and records. Marks must be usable.
Result<SealedBody> SealBody(const SealContext& context, ByteSpan bytes,
                            const std::vector<RecordRange>& records, const Digest& ident);
/// Scheme seg/1: one segment a subject.
Result<SealedBody> SealSegments(const SealContext& context, const std::vector<ByteSpan>& segments,
                                const Digest& ident);

/// A body that was opened and matched its root.
class OpenedBody {
 public:
  /// kCorrupt when a seal, the root or a recorded length does not match.
  static Result<OpenedBody> Open(const SealContext& context, const SealedBody& body);
  /// The bytes as they were put: rec/1 filled together, seg/1 one after another.
  Result<ByteVector> Bytes() const;
  /// rec/1: skeleton first, then the records; seg/1: the segments.
  const std::vector<ByteSpan>& segments() const { return segments_; }
  /// Marks of a rec/1 body, as its skeleton has them.
  Result<std::vector<RecordRange>> Marks() const;
  const std::string& scheme() const { return scheme_; }
  ByteSpan SaltOf(size_t segment) const {
    return ByteSpan(salts_).subspan(segment * proof::kSaltBytes, proof::kSaltBytes);
  }

 private:
  std::string scheme_;
  ByteVector salts_;
  proof::SecretBytes envelope_;
  std::vector<ByteSpan> segments_;
};

/// The ident that Seal* was given, computed again from an opened body.
Digest IdentOfOpened(const TenantKeys& keys, const OpenedBody& body, ByteSpan bytes);

}  // namespace assay::ledger
