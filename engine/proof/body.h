// The body of an entry as salted segments under a record tree (docs/formats/evidence-body.md):
// cutting into segments, hashing, the plain envelope, and what the seals authenticate. No
// compression here: that is the storage's.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "proof/aead.h"
#include "proof/sha256_lanes.h"

namespace assay::proof {

constexpr size_t kSaltBytes = 16;
constexpr size_t kPartBytes = 8u << 20;  ///< plain bytes of one sealed part
constexpr uint64_t kMaxSegments = 1u << 20;
constexpr std::string_view kRecordScheme = "rec/1";   ///< skeleton, then one segment a record
constexpr std::string_view kSegmentScheme = "seg/1";  ///< segments and nothing else

/// Offset and length of a record in a response.
using Range = std::pair<uint64_t, uint64_t>;

/// Unsigned LEB128, shortest form.
void AppendVarint(ByteVector& out, uint64_t value);
/// Takes one from the front of `in`. kCorrupt when cut, too long or not the shortest form.
Result<uint64_t> TakeVarint(ByteSpan& in);

/// The skeleton segment: count, (gap, length) for each record, then all bytes between records.
/// `records` must be ordered, within `bytes` and not overlapping.
ByteVector MakeSkeleton(ByteSpan bytes, const std::vector<Range>& records);
/// Puts the response together from its skeleton and records. kCorrupt when they do not fit.
Result<ByteVector> FillSkeleton(ByteSpan skeleton, const std::vector<ByteSpan>& records);

/// The records that a skeleton tells of. kCorrupt when its table is cut.
Result<std::vector<Range>> ReadMarks(ByteSpan skeleton);

/// SHA-256(0x02, salt, segment).
Digest HashRecord(ByteSpan salt, ByteSpan segment);
/// HashRecord of each segments[i] with salts[16 i .. 16 i + 16).
std::vector<Digest> HashRecords(ByteSpan salts, std::span<const ByteSpan> segments);
/// SHA-256 of a message, then those hashes: a long message costs little beside them.
std::vector<Digest> HashWithRecords(const Message& message, ByteSpan salts,
                                    std::span<const ByteSpan> segments);
/// Root of the record tree over those hashes.
Digest RecordRoot(ByteSpan salts, const std::vector<ByteSpan>& segments);

/// Count, then (salt, length) for each segment, then the segments: what is compressed and sealed.
ByteVector MakeEnvelope(ByteSpan salts, const std::vector<ByteSpan>& segments);
/// Views into an envelope.
struct EnvelopeView {
  ByteVector salts;
  std::vector<ByteSpan> segments;
};
/// kCorrupt when lengths do not add up. The views live as long as `envelope`.
Result<EnvelopeView> ReadEnvelope(ByteSpan envelope);

/// What identifies a body to its seals.
struct BodyId {
  std::string_view tenant;
  uint64_t epoch = 1;
  Digest root{};
  std::string_view scheme;
};
/// Authenticated data of sealed part `part` of `parts`.
ByteVector PartAad(const BodyId& id, uint64_t part, uint64_t parts);
/// Authenticated data of a body key wrapped by the tenant key.
ByteVector BodyKeyAad(std::string_view tenant, const Digest& root);
/// Authenticated data of a tenant key ("seal", "index") wrapped by the master key.
ByteVector TenantKeyAad(std::string_view tenant, std::string_view purpose);

}  // namespace assay::proof
