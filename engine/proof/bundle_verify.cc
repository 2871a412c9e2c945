// What a bundle must show before it is believed.
#include <fmt/format.h>

#include "proof/bundle.h"
#include "proof/canonical_json.h"
#include "proof/json_value.h"

namespace assay::proof {
namespace {

tl::unexpected<Error> Bad(const std::string& why) { return Fail(Code::kCorrupt, "bundle: " + why); }

struct TrustedHead {
  Checkpoint head;
  std::string fingerprint;
  std::vector<Cosignature> cosignatures;
};

Result<Handovers> ReadKeys(const std::vector<std::string>& lines, const Trust& trust) {
  ASSAY_ASSIGN(Handovers keys, Handovers::FromHandovers(lines));
  if (!trust.fingerprint.empty() && !keys.Knows(trust.fingerprint))
    return Bad("key " + trust.fingerprint + " never signed this ledger, which begins with " +
               FingerprintOf(keys.first().key));
  return keys;
}

Result<TrustedHead> OpenHead(const std::string& note, const Handovers& keys, const Trust& trust) {
  TrustedHead out;
  ASSAY_ASSIGN(out.head, OpenCheckpoint(note, keys.newest()));
  out.fingerprint = FingerprintOf(keys.newest().key);
  ASSAY_ASSIGN(const Note parsed, ParseNote(note));
  for (const Cosigner& witness : trust.witnesses) {
    ASSAY_ASSIGN(const auto found, FindCosignatures(parsed, witness));
    out.cosignatures.insert(out.cosignatures.end(), found.begin(), found.end());
  }
  return out;
}

struct LineFacts {
  std::string kind, tenant;
  Timestamp time{};
  std::string scheme;
  Digest body_root{};
  uint64_t records = 0;
  bool has_body = false;
};

Status ReadBody(const JsonObject& body, LineFacts& out) {
  ASSAY_ASSIGN(out.scheme, TextAt(body, "scheme"));
  ASSAY_ASSIGN(const int64_t records, IntegerAt(body, "records"));
  ASSAY_ASSIGN(const std::string root, TextAt(body, "root"));
  ASSAY_ASSIGN(const ByteVector bytes, ParseBase64(root));
  ASSAY_ASSIGN(out.body_root, ToDigest(bytes));
  out.records = static_cast<uint64_t>(records);
  out.has_body = true;
  return {};
}

Result<LineFacts> ReadLine(const std::string& line, uint64_t index) {
  ASSAY_ASSIGN(const Json json, ReadJson(line));
  if (json.object() == nullptr) return Bad("line is not an object");
  const JsonObject& members = *json.object();
  LineFacts out;
  ASSAY_ASSIGN(out.kind, TextAt(members, "kind"));
  ASSAY_ASSIGN(out.tenant, TextAt(members, "tenant"));
  ASSAY_ASSIGN(const std::string time, TextAt(members, "time"));
  ASSAY_ASSIGN(out.time, ParseTime(time));
  ASSAY_ASSIGN(const int64_t said, IntegerAt(members, "index"));
  if (static_cast<uint64_t>(said) != index)
    return Bad(fmt::format("line says that it is entry {}, not {}", said, index));
  if (const auto body = members.find("body"); body != members.end()) {
    if (body->second.object() == nullptr) return Bad("member body is no object");
    ASSAY_TRY(ReadBody(*body->second.object(), out));
  }
  return out;
}

Status CheckRecord(const ShownRecord& record, const LineFacts& line) {
  if (!line.has_body) return Bad("a record is shown and the entry has no body");
  const uint64_t skeleton = line.scheme == kRecordScheme ? 1 : 0;
  if (record.segments != line.records + skeleton)
    return Bad(fmt::format("{} segments, the entry's body has {}", record.segments,
                           line.records + skeleton));
  const Digest leaf = HashRecord(record.salt, record.bytes);
  if (Status status = VerifyInclusion(TreeKind::kRecord, leaf, record.segment, record.segments,
                                      record.path, line.body_root);
      !status)
    return Bad("record: " + status.error().message);
  if (Status shown = CheckShownAsRecord(line.scheme, record.segment, record.bytes); !shown)
    return Bad("record: " + shown.error().message);
  return {};
}

}  // namespace

Status CheckShownAsRecord(std::string_view scheme, uint64_t segment, ByteSpan bytes) {
  if (scheme != kRecordScheme) return {};
  if (segment == 0)
    return Fail(Code::kDenied, "segment 0 is what lies between the records, it is shown as none");
  if (Status whole = CheckOneJsonValue(bytes); !whole)
    return Fail(Code::kDenied, fmt::format("segment {} is not one whole JSON value: {}", segment,
                                           whole.error().message));
  return {};
}

Result<BundleFacts> VerifyBundle(const Bundle& bundle, const Trust& trust) {
  ASSAY_ASSIGN(const Handovers keys, ReadKeys(bundle.keys, trust));
  ASSAY_ASSIGN(TrustedHead head, OpenHead(bundle.note, keys, trust));
  auto line = ReadLine(bundle.line, bundle.index);
  if (!line) return Fail(Code::kCorrupt, line.error().message);
  ASSAY_TRY(VerifyInclusion(TreeKind::kEntry, HashEntry(bundle.line), bundle.index, head.head.size,
                            bundle.path, head.head.root));
  if (bundle.record) ASSAY_TRY(CheckRecord(*bundle.record, *line));
  return BundleFacts{
      std::move(head.head),        std::move(head.fingerprint), FingerprintOf(keys.first().key),
      std::move(line->kind),       std::move(line->tenant),     line->time,
      std::move(head.cosignatures)};
}

Result<ConsistencyFacts> VerifyBundle(const ConsistencyBundle& bundle, const Trust& trust) {
  ASSAY_ASSIGN(const Handovers keys, ReadKeys(bundle.keys, trust));
  ASSAY_ASSIGN(TrustedHead to, OpenHead(bundle.to, keys, trust));
  ASSAY_ASSIGN(const Checkpoint from, keys.Open(bundle.from));
  ASSAY_TRY(VerifyConsistency(TreeKind::kEntry, from.size, from.root, to.head.size, to.head.root,
                              bundle.path));
  return ConsistencyFacts{from, std::move(to.head), std::move(to.fingerprint),
                          FingerprintOf(keys.first().key), std::move(to.cosignatures)};
}

}  // namespace assay::proof
