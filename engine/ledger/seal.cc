#include "ledger/seal.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "proof/body.h"
#include "proof/sha256.h"
#include "proof/tree.h"

namespace assay::ledger {
namespace {

constexpr uint64_t kMaxRecords = 100'000;
constexpr uint64_t kBytesPerRecord = 16;

Result<ByteVector> Compress(ByteSpan plain) {
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  thread_local const std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  ByteVector out(ZSTD_compressBound(plain.size()));
  const size_t n =
      ZSTD_compressCCtx(context.get(), out.data(), out.size(), plain.data(), plain.size(), 1);
  if (ZSTD_isError(n)) return Fail(Code::kIo, std::string("zstd: ") + ZSTD_getErrorName(n));
  out.resize(n);
  return out;
}

// A context is 160 KiB: made once for each thread, not for each body.
ZSTD_DCtx* DecompressionContext() {
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  thread_local const std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  return context.get();
}

// Appends to `out`, whose capacity is kept so that secret bytes are not left behind by growth.
Status Decompress(ByteSpan packed, ByteVector& out) {
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size > proof::kPartBytes) return Fail(Code::kCorrupt, "zstd: part has an impossible size");
  const size_t before = out.size();
  out.resize(before + static_cast<size_t>(size));
  const size_t n = ZSTD_decompressDCtx(DecompressionContext(), out.data() + before,
                                       static_cast<size_t>(size), packed.data(), packed.size());
  if (ZSTD_isError(n) || n != size) return Fail(Code::kCorrupt, "zstd: part does not decompress");
  return {};
}

Status SealParts(const SealContext& context, ByteSpan envelope, SealedBody& body) {
  ASSAY_ASSIGN(const proof::SecretKey key, proof::SecretKey::Random());
  const std::string& tenant = context.tenant.text();
  const proof::BodyId id{tenant, context.epoch, body.ref.root, body.ref.scheme};
  const uint64_t parts = (envelope.size() + proof::kPartBytes - 1) / proof::kPartBytes;
  for (uint64_t part = 0; part < parts; ++part) {
    const ByteSpan rest = envelope.subspan(part * proof::kPartBytes);
    ASSAY_ASSIGN(ByteVector packed, Compress(rest.first(std::min(rest.size(), proof::kPartBytes))));
    auto sealed = proof::Seal(key, proof::PartAad(id, part, parts), packed);
    proof::Wipe(packed);
    if (!sealed) return Fail(std::move(sealed.error()));
    body.parts.push_back(std::move(*sealed));
  }
  ASSAY_ASSIGN(
      body.wrapped_key,
      proof::Seal(context.keys.seal, proof::BodyKeyAad(tenant, body.ref.root), key.bytes()));
  return {};
}

// What is sealed of a body, once it is known which segments it has and what they hash to.
Result<SealedBody> SealAll(const SealContext& context, ByteSpan salts,
                           const std::vector<ByteSpan>& segments, std::span<const Digest> leaves,
                           SealedBody body) {
  body.epoch = context.epoch;
  body.ref.root = proof::RootOf(proof::TreeKind::kRecord, leaves);
  const proof::SecretBytes envelope(proof::MakeEnvelope(salts, segments));
  ASSAY_TRY(SealParts(context, envelope.span(), body));
  return body;
}

Result<proof::SecretBytes> DrawSalts(size_t segments) {
  proof::SecretBytes salts(ByteVector(segments * proof::kSaltBytes));
  ASSAY_TRY(proof::FillRandom(salts.get()));
  return salts;
}

// What the ident of a response is a digest of, but for the response itself.
ByteVector IdentHead(const std::vector<RecordRange>& records) {
  ByteVector marks;
  for (const RecordRange& record : records) {
    proof::AppendVarint(marks, record.offset);
    proof::AppendVarint(marks, record.length);
  }
  return proof::JoinPrefixed({AsBytes(proof::kRecordScheme), marks});
}

Digest IdentOfBody(const TenantKeys& keys, ByteSpan bytes,
                   const std::vector<RecordRange>& records) {
  return proof::HmacSha256(keys.index.bytes(), {IdentHead(records), bytes});
}

Status UnsealParts(const SealContext& context, const SealedBody& body, ByteVector& envelope) {
  const bool none_left = body.parts.empty() && body.wrapped_key.empty();
  if (none_left) return {};
  const std::string& tenant = context.tenant.text();
  ASSAY_ASSIGN(
      const proof::SecretKey key,
      UnwrapBodyKey(context.keys, proof::BodyKeyAad(tenant, body.ref.root), body.wrapped_key));
  const proof::BodyId id{tenant, body.epoch, body.ref.root, body.ref.scheme};
  envelope.reserve(body.parts.size() > 1 ? body.parts.size() * proof::kPartBytes : 0);
  for (size_t part = 0; part < body.parts.size(); ++part) {
    ASSAY_ASSIGN(const proof::SecretBytes packed,
                 proof::Unseal(key, proof::PartAad(id, part, body.parts.size()), body.parts[part]));
    ASSAY_TRY(Decompress(packed.span(), envelope));
  }
  return {};
}

uint64_t LengthOf(const std::vector<ByteSpan>& segments) {
  return std::accumulate(segments.begin(), segments.end(), uint64_t{0},
                         [](uint64_t sum, ByteSpan segment) { return sum + segment.size(); });
}

}  // namespace

bool MarksAreUsable(uint64_t size, const std::vector<RecordRange>& records) {
  if (records.size() > kMaxRecords || records.size() > size / kBytesPerRecord) return false;
  uint64_t end = 0;
  for (const RecordRange& record : records) {
    if (record.offset < end || record.offset > size || record.length > size - record.offset)
      return false;
    end = record.offset + record.length;
  }
  return true;
}

Digest IdentOfSegments(const TenantKeys& keys, const std::vector<ByteSpan>& segments) {
  Digest running = proof::HmacSha256(keys.index.bytes(), {AsBytes(proof::kSegmentScheme)});
  for (ByteSpan segment : segments)
    running = proof::HmacSha256(keys.index.bytes(), {running, segment});
  return running;
}

Digest IdentOfOpened(const TenantKeys& keys, const OpenedBody& body, ByteSpan bytes) {
  if (body.scheme() != proof::kRecordScheme) return IdentOfSegments(keys, body.segments());
  const auto marks = body.Marks();
  return marks ? IdentOfBody(keys, bytes, *marks) : Digest{};
}

// Ident and record hashes at once: both go over all of the bytes, and two messages that do not wait
// for each other take little longer than one. When the ident finds the bytes, only salts are lost.
Result<CutBody> CutBody::Make(const TenantKeys& keys, ByteSpan bytes,
                              const std::vector<RecordRange>& records) {
  CutBody out;
  std::vector<proof::Range> ranges;
  for (const RecordRange& record : records) ranges.emplace_back(record.offset, record.length);
  out.ref_ = {{}, bytes.size(), records.size(), std::string(proof::kRecordScheme)};
  out.skeleton_ = proof::SecretBytes(proof::MakeSkeleton(bytes, ranges));
  out.segments_ = {out.skeleton_.span()};
  for (const auto& [offset, length] : ranges)
    out.segments_.push_back(bytes.subspan(offset, length));
  ASSAY_ASSIGN(out.salts_, DrawSalts(out.segments_.size()));
  const proof::HmacPads pads(keys.index.bytes());
  proof::SecretBytes head(ByteVector(pads.inner.begin(), pads.inner.end()));
  AppendBytes(head.get(), IdentHead(records));
  out.hashes_ = proof::HashWithRecords({head.span(), bytes}, out.salts_.span(), out.segments_);
  out.hashes_.front() = proof::Sha256({pads.outer, out.hashes_.front()});
  return out;
}

Result<SealedBody> CutBody::Seal(const SealContext& context) const {
  SealedBody body;
  body.ref = ref_;
  body.ident = ident();
  return SealAll(context, salts_.span(), segments_, std::span(hashes_).subspan(1), std::move(body));
}

Result<PartlySealed> SealPartly(const SealContext& context, ByteSpan bytes,
                                const std::vector<RecordRange>& records, bool keep_skeleton) {
  std::vector<proof::Range> ranges;
  for (const RecordRange& record : records) ranges.emplace_back(record.offset, record.length);
  const proof::SecretBytes skeleton(proof::MakeSkeleton(bytes, ranges));
  ASSAY_ASSIGN(const proof::SecretBytes salts, DrawSalts(ranges.size() + 1));
  const auto salt = [&](size_t i) {
    return salts.span().subspan(i * proof::kSaltBytes, proof::kSaltBytes);
  };
  proof::Frontier tree(proof::TreeKind::kRecord);
  tree.Append(proof::HashRecord(salt(0), skeleton.span()));
  ErasedSegments dropped;
  for (size_t i = 0; i < ranges.size(); ++i) {
    dropped[i + 1] =
        proof::HashRecord(salt(i + 1), bytes.subspan(ranges[i].first, ranges[i].second));
    tree.Append(dropped[i + 1]);
  }
  PartlySealed out;
  out.ref = {tree.Root(), bytes.size(), ranges.size(), std::string(proof::kRecordScheme)};
  out.members.emplace("raw", keep_skeleton ? "redacted" : "none");
  if (!keep_skeleton) return out;
  SealedBody body;
  body.ref = out.ref;
  body.epoch = context.epoch;
  body.erased = EncodeErased(dropped);
  const proof::SecretBytes envelope(proof::MakeEnvelope(salt(0), {skeleton.span()}));
  ASSAY_TRY(SealParts(context, envelope.span(), body));
  out.members.emplace("erased", EncodeBase64(proof::Sha256(body.erased)));
  out.body = std::move(body);
  return out;
}

Result<SealedBody> SealSegments(const SealContext& context, const std::vector<ByteSpan>& segments,
                                const Digest& ident) {
  SealedBody body;
  body.ref = {{}, LengthOf(segments), segments.size(), std::string(proof::kSegmentScheme)};
  body.ident = ident;
  ASSAY_ASSIGN(const proof::SecretBytes salts, DrawSalts(segments.size()));
  return SealAll(context, salts.span(), segments, proof::HashRecords(salts.span(), segments),
                 std::move(body));
}

Result<OpenedBody> OpenedBody::Open(const SealContext& context, const SealedBody& body) {
  OpenedBody out;
  out.scheme_ = body.ref.scheme;
  ASSAY_ASSIGN(out.erased_, DecodeErased(body.erased, SegmentsOf(body.ref)));
  ASSAY_TRY(UnsealParts(context, body, out.envelope_.get()));
  ASSAY_TRY(out.PlaceSegments(body.ref));
  return out;
}

// What is left goes to the places it had; leaf hashes stand in for the rest.
Status OpenedBody::PlaceSegments(const BodyRef& ref) {
  proof::EnvelopeView view;
  if (!envelope_.span().empty()) {
    ASSAY_ASSIGN(view, proof::ReadEnvelope(envelope_.span()));
  }
  const proof::SecretBytes kept(std::move(view.salts));
  const uint64_t total = view.segments.size() + erased_.size();
  if (total != SegmentsOf(ref))
    return Fail(Code::kCorrupt, "body: number of records is not the recorded one");
  segments_.resize(total);
  salts_.get().resize(total * proof::kSaltBytes);
  const std::vector<Digest> left = proof::HashRecords(kept.span(), view.segments);
  std::vector<Digest> leaves;
  for (uint64_t i = 0, next = 0; i < total; ++i) {
    if (const auto gone = erased_.find(i); gone != erased_.end()) {
      leaves.push_back(gone->second);
      continue;
    }
    const ByteSpan salt = kept.span().subspan(next * proof::kSaltBytes, proof::kSaltBytes);
    std::copy(salt.begin(), salt.end(), salts_.get().begin() + i * proof::kSaltBytes);
    leaves.push_back(left[next]);
    segments_[i] = view.segments[next++];
  }
  if (proof::RootOf(proof::TreeKind::kRecord, leaves) != ref.root)
    return Fail(Code::kCorrupt, "body: does not match its root");
  return {};
}

ByteSpan OpenedBody::Salt(size_t segment) const {
  if (erased_.contains(segment)) return {};
  return salts_.span().subspan(segment * proof::kSaltBytes, proof::kSaltBytes);
}

Result<std::vector<RecordRange>> OpenedBody::Marks() const {
  ASSAY_ASSIGN(const std::vector<proof::Range> ranges, proof::ReadMarks(segments_.front()));
  std::vector<RecordRange> out;
  for (const auto& [offset, length] : ranges) out.push_back({offset, length});
  return out;
}

Result<ByteVector> OpenedBody::Bytes() const {
  if (!erased_.empty())
    return Fail(Code::kNotFound, fmt::format("body: {} of {} segments are erased", erased_.size(),
                                             segments_.size()));
  if (scheme_ == proof::kRecordScheme)
    return proof::FillSkeleton(segments_.front(), {segments_.begin() + 1, segments_.end()});
  ByteVector out;
  for (ByteSpan segment : segments_) AppendBytes(out, segment);
  return out;
}

ErasedSegments ErasedWith(const OpenedBody& body, const std::vector<uint64_t>& segments) {
  ErasedSegments out = body.erased();
  for (const uint64_t segment : segments)
    if (segment < body.segments().size() && !out.contains(segment))
      out[segment] = proof::HashRecord(body.Salt(segment), body.segments()[segment]);
  return out;
}

Result<SealedBody> SealWithout(const SealContext& context, const OpenedBody& body,
                               const SealedBody& before, const ErasedSegments& erased) {
  SealedBody out;
  out.ref = before.ref;
  out.epoch = before.epoch;
  out.place = before.place;
  out.erased = EncodeErased(erased);
  std::vector<ByteSpan> left;
  proof::SecretBytes salts;
  salts.get().reserve(body.segments().size() * proof::kSaltBytes);
  for (size_t i = 0; i < body.segments().size(); ++i) {
    if (erased.contains(i)) continue;
    left.push_back(body.segments()[i]);
    AppendBytes(salts.get(), body.Salt(i));
  }
  if (left.empty()) return out;
  const proof::SecretBytes envelope(proof::MakeEnvelope(salts.span(), left));
  ASSAY_TRY(SealParts({context.tenant, before.epoch, context.keys}, envelope.span(), out));
  return out;
}

}  // namespace assay::ledger
