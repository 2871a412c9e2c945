#include "ledger/line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "ledger/store.h"
#include "proof/json_scan.h"
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
  Status Add(std::string_view key, const Member& member) {
    if (const auto* text = std::get_if<std::string>(&member.value)) return AddText(key, *text);
    if (const auto* number = std::get_if<int64_t>(&member.value)) return AddNumber(key, *number);
    return AddJson(key, ToJson(member));
  }
  Status AddText(std::string_view key, std::string_view value) {
    if (!NeedsNoEscape(value)) return AddJson(key, {std::string(value)});
    AddKey(key);
    out_.text.append(1, '"').append(value).append("\",");
    return {};
  }
  Status AddBody(const BodyRef& body) { return AddJson("body", ToJson(ToMember(body))); }
  /// A word, and where it stands.
  Status AddKind(std::string_view kind) {
    ASSAY_TRY(AddText("kind", kind));
    out_.shape.kind_size = static_cast<uint16_t>(kind.size());
    out_.shape.kind_at = static_cast<uint16_t>(out_.text.size() - kind.size() - 2);
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
      out_.shape.cuts[next_++] =
          static_cast<uint16_t>(std::min<size_t>(out_.text.size(), UINT16_MAX));
  }
  void AddKey(std::string_view key) {
    CutBefore(key);
    out_.text.append(1, '"').append(key).append("\":");
  }
  Status AddNumber(std::string_view key, int64_t value) {
    if (value < 0 || value > proof::kMaxJsonInteger) return AddJson(key, {value});
    AddKey(key);
    const fmt::format_int digits(value);
    out_.text.append(digits.data(), digits.size()).append(1, ',');
    return {};
  }
  Status AddJson(std::string_view key, const proof::Json& value) {
    ASSAY_ASSIGN(const std::string json, proof::WriteJson(value));
    AddKey(key);
    out_.text.append(json).append(1, ',');
    return {};
  }

  PreparedLine out_;
  size_t next_ = 0;
};

// The three that every draft has, each put in before the first member whose key is above its own.
class SharedMembers {
 public:
  SharedMembers(const EntryDraft& draft, LineBuilder& line) : draft_(draft), line_(line) {}
  Status AddBefore(std::string_view key) {
    if (next_ == 0 && kKeys[0] < key) ASSAY_TRY(Added(line_.AddText("actor", draft_.actor)));
    if (next_ == 1 && kKeys[1] < key)
      ASSAY_TRY(Added(draft_.body ? line_.AddBody(*draft_.body) : Status{}));
    if (next_ == 2 && kKeys[2] < key) ASSAY_TRY(Added(line_.AddKind(draft_.kind)));
    return {};
  }

 private:
  static constexpr std::array<std::string_view, 3> kKeys = {"actor", "body", "kind"};

  Status Added(Status status) {
    ++next_;
    return status;
  }

  const EntryDraft& draft_;
  LineBuilder& line_;
  size_t next_ = 0;
};

// Writes into memory that is there already.
class Pen {
 public:
  explicit Pen(char* at) : at_(at) {}
  void Write(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void Write(uint64_t number) {
    const fmt::format_int digits(number);
    Write(std::string_view(digits.data(), digits.size()));
  }
  char* at() const { return at_; }

 private:
  char* at_;
};

// One pass without building the members. What it does not take, ParseLine judges.
class PlainLine {
 public:
  /// Nothing unless the line is one that ParseLine accepts, and its other members do not matter.
  std::optional<LineFacts> Read(std::string_view line) {
    const bool plain = proof::JsonScan(line).Object(
        [this](std::string_view key, const proof::Scanned& value) { Take(key, value); });
    const bool matters = facts_.index < 2 || IsLandmarkKind(facts_.kind);
    if (!plain || !good_ || seen_ != kRequired || matters) return {};
    return std::move(facts_);
  }

 private:
  static constexpr int kRequired = 8;

  void Take(std::string_view key, const proof::Scanned& value) {
    if (key == "body") {
      good_ = TakeBody(value) && good_;
    } else if (value.type == '"') {
      TakeText(key, value.text);
    } else if (value.type == '0') {
      TakeNumber(key, value.number);
    }
  }
  bool TakeBody(const proof::Scanned& value) {
    BodyRef& body = facts_.body.emplace();
    int members = 0;
    bool good = value.type == '{';
    const auto take = [&](std::string_view key, const proof::Scanned& member) {
      ++members;
      good = TakeOfBody(key, member, body) && good;
    };
    return good && proof::JsonScan(value.text).Object(take) && good && members == 4;
  }
  void TakeText(std::string_view key, std::string_view text) {
    good_ = good_ && key != "raw" && key != "erased";  // they say what became of the body
    if (key == "actor") ++seen_;
    if (key == "kind") ++seen_, facts_.kind = text;
    if (key == "tenant") ++seen_, facts_.tenant = text;
    if (key == "prev") ++seen_, good_ = TakeDigest(text, facts_.prev) && good_;
    if (key == "time") {
      const auto time = ReadLineTime(std::string(text));
      good_ = good_ && time;
      if (time) ++seen_, facts_.time = *time;
    }
  }
  void TakeNumber(std::string_view key, uint64_t number) {
    if (key == "index") ++seen_, facts_.index = number;
    if (key == "epoch") ++seen_, facts_.epoch = static_cast<uint32_t>(number);
    if (key == "v" && number == 1) ++seen_;
  }
  static bool TakeOfBody(std::string_view key, const proof::Scanned& value, BodyRef& body) {
    const bool is_text = value.type == '"', is_number = value.type == '0';
    if (key == "len") return body.len = value.number, is_number;
    if (key == "records") return body.records = value.number, is_number;
    if (key == "scheme") return body.scheme = value.text, is_text;
    return key == "root" && is_text && TakeDigest(value.text, body.root);
  }
  static bool TakeDigest(std::string_view base64, Digest& out) {
    const auto bytes = ParseBase64(base64);
    const auto digest = bytes ? ToDigest(*bytes) : Fail(bytes.error());
    if (digest) out = *digest;
    return digest.has_value();
  }

  LineFacts facts_;
  int seen_ = 0;
  bool good_ = true;
};

}  // namespace

Result<PreparedLine> PrepareLine(const EntryDraft& draft) {
  const auto refuse = [&](const std::string& why) {
    return Fail(Code::kInvalidInput, "entry " + Quote(draft.kind) + ": " + why);
  };
  if (!IsWord(draft.kind, "._")) return refuse("kind is not a lower-case word");
  if (draft.actor.empty() || draft.actor.size() > 256) return refuse("actor is empty or too long");
  LineBuilder line;
  SharedMembers shared(draft, line);
  for (const auto& [key, value] : draft.members) {
    if (!IsWord(key, "_")) return refuse("member " + Quote(key) + " is not a lower-case word");
    if (std::find(std::begin(kOwnKeys), std::end(kOwnKeys), key) != std::end(kOwnKeys))
      return refuse("member " + Quote(key) + " is the ledger's own");
    ASSAY_TRY(shared.AddBefore(key));
    ASSAY_TRY(line.Add(key, value));
  }
  ASSAY_TRY(shared.AddBefore("\x7f"));
  PreparedLine out = std::move(line).Finish();
  if (out.text.size() + kReservedForPlace > kMaxLine)
    return Fail(Code::kLimitExceeded,
                fmt::format("entry {}: line would be above {} bytes", Quote(draft.kind), kMaxLine));
  return out;
}

void CompleteLine(std::string_view prepared, const LineShape& shape, const Place& place,
                  std::string& out) {
  const size_t begin = out.size();
  const std::string& time = TextOf(place.time);
  out.resize(begin + prepared.size() + place.tenant.size() + time.size() + kReservedForPlace);
  Pen pen(out.data() + begin);
  size_t done = 0;
  const auto go_to = [&](OwnMember member) {
    const size_t cut = shape.cuts[static_cast<size_t>(member)];
    pen.Write(prepared.substr(done, cut - done));
    done = cut;
  };
  pen.Write("{");
  if (place.clock_behind_ms != 0) {
    go_to(OwnMember::kClockBehind);
    pen.Write("\"clock_behind_ms\":");
    pen.Write(place.clock_behind_ms);
    pen.Write(",");
  }
  go_to(OwnMember::kEpoch);
  pen.Write("\"epoch\":");
  pen.Write(uint64_t{place.epoch});
  pen.Write(",");
  go_to(OwnMember::kIndex);
  pen.Write("\"index\":");
  pen.Write(place.index);
  pen.Write(",");
  go_to(OwnMember::kPrev);
  pen.Write("\"prev\":\"");
  pen.Write(EncodeBase64(place.prev));
  pen.Write("\",");
  go_to(OwnMember::kTenant);
  pen.Write("\"tenant\":\"");
  pen.Write(place.tenant);
  pen.Write("\",");
  go_to(OwnMember::kTime);
  pen.Write("\"time\":\"");
  pen.Write(time);
  pen.Write("\",");
  go_to(OwnMember::kVersion);
  pen.Write("\"v\":1,");
  pen.Write(prepared.substr(done));
  out.resize(static_cast<size_t>(pen.at() - out.data()));
  out.back() = '}';
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

Result<LineFacts> ParseLineForAudit(std::string_view line) {
  if (line.size() <= kMaxLine)
    if (auto facts = PlainLine().Read(line)) return std::move(*facts);
  return ParseLine(line);
}

}  // namespace assay::ledger
