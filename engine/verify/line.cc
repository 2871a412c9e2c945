#include "verify/line.h"

#include "base/time.h"
#include "proof/json_scan.h"

namespace assay::verify {
namespace {

using proof::JsonScan;
using proof::Scanned;

constexpr size_t kMaxLine = 4096, kTimeLength = 24, kSecondsLength = 19;

// Which members were there with the right type; all of kRequired must be.
constexpr unsigned kActor = 1, kEpoch = 2, kIndex = 4, kKind = 8, kPrev = 16, kTenant = 32,
                   kTime = 64, kVersion = 128, kRequired = 255, kBadBody = 256;

// Equality with a word whose length the compiler knows: no call of memcmp.
template <size_t kSize>
bool Is(std::string_view text, const char (&word)[kSize]) {
  return text.size() == kSize - 1 && std::memcmp(text.data(), word, kSize - 1) == 0;
}

// Neighbouring lines share their second, and a date costs as much as a hash.
bool IsMoment(std::string_view time) {
  thread_local std::string good;
  if (time.size() != kTimeLength || !HasForm(time.substr(kSecondsLength), ".000Z")) return false;
  const std::string_view seconds = time.substr(0, kSecondsLength);
  if (seconds == good) return true;
  const auto parsed = ParseTime(time);
  if (!parsed || FormatTime(*parsed) != time || time.starts_with("0000")) return false;
  good = seconds;
  return true;
}

bool TakeBodyMember(std::string_view key, const Scanned& value, BodyMember& body) {
  if (Is(key, "len") && value.type == '0') {
    body.len = value.number;
  } else if (Is(key, "records") && value.type == '0') {
    body.records = value.number;
  } else if (Is(key, "scheme") && value.type == '"') {
    body.scheme = value.text;
  } else if (Is(key, "root") && value.type == '"') {
    const auto root = ParseBytes(value.text, 32);
    if (!root) return false;
    std::copy(root->begin(), root->end(), body.root.begin());
  } else {
    return false;
  }
  return true;
}

unsigned TakeBody(std::string_view text, Line& line) {
  int members = 0;
  bool good = true;
  const bool plain = JsonScan(text).Object([&](std::string_view key, const Scanned& value) {
    ++members;
    good = good && TakeBodyMember(key, value, line.body);
  });
  line.has_body = plain && good && members == 4;
  return line.has_body ? 0 : kBadBody;
}

unsigned TakeText(std::string_view key, std::string_view text, Line& line) {
  const auto keep = [&](std::string_view& to, unsigned seen) {
    to = text;
    return seen;
  };
  switch (key.size()) {
    case 3:
      if (Is(key, "raw")) return keep(line.raw, 0);
      break;
    case 4:
      if (Is(key, "kind")) return keep(line.kind, kKind);
      if (Is(key, "prev")) return keep(line.prev, kPrev);
      if (Is(key, "time")) return keep(line.time, kTime);
      break;
    case 5:
      if (key == "actor") return kActor;
      break;
    case 6:
      if (Is(key, "tenant")) return keep(line.tenant, kTenant);
      if (Is(key, "erased")) return keep(line.erased, 0);
      break;
    default:
      break;
  }
  return Is(key, "body") ? kBadBody : 0;
}

unsigned TakeMember(std::string_view key, const Scanned& value, Line& line) {
  if (value.type == '"') return TakeText(key, value.text, line);
  if (Is(key, "body")) return value.type == '{' ? TakeBody(value.text, line) : kBadBody;
  if (value.type != '0') return 0;
  if (Is(key, "index")) return line.index = value.number, kIndex;
  if (Is(key, "epoch")) return line.epoch = value.number, kEpoch;
  return Is(key, "v") && value.number == 1 ? kVersion : 0;
}

// A line with escapes or other letters than ASCII: read whole, then taken member by member.
Result<unsigned> ReadSlowly(std::string_view text, Line& line) {
  ASSAY_ASSIGN(proof::Json json, proof::ReadJson(text));
  auto* object = std::get_if<proof::JsonObject>(&json.value);
  if (object == nullptr) return Fail(Code::kCorrupt, "line is no object");
  line = {};
  line.owned = std::make_shared<const proof::JsonObject>(std::move(*object));
  unsigned seen = 0;
  for (const auto& [key, value] : *line.owned) {
    if (const std::string* string = value.text()) {
      seen |= TakeText(key, *string, line);
    } else if (const int64_t* number = value.integer()) {
      seen |= TakeMember(key, {'0', {}, static_cast<uint64_t>(*number)}, line);
    } else if (Is(key, "body")) {
      ASSAY_ASSIGN(const std::string body, proof::WriteJson(value));
      seen |= TakeBody(body, line);
      if (const proof::JsonObject* members = value.object(); members && line.has_body)
        line.body.scheme = *members->find("scheme")->second.text();
    }
  }
  return seen;
}

}  // namespace

Result<ByteVector> ParseBytes(std::string_view base64, size_t size) {
  ASSAY_ASSIGN(ByteVector bytes, ParseBase64(base64));
  if (bytes.size() != size) return Fail(Code::kCorrupt, "base64 is of another length");
  return bytes;
}

Result<Digest> DigestAt(const proof::JsonObject& object, std::string_view key) {
  ASSAY_ASSIGN(const std::string text, proof::TextAt(object, key));
  ASSAY_ASSIGN(const ByteVector bytes, ParseBytes(text, 32));
  return ToDigest(bytes);
}

Result<Line> ReadLine(std::string_view text) {
  if (text.size() > kMaxLine) return Fail(Code::kCorrupt, "line is above 4 KiB");
  Line line;
  unsigned seen = 0;
  const auto take = [&](std::string_view key, const Scanned& value) {
    seen |= TakeMember(key, value, line);
  };
  if (!JsonScan(text).Object(take)) {
    ASSAY_ASSIGN(seen, ReadSlowly(text, line));
  }
  if (seen != kRequired)
    return Fail(Code::kCorrupt, "a member that every entry has is missing or wrong");
  if (!IsMoment(line.time)) return Fail(Code::kCorrupt, "time is not in the one form");
  return line;
}

proof::JsonObject MembersOf(std::string_view text) {
  auto json = proof::ReadJson(text);
  auto* object = json ? std::get_if<proof::JsonObject>(&json->value) : nullptr;
  return object != nullptr ? std::move(*object) : proof::JsonObject();
}

}  // namespace assay::verify
