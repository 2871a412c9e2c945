#include "ledger/absent.h"

#include <fmt/format.h>

#include <set>

#include "ledger/chain.h"

namespace assay::ledger {
namespace {

constexpr size_t kItem = 4 + sizeof(Digest);

Result<uint64_t> NumberAt(const LineFacts& facts, std::string_view key) {
  ASSAY_ASSIGN(const int64_t value, proof::IntegerAt(facts.members, key));
  return static_cast<uint64_t>(value);
}

Result<Digest> DigestAt(const LineFacts& facts, std::string_view key) {
  ASSAY_ASSIGN(const std::string text, proof::TextAt(facts.members, key));
  ASSAY_ASSIGN(const ByteVector bytes, ParseBase64(text));
  return ToDigest(bytes);
}

Result<std::vector<uint64_t>> NumbersAt(const LineFacts& facts, std::string_view key) {
  const auto it = facts.members.find(key);
  const proof::JsonArray* list = it == facts.members.end() ? nullptr : it->second.array();
  if (list == nullptr)
    return Fail(Code::kCorrupt, "member " + std::string(key) + ": expected a list");
  std::vector<uint64_t> out;
  for (const proof::Json& item : *list) {
    if (item.integer() == nullptr)
      return Fail(Code::kCorrupt, "member " + std::string(key) + ": expected numbers");
    out.push_back(static_cast<uint64_t>(*item.integer()));
  }
  return out;
}

Result<RecordErasure> ReadRecordErasure(const LineFacts& facts) {
  RecordErasure out;
  out.index = facts.index;
  out.time = facts.time;
  ASSAY_ASSIGN(out.reason, proof::TextAt(facts.members, "reason"));
  ASSAY_ASSIGN(out.receipt, proof::TextAt(facts.members, "receipt"));
  ASSAY_ASSIGN(out.root, DigestAt(facts, "root"));
  ASSAY_ASSIGN(out.segments, NumbersAt(facts, "segments"));
  ASSAY_ASSIGN(out.column, DigestAt(facts, "erased"));
  return out;
}

Result<Erasure> ReadErasure(const LineFacts& facts) {
  Erasure out;
  out.index = facts.index;
  out.time = facts.time;
  ASSAY_ASSIGN(out.reason, proof::TextAt(facts.members, "reason"));
  ASSAY_ASSIGN(out.receipt, proof::TextAt(facts.members, "receipt"));
  if (facts.kind == "erasure.tenant") return out;
  ASSAY_ASSIGN(out.bodies, NumberAt(facts, "bodies"));
  ASSAY_ASSIGN(out.records, NumberAt(facts, "records"));
  return out;
}

Result<Expiry> ReadExpiry(const LineFacts& facts) {
  Expiry out;
  out.index = facts.index;
  out.time = facts.time;
  ASSAY_ASSIGN(out.class_name, proof::TextAt(facts.members, "class"));
  ASSAY_ASSIGN(out.through, NumberAt(facts, "through"));
  ASSAY_ASSIGN(out.bodies, NumberAt(facts, "bodies"));
  return out;
}

Result<Hold> ReadHold(const LineFacts& facts) {
  Hold out;
  out.index = facts.index;
  out.time = facts.time;
  ASSAY_ASSIGN(out.id, proof::TextAt(facts.members, "hold"));
  ASSAY_ASSIGN(out.first, NumberAt(facts, "first"));
  ASSAY_ASSIGN(out.last, NumberAt(facts, "last"));
  return out;
}

std::string DayOf(Timestamp time) { return FormatTime(time).substr(0, 10); }

}  // namespace

ByteVector EncodeErased(const ErasedSegments& erased) {
  ByteVector out;
  for (const auto& [number, leaf] : erased) {
    for (int shift = 24; shift >= 0; shift -= 8)
      out.push_back(static_cast<uint8_t>(number >> shift));
    AppendBytes(out, leaf);
  }
  return out;
}

Result<ErasedSegments> DecodeErased(ByteSpan column, uint64_t segments) {
  const auto bad = [](const char* why) {
    return Fail(Code::kCorrupt, std::string("erased segments: ") + why);
  };
  if (column.size() % kItem != 0) return bad("cut short");
  ErasedSegments out;
  for (; !column.empty(); column = column.subspan(kItem)) {
    uint64_t number = 0;
    for (size_t i = 0; i < 4; ++i) number = number << 8 | column[i];
    if (number >= segments) return bad("number above the last segment");
    if (!out.empty() && number <= out.rbegin()->first) return bad("not in order");
    ASSAY_ASSIGN(out[number], ToDigest(column.subspan(4, sizeof(Digest))));
  }
  return out;
}

uint64_t SegmentsOf(const BodyRef& ref) { return ref.records + (ref.scheme == "rec/1" ? 1 : 0); }

std::string_view RetentionClassOf(std::string_view kind) {
  if (kind == "plugin.file") return "plugins";
  return kind == "read" ? "raw" : "facts";
}

std::string SayErased(std::string_view reason, Timestamp time) {
  return fmt::format("erased ({}, {})", reason, DayOf(time));
}

std::string SayExpired(Timestamp time) { return fmt::format("expired ({})", DayOf(time)); }

Result<AbsenceBook> AbsenceBook::Read(LedgerStore& store,
                                      std::span<const std::string_view> prefixes, uint64_t first) {
  AbsenceBook out;
  ASSAY_ASSIGN(const std::vector<Landmark> landmarks, ReadFamilies(store, prefixes, first));
  for (const Landmark& landmark : landmarks) {
    auto line = ReadOneLine(store, landmark.index);
    if (!line && line.error().code == Code::kNotFound) line.error().code = Code::kCorrupt;
    if (!line) return Fail(std::move(line.error()));
    ASSAY_ASSIGN(const LineFacts facts, ParseLine(*line));
    ASSAY_TRY(out.Take(facts));
  }
  return out;
}

Status AbsenceBook::Take(const LineFacts& facts) {
  const auto wrong = [&](Error error) {
    return Fail(Code::kCorrupt, fmt::format("entry {}: {}", facts.index, error.message));
  };
  if (facts.kind == "erasure.record") {
    auto erasure = ReadRecordErasure(facts);
    if (!erasure) return wrong(std::move(erasure.error()));
    by_root_[erasure->root].push_back(records_.size());
    records_.push_back(std::move(*erasure));
  } else if (facts.kind == "erasure.subject" || facts.kind == "erasure.tenant") {
    auto erasure = ReadErasure(facts);
    if (!erasure) return wrong(std::move(erasure.error()));
    if (facts.kind == "erasure.tenant")
      tenant_ = std::move(*erasure);
    else
      subjects_.push_back(std::move(*erasure));
  } else if (facts.kind == "retention.expired") {
    auto expiry = ReadExpiry(facts);
    if (!expiry) return wrong(std::move(expiry.error()));
    expiries_.push_back(std::move(*expiry));
  } else if (facts.kind == "hold.placed") {
    auto hold = ReadHold(facts);
    if (!hold) return wrong(std::move(hold.error()));
    holds_.push_back(std::move(*hold));
  } else if (facts.kind == "hold.released") {
    auto id = proof::TextAt(facts.members, "hold");
    if (!id) return wrong(std::move(id.error()));
    for (Hold& hold : holds_)
      if (hold.id == *id && !hold.released) hold.released = facts.index;
  }
  return {};
}

const RecordErasure* AbsenceBook::NewestOf(const Digest& root) const {
  const auto it = by_root_.find(root);
  return it == by_root_.end() ? nullptr : &records_[it->second.back()];
}

std::vector<uint64_t> AbsenceBook::SegmentsErased(const Digest& root) const {
  std::set<uint64_t> out;
  if (const auto it = by_root_.find(root); it != by_root_.end())
    for (const size_t at : it->second)
      out.insert(records_[at].segments.begin(), records_[at].segments.end());
  return {out.begin(), out.end()};
}

}  // namespace assay::ledger
