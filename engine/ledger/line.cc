#include "ledger/line.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "proof/sha256.h"

namespace assay::ledger {
namespace {

constexpr size_t kReservedForPlace = 256;
constexpr std::string_view kOwnKeys[] = {"actor", "body", "clock_behind_ms", "epoch", "index",
                                         "kind",  "prev", "tenant",          "time",  "v"};

bool IsWord(std::string_view text, std::string_view also) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           also.find(c) != std::string_view::npos;
  });
}

proof::Json ToJson(const Member& member) {
  if (const auto* integer = std::get_if<int64_t>(&member.value)) return {*integer};
  if (const auto* text = std::get_if<std::string>(&member.value)) return {*text};
  if (const auto* list = std::get_if<MemberList>(&member.value)) {
    proof::JsonArray array;
    for (const Member& element : *list) array.push_back(ToJson(element));
    return {std::move(array)};
  }
  proof::JsonObject object;
  for (const auto& [key, value] : std::get<MemberMap>(member.value)) object[key] = ToJson(value);
  return {std::move(object)};
}

Member ToMember(const BodyRef& body) {
  return MemberMap{{"len", body.len},
                   {"records", body.records},
                   {"root", EncodeBase64(body.root)},
                   {"scheme", body.scheme}};
}

Result<Digest> DigestAt(const proof::JsonObject& object, std::string_view key) {
  ASSAY_ASSIGN(const std::string text, proof::TextAt(object, key));
  ASSAY_ASSIGN(const ByteVector bytes, ParseBase64(text));
  return ToDigest(bytes);
}

Result<BodyRef> ParseBodyRef(const proof::Json& json) {
  const proof::JsonObject* object = json.object();
  if (object == nullptr || object->size() != 4)
    return Fail(Code::kInvalidInput, "member body: expected len, records, root, scheme");
  BodyRef out;
  ASSAY_ASSIGN(const int64_t len, proof::IntegerAt(*object, "len"));
  ASSAY_ASSIGN(const int64_t records, proof::IntegerAt(*object, "records"));
  ASSAY_ASSIGN(out.root, DigestAt(*object, "root"));
  ASSAY_ASSIGN(out.scheme, proof::TextAt(*object, "scheme"));
  out.len = static_cast<uint64_t>(len);
  out.records = static_cast<uint64_t>(records);
  return out;
}

// Neighbours mostly share their millisecond, and reading one costs a fifth of a verification.
Result<Timestamp> ReadLineTime(const std::string& text) {
  thread_local Timestamp last{};
  thread_local std::string last_text;
  if (text == last_text) return last;
  ASSAY_ASSIGN(const Timestamp time, ParseTime(text));
  if (FormatTime(time) != text)
    return Fail(Code::kInvalidInput, "member time: not in the one form");
  last = time;
  last_text = text;
  return time;
}

Result<LineFacts> ParseMembers(proof::JsonObject members) {
  LineFacts out;
  ASSAY_ASSIGN(const int64_t version, proof::IntegerAt(members, "v"));
  if (version != 1) return Fail(Code::kInvalidInput, fmt::format("entry version {}", version));
  ASSAY_ASSIGN(const int64_t index, proof::IntegerAt(members, "index"));
  ASSAY_ASSIGN(const int64_t epoch, proof::IntegerAt(members, "epoch"));
  ASSAY_ASSIGN(const std::string time, proof::TextAt(members, "time"));
  ASSAY_ASSIGN(const std::string actor, proof::TextAt(members, "actor"));
  ASSAY_ASSIGN(out.kind, proof::TextAt(members, "kind"));
  ASSAY_ASSIGN(out.tenant, proof::TextAt(members, "tenant"));
  ASSAY_ASSIGN(out.prev, DigestAt(members, "prev"));
  ASSAY_ASSIGN(out.time, ReadLineTime(time));
  out.index = static_cast<uint64_t>(index);
  out.epoch = static_cast<uint32_t>(epoch);
  if (const auto body = members.find("body"); body != members.end()) {
    ASSAY_ASSIGN(out.body, ParseBodyRef(body->second));
  }
  out.members = std::move(members);
  return out;
}

// Entries of one group mostly share their millisecond, and formatting one costs as much as the
// rest.
const std::string& TextOf(Timestamp time) {
  thread_local Timestamp last{};
  thread_local std::string text;
  if (text.empty() || time != last) {
    text = FormatTime(time);
    last = time;
  }
  return text;
}

bool NeedsNoEscape(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

// Members come in the order of their keys; where one of the ledger's own goes is noted on the way.
class LineBuilder {
 public:
  LineBuilder() { out_.text.reserve(512); }
  Status Add(std::string_view key, const Member& value) {
    CutBefore(key);
    out_.text.append(1, '"').append(key).append("\":");
    ASSAY_TRY(AddValue(value));
    out_.text += ',';
    return {};
  }
  PreparedLine Finish() && {
    CutBefore("\x7f");
    return std::move(out_);
  }

 private:
  static constexpr std::array<std::string_view, static_cast<size_t>(OwnMember::kCount)> kKeys = {
      "clock_behind_ms", "epoch", "index", "prev", "tenant", "time", "v"};

  void CutBefore(std::string_view key) {
    while (next_ < kKeys.size() && kKeys[next_] < key)
      out_.cuts[next_++] = static_cast<uint16_t>(std::min<size_t>(out_.text.size(), UINT16_MAX));
  }
  Status AddValue(const Member& value) {
    const auto* text = std::get_if<std::string>(&value.value);
    if (text != nullptr && NeedsNoEscape(*text)) {
      out_.text.append(1, '"').append(*text).append(1, '"');
      return {};
    }
    ASSAY_ASSIGN(const std::string json, proof::WriteJson(ToJson(value)));
    out_.text += json;
    return {};
  }

  PreparedLine out_;
  size_t next_ = 0;
};

}  // namespace

Result<PreparedLine> PrepareLine(const EntryDraft& draft) {
  const auto refuse = [&](const std::string& why) {
    return Fail(Code::kInvalidInput, "entry " + Quote(draft.kind) + ": " + why);
  };
  if (!IsWord(draft.kind, "._")) return refuse("kind is not a lower-case word");
  if (draft.actor.empty() || draft.actor.size() > 256) return refuse("actor is empty or too long");
  LineBuilder line;
  // The three that every draft has, among its other members by the order of the keys.
  std::vector<std::pair<std::string_view, Member>> shared;
  shared.reserve(3);
  shared.emplace_back("actor", draft.actor);
  if (draft.body) shared.emplace_back("body", ToMember(*draft.body));
  shared.emplace_back("kind", draft.kind);
  auto next = shared.begin();
  for (const auto& [key, value] : draft.members) {
    if (!IsWord(key, "_")) return refuse("member " + Quote(key) + " is not a lower-case word");
    if (std::find(std::begin(kOwnKeys), std::end(kOwnKeys), key) != std::end(kOwnKeys))
      return refuse("member " + Quote(key) + " is the ledger's own");
    for (; next != shared.end() && next->first < key; ++next)
      ASSAY_TRY(line.Add(next->first, next->second));
    ASSAY_TRY(line.Add(key, value));
  }
  for (; next != shared.end(); ++next) ASSAY_TRY(line.Add(next->first, next->second));
  PreparedLine out = std::move(line).Finish();
  if (out.text.size() + kReservedForPlace > kMaxLine)
    return Fail(Code::kLimitExceeded,
                fmt::format("entry {}: line would be above {} bytes", Quote(draft.kind), kMaxLine));
  out.kind = draft.kind;
  return out;
}

std::string CompleteLine(const PreparedLine& prepared, const Place& place) {
  std::string line = "{";
  line.reserve(prepared.text.size() + kReservedForPlace);
  size_t done = 0;
  const auto add = [&](OwnMember member, std::string_view before, std::string_view value,
                       std::string_view after) {
    const size_t cut = prepared.cuts[static_cast<size_t>(member)];
    line.append(prepared.text, done, cut - done).append(before).append(value).append(after);
    done = cut;
  };
  const auto number = [](uint64_t value) { return fmt::format_int(value).str(); };
  if (place.clock_behind_ms != 0)
    add(OwnMember::kClockBehind, "\"clock_behind_ms\":", number(place.clock_behind_ms), ",");
  add(OwnMember::kEpoch, "\"epoch\":", number(place.epoch), ",");
  add(OwnMember::kIndex, "\"index\":", number(place.index), ",");
  add(OwnMember::kPrev, "\"prev\":\"", EncodeBase64(place.prev), "\",");
  add(OwnMember::kTenant, "\"tenant\":\"", place.tenant, "\",");
  add(OwnMember::kTime, "\"time\":\"", TextOf(place.time), "\",");
  add(OwnMember::kVersion, "\"v\":", "1", ",");
  line.append(prepared.text, done);
  line.back() = '}';
  return line;
}

Result<LineFacts> ParseLine(std::string_view line) {
  if (line.size() > kMaxLine) return Fail(Code::kCorrupt, "entry: line is above 4 KiB");
  auto json = proof::ReadJson(line);
  if (!json) return Fail(Code::kCorrupt, json.error().message);
  auto* object = std::get_if<proof::JsonObject>(&json->value);
  if (object == nullptr) return Fail(Code::kCorrupt, "entry: not an object");
  auto facts = ParseMembers(std::move(*object));
  if (!facts) return Fail(Code::kCorrupt, "entry: " + facts.error().message);
  return facts;
}

}  // namespace assay::ledger
