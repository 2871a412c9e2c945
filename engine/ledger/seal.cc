#include "ledger/seal.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "proof/body.h"

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

Result<SealedBody> SealAll(const SealContext& context, const std::vector<ByteSpan>& segments,
                           SealedBody body) {
  proof::SecretBytes salts(ByteVector(segments.size() * proof::kSaltBytes));
  ASSAY_TRY(proof::FillRandom(salts.get()));
  body.epoch = context.epoch;
  body.ref.root = proof::RecordRoot(salts.span(), segments);
  const proof::SecretBytes envelope(proof::MakeEnvelope(salts.span(), segments));
  ASSAY_TRY(SealParts(context, envelope.span(), body));
  return body;
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

Digest IdentOfBody(const TenantKeys& keys, ByteSpan bytes,
                   const std::vector<RecordRange>& records) {
  ByteVector marks;
  for (const RecordRange& record : records) {
    proof::AppendVarint(marks, record.offset);
    proof::AppendVarint(marks, record.length);
  }
  const ByteVector head = proof::JoinPrefixed({AsBytes(proof::kRecordScheme), marks});
  return proof::HmacSha256(keys.index.bytes(), {head, bytes});
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

Result<SealedBody> SealBody(const SealContext& context, ByteSpan bytes,
                            const std::vector<RecordRange>& records, const Digest& ident) {
  std::vector<proof::Range> ranges;
  for (const RecordRange& record : records) ranges.emplace_back(record.offset, record.length);
  const proof::SecretBytes skeleton(proof::MakeSkeleton(bytes, ranges));
  std::vector<ByteSpan> segments{skeleton.span()};
  for (const auto& [offset, length] : ranges) segments.push_back(bytes.subspan(offset, length));
  SealedBody body;
  body.ref = {{}, bytes.size(), records.size(), std::string(proof::kRecordScheme)};
  body.ident = ident;
  return SealAll(context, segments, std::move(body));
}

Result<SealedBody> SealSegments(const SealContext& context, const std::vector<ByteSpan>& segments,
                                const Digest& ident) {
  SealedBody body;
  body.ref = {{}, LengthOf(segments), segments.size(), std::string(proof::kSegmentScheme)};
  body.ident = ident;
  return SealAll(context, segments, std::move(body));
}

Result<OpenedBody> OpenedBody::Open(const SealContext& context, const SealedBody& body) {
  const std::string& tenant = context.tenant.text();
  ASSAY_ASSIGN(
      const proof::SecretKey key,
      UnwrapBodyKey(context.keys, proof::BodyKeyAad(tenant, body.ref.root), body.wrapped_key));
  const proof::BodyId id{tenant, body.epoch, body.ref.root, body.ref.scheme};
  OpenedBody out;
  out.scheme_ = body.ref.scheme;
  out.envelope_.get().reserve(body.parts.size() > 1 ? body.parts.size() * proof::kPartBytes : 0);
  for (size_t part = 0; part < body.parts.size(); ++part) {
    ASSAY_ASSIGN(const proof::SecretBytes packed,
                 proof::Unseal(key, proof::PartAad(id, part, body.parts.size()), body.parts[part]));
    ASSAY_TRY(Decompress(packed.span(), out.envelope_.get()));
  }
  ASSAY_ASSIGN(proof::EnvelopeView view, proof::ReadEnvelope(out.envelope_.span()));
  if (proof::RecordRoot(view.salts, view.segments) != body.ref.root)
    return Fail(Code::kCorrupt, "body: does not match its root");
  const bool skeleton = out.scheme_ == proof::kRecordScheme;
  if (view.segments.size() - (skeleton ? 1 : 0) != body.ref.records)
    return Fail(Code::kCorrupt, "body: number of records is not the recorded one");
  out.segments_ = std::move(view.segments);
  out.salts_ = std::move(view.salts);
  return out;
}

Result<std::vector<RecordRange>> OpenedBody::Marks() const {
  ASSAY_ASSIGN(const std::vector<proof::Range> ranges, proof::ReadMarks(segments_.front()));
  std::vector<RecordRange> out;
  for (const auto& [offset, length] : ranges) out.push_back({offset, length});
  return out;
}

Result<ByteVector> OpenedBody::Bytes() const {
  if (scheme_ == proof::kRecordScheme)
    return proof::FillSkeleton(segments_.front(), {segments_.begin() + 1, segments_.end()});
  ByteVector out;
  for (ByteSpan segment : segments_) AppendBytes(out, segment);
  return out;
}

}  // namespace assay::ledger
