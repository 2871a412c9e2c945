#include "assess/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ledger/seal.h"
#include "proof/body.h"

namespace assay::assess {
namespace {

proof::Json ToJson(const ledger::Member& member) {
  if (const auto* number = std::get_if<int64_t>(&member.value)) return proof::Json{*number};
  if (const auto* text = std::get_if<std::string>(&member.value)) return proof::Json{*text};
  if (const auto* list = std::get_if<ledger::MemberList>(&member.value)) {
    proof::JsonArray out;
    for (const ledger::Member& item : *list) out.push_back(ToJson(item));
    return proof::Json{std::move(out)};
  }
  proof::JsonObject out;
  for (const auto& [key, item] : std::get<ledger::MemberMap>(member.value))
    out.emplace(key, ToJson(item));
  return proof::Json{std::move(out)};
}

proof::JsonObject ToJson(const ledger::MemberMap& members) {
  proof::JsonObject out;
  for (const auto& [key, member] : members) out.emplace(key, ToJson(member));
  return out;
}

std::string Canonical(const proof::JsonObject& members) {
  return proof::WriteJson(proof::Json{members}).value_or("{}");
}

Digest DigestOf(const std::vector<Digest>& digests) {
  proof::Sha256Stream all;
  for (const Digest& digest : digests) all.Add(digest);
  return all.Finish();
}

std::string Hex(std::string_view text) { return EncodeHex(proof::Sha256(AsBytes(text))); }

/// What the tally calls an entry of this kind.
std::string TallyOf(const std::string& kind) { return kind == "check.part" ? "check" : kind; }

}  // namespace

proof::JsonObject Derived(const proof::JsonObject& members) {
  constexpr std::string_view kOther[] = {
      "actor", "body", "clock_behind_ms", "epoch", "erased", "index", "kind",
      "prev",  "raw",  "tenant",          "time",  "v"};
  proof::JsonObject out = members;
  for (const std::string_view key : kOther)
    if (const auto at = out.find(key); at != out.end()) out.erase(at);
  return out;
}

ComparingSink::ComparingSink(ledger::Ledger& ledger, const RecordedRun& run, ReplayState& state,
                             const std::vector<CheckSpec>& checks, std::set<std::string> only,
                             bool ignore_findings)
    : ledger_(ledger),
      run_(run),
      state_(state),
      only_(std::move(only)),
      ignore_findings_(ignore_findings) {
  for (const CheckSpec& check : checks) checks_.emplace(check.id, &check);
}

bool ComparingSink::IsWanted(const std::string& key) const {
  if (only_.empty()) return true;
  return std::any_of(only_.begin(), only_.end(), [&](const std::string& one) {
    return key == "check " + one || key.starts_with("check.part " + one + " ") ||
           key == "control " + one || (key.starts_with("control ") && key.ends_with(":" + one));
  });
}

/// The number of a finding stands in an observation as a member of its own; quotes in texts are
/// escaped, so that it cannot be imitated.
Digest ComparingSink::DigestOfSegment(ByteSpan segment) const {
  constexpr std::string_view kMember = ",\"finding\":";
  const std::string_view text = AsText(segment);
  const size_t at = ignore_findings_ ? text.find(kMember) : text.npos;
  if (at == text.npos) return proof::Sha256(segment);
  const size_t end = text.find_first_not_of("0123456789", at + kMember.size());
  return proof::Sha256(AsBytes(std::string(text.substr(0, at)) +
                               std::string(text.substr(std::min(end, text.size())))));
}

ledger::BodyRef ComparingSink::Remember(Digests digests) {
  ledger::BodyRef ref;
  ref.root = DigestOf(digests);
  const std::lock_guard lock(mutex_);
  bodies_.emplace(ref.root, std::move(digests));
  return ref;
}

Result<ledger::KeptBody> ComparingSink::PutBody(ByteSpan bytes,
                                                const std::vector<ledger::RecordRange>& records,
                                                ledger::Keep /*keep*/) {
  std::vector<proof::Range> ranges;
  if (ledger::MarksAreUsable(bytes.size(), records))
    for (const auto& record : records) ranges.emplace_back(record.offset, record.length);
  Digests digests{proof::Sha256(proof::MakeSkeleton(bytes, ranges))};
  for (const auto& [offset, length] : ranges)
    digests.push_back(proof::Sha256(bytes.subspan(offset, length)));
  return ledger::KeptBody{Remember(std::move(digests)), {}};
}

Result<ledger::BodyRef> ComparingSink::PutSegments(const std::vector<std::string>& segments) {
  Digests digests;
  digests.reserve(segments.size());
  for (const std::string& segment : segments) digests.push_back(DigestOfSegment(AsBytes(segment)));
  return Remember(std::move(digests));
}

ledger::PendingEntry ComparingSink::Append(ledger::EntryDraft draft) {
  const proof::JsonObject members = ToJson(draft.members);
  Side side;
  side.members = Canonical(members);
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = draft.body ? bodies_.find(draft.body->root) : bodies_.end();
        at != bodies_.end()) {
      side.segments = std::move(at->second);
      bodies_.erase(at);
    }
  }
  auto entry = Compare(draft.kind, members, side);
  return entry ? ledger::PendingEntry::Done({*entry, {}})
               : ledger::PendingEntry::Failed(entry.error());
}

Result<ComparingSink::Side> ComparingSink::ReadRecorded(const std::string& kind,
                                                        LeafIndex entry) const {
  ASSAY_ASSIGN(const std::string line, ledger_.ReadLine(entry));
  ASSAY_ASSIGN(const ledger::LineFacts facts, ledger::ParseLine(line));
  ASSAY_ASSIGN(ledger::EntryBody body, ledger_.ReadEntryBody(entry));
  Side out;
  out.members = Canonical(Derived(facts.members));
  out.absent_body = std::move(body.absent);
  out.absent = std::move(body.absent_segments);
  for (const ByteVector& segment : body.segments)
    out.segments.push_back(kind == "read" ? proof::Sha256(segment) : DigestOfSegment(segment));
  return out;
}

void ComparingSink::NotRecorded(const std::string& kind, const std::string& key,
                                const proof::JsonObject& members, const Side& replayed) {
  const bool excused = WhyNotDecided(kind, members) || WhyUnequal(kind, members);
  const std::lock_guard lock(mutex_);
  if (run_.partial())
    ++out_.beyond;
  else if (IsWanted(key) && !excused)
    out_.differences.push_back({key, std::nullopt, "not recorded", "", Hex(replayed.members)});
}

void ComparingSink::SetAside(const std::string& key, LeafIndex entry, const std::string& why) {
  const std::lock_guard lock(mutex_);
  excused_.insert(key);
  if (IsWanted(key)) out_.not_replayed.push_back({key, entry, why});
}

Result<LeafIndex> ComparingSink::Compare(const std::string& kind, const proof::JsonObject& members,
                                         const Side& replayed) {
  const std::string key = KeyOf(kind, members);
  if (key.empty()) return LeafIndex{0};  // of a kind that tells of the machine, not of the tenant
  {
    const std::lock_guard lock(mutex_);
    seen_.insert(key);
  }
  const auto at = run_.entries.find(key);
  if (at == run_.entries.end()) return NotRecorded(kind, key, members, replayed), LeafIndex{0};
  const LeafIndex entry = at->second;
  if (const auto why = WhyNotDecided(kind, members)) return SetAside(key, entry, *why), entry;
  if (!IsWanted(key) && kind != "dataset") return entry;
  auto recorded = ReadRecorded(kind, entry);
  if (!recorded) {
    state_.Break(recorded.error());
    return Fail(std::move(recorded.error()));
  }
  const bool same = recorded->members == replayed.members && recorded->absent_body.empty() &&
                    recorded->segments == replayed.segments;
  // Equal rows prove themselves, whatever else could not be replayed of their plugin.
  const auto why = same ? std::nullopt : WhyUnequal(kind, members);
  if (why) return SetAside(key, entry, *why), entry;
  const std::lock_guard lock(mutex_);
  if (IsWanted(key)) CompareSides(kind, key, entry, *recorded, replayed);
  return entry;
}

void ComparingSink::CompareSides(const std::string& kind, const std::string& key, LeafIndex entry,
                                 const Side& recorded, const Side& replayed) {
  bool same = recorded.members == replayed.members;
  if (!same)
    out_.differences.push_back(
        {key, entry, "members", Hex(recorded.members), Hex(replayed.members)});
  if (!recorded.absent_body.empty())
    out_.not_replayed.push_back({"body of " + key, entry, recorded.absent_body});
  else
    same = CompareSegments(key, entry, kind, recorded, replayed) && same;
  Tally& tally = out_.kinds[TallyOf(kind)];
  ++tally.compared;
  tally.identical += same ? 1 : 0;
}

bool ComparingSink::CompareSegments(const std::string& key, LeafIndex entry,
                                    const std::string& kind, const Side& recorded,
                                    const Side& replayed) {
  const size_t count = recorded.segments.size();
  if (count != replayed.segments.size()) {
    out_.differences.push_back(
        {key, entry, fmt::format("{} segments, {} follow", count, replayed.segments.size()),
         EncodeHex(DigestOf(recorded.segments)), EncodeHex(DigestOf(replayed.segments))});
    return false;
  }
  Tally observations;
  bool same = true;
  for (size_t i = 0; i < count; ++i) {
    if (const auto gone = recorded.absent.find(i); gone != recorded.absent.end()) {
      out_.not_replayed.push_back({fmt::format("segment {} of {}", i, key), entry, gone->second});
      continue;
    }
    ++observations.compared;
    if (recorded.segments[i] == replayed.segments[i] && ++observations.identical != 0) continue;
    same = false;
    out_.differences.push_back({key, entry, fmt::format("segment {} of {}", i, count),
                                EncodeHex(recorded.segments[i]), EncodeHex(replayed.segments[i])});
  }
  if (TallyOf(kind) != "check") return same;
  out_.kinds["observation"].compared += observations.compared;
  out_.kinds["observation"].identical += observations.identical;
  return same;
}

/// Why what follows now tells nothing, whatever it is.
std::optional<std::string> ComparingSink::WhyNotDecided(const std::string& kind,
                                                        const proof::JsonObject& members) const {
  if (kind == "read")
    return state_.WhyPage(static_cast<uint32_t>(proof::IntegerAt(members, "page").value_or(0)));
  if (kind != "check" && kind != "check.part") return std::nullopt;
  const std::string id = proof::TextAt(members, "check").value_or(std::string());
  if (auto why = state_.WhyCheck(id)) return why;
  const auto check = checks_.find(id);
  if (check == checks_.end()) return "the file with its SQL is not there";
  for (const std::string& dataset : check->second->reads)
    if (const auto why = state_.WhyDataset(dataset))
      return fmt::format("dataset {}: {}", dataset, *why);
  return std::nullopt;
}

/// Why it may be another one than is recorded and still be right.
std::optional<std::string> ComparingSink::WhyUnequal(const std::string& kind,
                                                     const proof::JsonObject& members) const {
  if (kind == "check" || kind == "check.part") return std::nullopt;
  const char* owner = kind == "control" ? "framework" : "plugin";
  return state_.WhyPlugin(proof::TextAt(members, owner).value_or(std::string()));
}

void ComparingSink::Missing(const std::string& key, LeafIndex entry) {
  const auto line = ledger_.ReadLine(entry);
  const auto facts =
      line ? ledger::ParseLine(*line) : Result<ledger::LineFacts>(Fail(line.error()));
  if (!facts) return state_.Break(facts.error());
  auto why = WhyNotDecided(facts->kind, facts->members);
  if (!why) why = WhyUnequal(facts->kind, facts->members);
  if (why)
    out_.not_replayed.push_back({key, entry, *why});
  else
    out_.differences.push_back(
        {key, entry, "does not follow again", Hex(Canonical(Derived(facts->members))), ""});
}

Compared ComparingSink::Finish() {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, entry] : run_.entries)
    if (!seen_.contains(key) && IsWanted(key)) Missing(key, entry);
  for (const auto& [key, entry] : run_.again)
    if (IsWanted(key)) out_.differences.push_back({key, entry, "recorded twice", "", ""});
  return std::move(out_);
}

}  // namespace assay::assess
