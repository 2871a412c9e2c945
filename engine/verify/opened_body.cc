#include "verify/opened_body.h"

#include "proof/secret.h"

namespace assay::verify {
namespace {

tl::unexpected<Error> Bad(const char* why) { return Fail(Code::kCorrupt, why); }

Digest ChainOf(ByteSpan key, const std::vector<ByteSpan>& segments) {
  Digest running = proof::HmacSha256(key, {AsBytes(proof::kSegmentScheme)});
  for (const ByteSpan segment : segments) running = proof::HmacSha256(key, {running, segment});
  return running;
}

/// The response that a skeleton and its records are, and its marks as the ident has them.
struct Response {
  proof::SecretBytes bytes;
  ByteVector marks;
};

Result<Response> PutTogether(const std::vector<ByteSpan>& segments) {
  ASSAY_ASSIGN(const std::vector<proof::Range> ranges, proof::ReadMarks(segments.front()));
  ByteVector table;
  for (const auto& [offset, length] : ranges) {
    proof::AppendVarint(table, offset);
    proof::AppendVarint(table, length);
  }
  ASSAY_ASSIGN(ByteVector filled,
               proof::FillSkeleton(segments.front(), {segments.begin() + 1, segments.end()}));
  return Response{proof::SecretBytes(std::move(filled)),
                  proof::JoinPrefixed({AsBytes(proof::kRecordScheme), table})};
}

// The ident of a response is a hash over all of it: that one long message is hashed beside the
// records.
BodyHashes HashResponse(ByteSpan key, const Response& response, const proof::EnvelopeView& view) {
  const proof::HmacPads pads(key);
  proof::SecretBytes head(ByteVector(pads.inner.begin(), pads.inner.end()));
  AppendBytes(head.get(), response.marks);
  std::vector<Digest> hashes =
      proof::HashWithRecords({head.span(), response.bytes.span()}, view.salts, view.segments);
  const Digest ident = proof::Sha256({pads.outer, hashes.front()});
  hashes.erase(hashes.begin());
  return {std::move(hashes), ident};
}

}  // namespace

BodyHashes HashesOf(ByteSpan key, std::string_view scheme, const proof::EnvelopeView& view,
                    bool with_ident) {
  if (with_ident && scheme != proof::kSegmentScheme) {
    const auto response = PutTogether(view.segments);
    if (response) return HashResponse(key, *response, view);
    return {proof::HashRecords(view.salts, view.segments), Fail(response.error())};
  }
  return {proof::HashRecords(view.salts, view.segments),
          with_ident ? ChainOf(key, view.segments) : Digest{}};
}

Result<uint64_t> LengthOf(const BodyMember& member, const std::vector<ByteSpan>& segments) {
  uint64_t length = 0;
  if (member.scheme == proof::kSegmentScheme) {
    for (const ByteSpan segment : segments) length += segment.size();
    return length;
  }
  if (member.scheme != proof::kRecordScheme) return Bad("body scheme is not known");
  ByteSpan skeleton = segments.front();
  ASSAY_ASSIGN(const uint64_t records, proof::TakeVarint(skeleton));
  if (records != member.records) return Bad("skeleton counts other records");
  uint64_t gaps = 0;
  for (uint64_t i = 0; i < records; ++i) {
    ASSAY_ASSIGN(const uint64_t gap, proof::TakeVarint(skeleton));
    ASSAY_ASSIGN(const uint64_t record, proof::TakeVarint(skeleton));
    if (segments.size() == records + 1 && record != segments[i + 1].size())
      return Bad("record has another length than the skeleton says");
    gaps += gap;
    length += record;
    if (gaps > skeleton.size()) return Bad("skeleton is cut short");
  }
  return length + skeleton.size();
}

}  // namespace assay::verify
