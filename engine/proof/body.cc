#include "proof/body.h"

#include <fmt/format.h>

#include "proof/secret.h"
#include "proof/tree.h"

namespace assay::proof {
namespace {

tl::unexpected<Error> Bad(const char* why) {
  return Fail(Code::kCorrupt, std::string("body: ") + why);
}

Result<ByteSpan> TakeBytes(ByteSpan& in, uint64_t length) {
  if (length > in.size()) return Bad("cut short");
  const ByteSpan out = in.first(static_cast<size_t>(length));
  in = in.subspan(static_cast<size_t>(length));
  return out;
}

std::vector<Digest> HashAfter(std::vector<Message> messages, ByteSpan salts,
                              std::span<const ByteSpan> segments) {
  constexpr size_t kHead = 1 + kSaltBytes;
  SecretBytes heads(ByteVector(segments.size() * kHead, static_cast<uint8_t>(TreeKind::kRecord)));
  messages.reserve(messages.size() + segments.size());
  for (size_t i = 0; i < segments.size(); ++i) {
    std::copy_n(&salts[i * kSaltBytes], kSaltBytes, &heads.get()[i * kHead + 1]);
    messages.push_back({heads.span().subspan(i * kHead, kHead), segments[i]});
  }
  std::vector<Digest> out(messages.size());
  Sha256Each(messages, out);
  return out;
}

}  // namespace

void AppendVarint(ByteVector& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

Result<uint64_t> TakeVarint(ByteSpan& in) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 63; shift += 7) {
    ASSAY_ASSIGN(const ByteSpan byte, TakeBytes(in, 1));
    value |= uint64_t{byte[0] & 0x7fu} << shift;
    if (byte[0] >= 0x80) continue;
    if (byte[0] == 0 && shift > 0) return Bad("number is not in shortest form");
    return value;
  }
  return Bad("number is too long");
}

ByteVector MakeSkeleton(ByteSpan bytes, const std::vector<Range>& records) {
  ByteVector out;
  AppendVarint(out, records.size());
  uint64_t end = 0;
  for (const auto& [offset, length] : records) {
    AppendVarint(out, offset - end);
    AppendVarint(out, length);
    end = offset + length;
  }
  end = 0;
  for (const auto& [offset, length] : records) {
    AppendBytes(out, bytes.subspan(end, offset - end));
    end = offset + length;
  }
  AppendBytes(out, bytes.subspan(end));
  return out;
}

Result<ByteVector> FillSkeleton(ByteSpan skeleton, const std::vector<ByteSpan>& records) {
  ASSAY_ASSIGN(const uint64_t count, TakeVarint(skeleton));
  if (count != records.size()) return Bad("skeleton counts other records");
  std::vector<uint64_t> gaps;
  for (const ByteSpan& record : records) {
    ASSAY_ASSIGN(const uint64_t gap, TakeVarint(skeleton));
    ASSAY_ASSIGN(const uint64_t length, TakeVarint(skeleton));
    if (length != record.size()) return Bad("record has another length than the skeleton says");
    gaps.push_back(gap);
  }
  ByteVector out;
  for (size_t i = 0; i < records.size(); ++i) {
    ASSAY_ASSIGN(const ByteSpan gap, TakeBytes(skeleton, gaps[i]));
    AppendBytes(out, gap);
    AppendBytes(out, records[i]);
  }
  AppendBytes(out, skeleton);
  return out;
}

Result<std::vector<Range>> ReadMarks(ByteSpan skeleton) {
  ASSAY_ASSIGN(const uint64_t count, TakeVarint(skeleton));
  if (count > kMaxSegments) return Bad("skeleton counts too many records");
  std::vector<Range> out;
  for (uint64_t i = 0, end = 0; i < count; ++i) {
    ASSAY_ASSIGN(const uint64_t gap, TakeVarint(skeleton));
    ASSAY_ASSIGN(const uint64_t length, TakeVarint(skeleton));
    out.emplace_back(end + gap, length);
    end += gap + length;
  }
  return out;
}

Digest HashRecord(ByteSpan salt, ByteSpan segment) {
  return HashLeaf(TreeKind::kRecord, {salt, segment});
}

std::vector<Digest> HashRecords(ByteSpan salts, std::span<const ByteSpan> segments) {
  return HashAfter({}, salts, segments);
}

std::vector<Digest> HashWithRecords(const Message& message, ByteSpan salts,
                                    std::span<const ByteSpan> segments) {
  return HashAfter({message}, salts, segments);
}

Digest RecordRoot(ByteSpan salts, const std::vector<ByteSpan>& segments) {
  return RootOf(TreeKind::kRecord, HashRecords(salts, segments));
}

ByteVector MakeEnvelope(ByteSpan salts, const std::vector<ByteSpan>& segments) {
  size_t size = 10 + segments.size() * (kSaltBytes + 10);
  for (ByteSpan segment : segments) size += segment.size();
  ByteVector out;
  out.reserve(size);
  AppendVarint(out, segments.size());
  for (size_t i = 0; i < segments.size(); ++i) {
    AppendBytes(out, salts.subspan(i * kSaltBytes, kSaltBytes));
    AppendVarint(out, segments[i].size());
  }
  for (ByteSpan segment : segments) AppendBytes(out, segment);
  return out;
}

Result<EnvelopeView> ReadEnvelope(ByteSpan envelope) {
  ASSAY_ASSIGN(const uint64_t count, TakeVarint(envelope));
  if (count == 0 || count > kMaxSegments) return Bad("impossible number of segments");
  EnvelopeView out;
  std::vector<uint64_t> lengths;
  for (uint64_t i = 0; i < count; ++i) {
    ASSAY_ASSIGN(const ByteSpan salt, TakeBytes(envelope, kSaltBytes));
    ASSAY_ASSIGN(const uint64_t length, TakeVarint(envelope));
    AppendBytes(out.salts, salt);
    lengths.push_back(length);
  }
  for (uint64_t length : lengths) {
    ASSAY_ASSIGN(const ByteSpan segment, TakeBytes(envelope, length));
    out.segments.push_back(segment);
  }
  if (!envelope.empty()) return Bad("bytes after the last segment");
  return out;
}

ByteVector PartAad(const BodyId& id, uint64_t part, uint64_t parts) {
  const std::string epoch = std::to_string(id.epoch);
  const std::string place = fmt::format("{}/{}", part, parts);
  return JoinPrefixed({AsBytes("assay/body/1"), AsBytes(id.tenant), AsBytes(epoch), id.root,
                       AsBytes(id.scheme), AsBytes(place)});
}

ByteVector BodyKeyAad(std::string_view tenant, const Digest& root) {
  return JoinPrefixed({AsBytes("assay/body-key/1"), AsBytes(tenant), root});
}

ByteVector TenantKeyAad(std::string_view tenant, std::string_view purpose) {
  return JoinPrefixed({AsBytes("assay/tenant-key/1"), AsBytes(tenant), AsBytes(purpose)});
}

}  // namespace assay::proof
