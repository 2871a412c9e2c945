#include "verify/facts.h"

#include <fmt/format.h>

#include <algorithm>

namespace assay::verify {
namespace {

constexpr size_t kMaxNamedSegments = 256;

tl::unexpected<Error> Bad(std::string why) { return Fail(Code::kCorrupt, std::move(why)); }

Result<uint64_t> NumberAt(const proof::JsonObject& says, std::string_view key) {
  ASSAY_ASSIGN(const int64_t number, proof::IntegerAt(says, key));
  return static_cast<uint64_t>(number);
}

bool IsOneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

bool IsLandmark(std::string_view kind) {
  if (kind == "read") return false;  // most of all entries
  constexpr std::string_view kFamilies[] = {"key.",     "epoch.",     "checkpoint.",
                                            "erasure.", "retention.", "hold."};
  return std::any_of(std::begin(kFamilies), std::end(kFamilies),
                     [&](std::string_view family) { return kind.starts_with(family); });
}

Result<std::vector<uint64_t>> SegmentsAt(const proof::JsonObject& says) {
  const auto found = says.find("segments");
  const proof::JsonArray* list = found == says.end() ? nullptr : found->second.array();
  if (list == nullptr || list->empty() || list->size() > kMaxNamedSegments)
    return Bad("segments are wrong");
  std::vector<uint64_t> out;
  for (const proof::Json& number : *list) {
    if (number.integer() == nullptr) return Bad("segments are wrong");
    const auto segment = static_cast<uint64_t>(*number.integer());
    if (!out.empty() && out.back() >= segment) return Bad("segments are not ascending");
    out.push_back(segment);
  }
  return out;
}

Status Facts::Take(uint64_t index, const Line& line, std::string_view text) {
  ASSAY_TRY(TakePlace(index, line));
  if (index == 0) {
    ASSAY_ASSIGN(std::string origin, proof::TextAt(MembersOf(text), "origin"));
    keys = KeyChain(std::move(origin));
  }
  if (IsLandmark(line.kind)) {
    landmarks.emplace_back(index, line.kind);
    ASSAY_TRY(TakeLandmark(index, line.kind, MembersOf(text)));
  }
  if (line.epoch != keys.epoch()) return Bad("epoch is raised by epoch.started and nothing else");
  if (line.has_body && gone && *gone != index) return Bad("has a body after erasure.tenant");
  return {};
}

Status Facts::TakePlace(uint64_t index, const Line& line) {
  if (tenant.empty()) tenant = line.tenant;
  if (line.index != index || line.tenant != tenant || line.time < last_time)
    return Bad("index, tenant or time does not follow");
  last_time = line.time;
  if ((line.kind == "tenant.created") != (index == 0) ||
      (line.kind == "key.created") != (index == 1))
    return Bad("a ledger begins with tenant.created and key.created, and never again");
  return {};
}

Status Facts::TakeLandmark(uint64_t index, std::string_view kind, const proof::JsonObject& says) {
  if (kind == "key.created" || kind == "key.rotated") return TakeKey(index, kind, says);
  if (kind == "epoch.started") return TakeEpoch(index, says);
  if (kind.starts_with("checkpoint.")) return TakeCheckpoint(index, kind, says);
  if (kind.starts_with("erasure.")) return TakeErasure(index, kind, says);
  if (kind.starts_with("retention.")) return TakeRetention(index, says);
  return kind.starts_with("hold.") ? TakeHold(index, kind, says) : Status{};
}

Status Facts::TakeKey(uint64_t index, std::string_view kind, const proof::JsonObject& says) {
  const std::string before = keys.Fingerprint();
  ASSAY_TRY(keys.Take(index, kind, says));
  ASSAY_ASSIGN(const std::string algorithm, proof::TextAt(says, "algorithm"));
  ASSAY_ASSIGN(const std::string fingerprint, proof::TextAt(says, "fingerprint"));
  if (algorithm != "ed25519" || fingerprint != keys.Fingerprint())
    return Bad("fingerprint is not that of the key");
  if (kind == "key.created") return {};
  ASSAY_ASSIGN(const std::string previous, proof::TextAt(says, "previous"));
  return previous == before ? Status{} : Bad("previous is not the fingerprint of the key before");
}

Status Facts::TakeEpoch(uint64_t index, const proof::JsonObject& says) {
  ASSAY_TRY(keys.Take(index, "epoch.started", says));
  ASSAY_ASSIGN(const uint64_t known, NumberAt(says, "known_size"));
  ASSAY_ASSIGN(const uint64_t lost, NumberAt(says, "lost"));
  ASSAY_ASSIGN(const std::string reason, proof::TextAt(says, "reason"));
  ASSAY_TRY(DigestAt(says, "known_root"));
  if (lost != (known > index ? known - index : 0) ||
      !IsOneOf(reason, {"restored", "accepted_loss"}))
    return Bad("loss is not what it says");
  return {};
}

Status Facts::TakeCheckpoint(uint64_t index, std::string_view kind, const proof::JsonObject& says) {
  ASSAY_ASSIGN(const uint64_t size, NumberAt(says, "size"));
  const auto note = notes_.find(size);
  if (note == notes_.end() || size > index) return Bad("of a checkpoint that is not there");
  if (kind == "checkpoint.timestamped") {
    ASSAY_ASSIGN(const Digest digest, DigestAt(says, "digest"));
    ASSAY_ASSIGN(std::string time, proof::TextAt(says, "gen_time"));
    ASSAY_ASSIGN(std::string policy, proof::TextAt(says, "policy"));
    tokens[digest] = {note->second, std::move(time), std::move(policy)};
  } else if (kind == "checkpoint.cosigned") {
    ASSAY_ASSIGN(const std::string line, proof::TextAt(says, "line"));
    ASSAY_ASSIGN(const std::string vkey, proof::TextAt(says, "vkey"));
    return CheckCosignature(line, vkey, note->second);
  }
  return {};
}

Status Facts::TakeErasure(uint64_t index, std::string_view kind, const proof::JsonObject& says) {
  ASSAY_ASSIGN(const std::string reason, proof::TextAt(says, "reason"));
  if (!IsOneOf(reason, {"privacy", "mistake", "contract", "court"}))
    return Bad("reason is unknown");
  if (kind == "erasure.record") return TakeErasedRecord(index, says);
  if (kind == "erasure.subject") return TakeErasedSubject(says);
  if (kind == "erasure.tenant") {
    for (const auto& [id, hold] : holds_)
      if (!hold.released) return Bad("erases under hold " + Quote(id));
    gone = index;
  }
  return {};
}

Status Facts::TakeErasedRecord(uint64_t index, const proof::JsonObject& says) {
  ASSAY_ASSIGN(const Digest root, DigestAt(says, "root"));
  ASSAY_ASSIGN(const std::vector<uint64_t> segments, SegmentsAt(says));
  ASSAY_TRY(DigestAt(says, "erased"));
  ASSAY_ASSIGN(const std::string id, proof::TextAt(says, "receipt"));
  Receipt& receipt = receipts_[id];
  receipt.bodies.insert(root);
  receipt.records += segments.size();
  return IsHeld(root, index) ? Bad("erases under a hold") : Status{};
}

Status Facts::TakeErasedSubject(const proof::JsonObject& says) const {
  ASSAY_ASSIGN(const std::string id, proof::TextAt(says, "receipt"));
  ASSAY_ASSIGN(const uint64_t bodies, NumberAt(says, "bodies"));
  ASSAY_ASSIGN(const uint64_t records, NumberAt(says, "records"));
  const auto found = receipts_.find(id);
  const Receipt erased = found == receipts_.end() ? Receipt() : found->second;
  if (bodies == erased.bodies.size() && records == erased.records) return {};
  return Bad(
      fmt::format("says {} bodies and {} records, those before it with this receipt {} and {}",
                  bodies, records, erased.bodies.size(), erased.records));
}

Status Facts::TakeRetention(uint64_t index, const proof::JsonObject& says) {
  ASSAY_ASSIGN(const std::string word, proof::TextAt(says, "class"));
  ASSAY_ASSIGN(const uint64_t through, NumberAt(says, "through"));
  ASSAY_ASSIGN(const uint64_t bodies, NumberAt(says, "bodies"));
  if (!IsOneOf(word, {"raw", "facts"}) || through >= index) return Bad("class or place is wrong");
  expired.push_back({index, through, bodies, word == "raw"});
  return {};
}

Status Facts::TakeHold(uint64_t index, std::string_view kind, const proof::JsonObject& says) {
  ASSAY_ASSIGN(const std::string id, proof::TextAt(says, "hold"));
  const auto there = holds_.find(id);
  if (kind == "hold.placed") {
    ASSAY_ASSIGN(const uint64_t first, NumberAt(says, "first"));
    ASSAY_ASSIGN(const uint64_t last, NumberAt(says, "last"));
    if (there != holds_.end() || first > last) return Bad("hold is placed twice or is empty");
    holds_[id] = {index, first, last, {}};
  } else if (kind == "hold.released") {
    if (there == holds_.end() || there->second.released) return Bad("hold was never placed");
    there->second.released = index;
  }
  return {};
}

bool Facts::IsHeld(const Digest& root, uint64_t when) const {
  const auto found = references_.find(root);
  if (found == references_.end()) return false;
  for (const auto& [id, hold] : holds_) {
    if (hold.placed >= when || (hold.released && *hold.released < when)) continue;
    for (const Reference& reference : found->second)
      if (hold.first <= reference.index && reference.index <= hold.last) return true;
  }
  return false;
}

}  // namespace assay::verify
