// The two file forms of a bundle.
#include <fmt/format.h>

#include "base/text.h"
#include "proof/bundle.h"
#include "proof/canonical_json.h"

namespace assay::proof {
namespace {

constexpr std::string_view kProofFormat = "assay.proof/1";
constexpr std::string_view kConsistencyFormat = "assay.consistency/1";

tl::unexpected<Error> Refuse(const std::string& why) {
  return Fail(Code::kInvalidInput, "bundle: " + why);
}

Json ToJson(const std::vector<Digest>& hashes) {
  JsonArray out;
  for (const Digest& hash : hashes) out.push_back({EncodeBase64(hash)});
  return {std::move(out)};
}
Json ToJson(const std::vector<std::string>& lines) {
  JsonArray out;
  for (const std::string& line : lines) out.push_back({line});
  return {std::move(out)};
}

Result<std::vector<std::string>> TextsAt(const JsonObject& object, const std::string& key) {
  const auto at = object.find(key);
  if (at == object.end() || at->second.array() == nullptr)
    return Refuse("member " + key + " is missing or no list");
  std::vector<std::string> out;
  for (const Json& item : *at->second.array()) {
    if (item.text() == nullptr) return Refuse("member " + key + " holds something that is no text");
    out.push_back(*item.text());
  }
  return out;
}

Result<Digest> ParseHash(std::string_view text) {
  ASSAY_ASSIGN(const ByteVector bytes, ParseBase64(text));
  return ToDigest(bytes);
}

Result<std::vector<Digest>> ParsePath(const std::vector<std::string>& lines) {
  if (lines.size() > kMaxPath) return Refuse("more than 63 hashes in a path");
  std::vector<Digest> out;
  for (const std::string& line : lines) {
    ASSAY_ASSIGN(Digest hash, ParseHash(line));
    out.push_back(hash);
  }
  return out;
}

Result<JsonObject> ReadObject(std::string_view text, std::string_view format) {
  ASSAY_ASSIGN(Json json, ReadJson(text));
  if (json.object() == nullptr) return Refuse("not an object");
  ASSAY_ASSIGN(const std::string said, TextAt(*json.object(), "format"));
  if (said != format) return Refuse("format " + Quote(said) + " is not known");
  return std::get<JsonObject>(std::move(json.value));
}

Json ToJson(const ShownRecord& record) {
  return {JsonObject{{"bytes", {EncodeBase64(record.bytes)}},
                     {"path", ToJson(record.path)},
                     {"salt", {EncodeBase64(record.salt)}},
                     {"segment", {static_cast<int64_t>(record.segment)}},
                     {"segments", {static_cast<int64_t>(record.segments)}}}};
}

Result<ShownRecord> ParseRecord(const Json& json) {
  if (json.object() == nullptr) return Refuse("member record is no object");
  const JsonObject& object = *json.object();
  ShownRecord out;
  ASSAY_ASSIGN(const std::string bytes, TextAt(object, "bytes"));
  ASSAY_ASSIGN(out.bytes, ParseBase64(bytes));
  ASSAY_ASSIGN(const std::string salt, TextAt(object, "salt"));
  ASSAY_ASSIGN(out.salt, ParseBase64(salt));
  if (out.salt.size() != kSaltBytes) return Refuse("salt is not 16 bytes");
  ASSAY_ASSIGN(const int64_t segment, IntegerAt(object, "segment"));
  ASSAY_ASSIGN(const int64_t segments, IntegerAt(object, "segments"));
  out.segment = static_cast<uint64_t>(segment);
  out.segments = static_cast<uint64_t>(segments);
  ASSAY_ASSIGN(const auto path, TextsAt(object, "path"));
  ASSAY_ASSIGN(out.path, ParsePath(path));
  return out;
}

Status ParseDisclosure(std::string_view extra, Bundle& out) {
  ASSAY_ASSIGN(const ByteVector json, ParseBase64(extra));
  ASSAY_ASSIGN(const JsonObject object, ReadObject(AsText(json), kProofFormat));
  ASSAY_ASSIGN(out.line, TextAt(object, "line"));
  ASSAY_ASSIGN(out.keys, TextsAt(object, "keys"));
  if (const auto record = object.find("record"); record != object.end()) {
    ASSAY_ASSIGN(out.record, ParseRecord(record->second));
  }
  return {};
}

// The text after `word` and a space in the line that is next, which is taken off.
Result<std::string_view> TakeLine(std::string_view& text, std::string_view word) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return Refuse("cut before its " + std::string(word));
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (!line.starts_with(word) || line.substr(word.size(), 1) != " ")
    return Refuse("expected the line " + std::string(word));
  return line.substr(word.size() + 1);
}

Status ParseHead(std::string_view& text, Bundle& out) {
  if (!text.starts_with(kBundleHeader) || text.substr(kBundleHeader.size(), 1) != "\n")
    return Refuse("does not begin with " + std::string(kBundleHeader));
  text.remove_prefix(kBundleHeader.size() + 1);
  ASSAY_ASSIGN(const std::string_view extra, TakeLine(text, "extra"));
  ASSAY_TRY(ParseDisclosure(extra, out));
  ASSAY_ASSIGN(const std::string_view index, TakeLine(text, "index"));
  for (const char digit : index) {
    if (digit < '0' || digit > '9' || out.index > kMaxJsonInteger / 10)
      return Refuse("index " + Quote(index) + " is no number");
    out.index = out.index * 10 + static_cast<uint64_t>(digit - '0');
  }
  return {};
}

Status ParseBody(std::string_view text, Bundle& out) {
  const size_t blank = text.starts_with('\n') ? 0 : text.find("\n\n");
  if (blank == std::string_view::npos) return Refuse("no empty line before the checkpoint");
  if (blank > 0) {
    std::vector<std::string> lines;
    for (std::string_view line : Split(text.substr(0, blank), '\n')) lines.emplace_back(line);
    ASSAY_ASSIGN(out.path, ParsePath(lines));
  }
  out.note = text.substr(blank == 0 ? 1 : blank + 2);
  return {};
}

}  // namespace

Result<std::string> WriteBundle(const Bundle& bundle) {
  JsonObject disclosure{{"format", {std::string(kProofFormat)}},
                        {"keys", ToJson(bundle.keys)},
                        {"line", {bundle.line}}};
  if (bundle.record) disclosure["record"] = ToJson(*bundle.record);
  ASSAY_ASSIGN(const std::string json, WriteJson({std::move(disclosure)}));
  std::string out = fmt::format("{}\nextra {}\nindex {}\n", kBundleHeader,
                                EncodeBase64(AsBytes(json)), bundle.index);
  for (const Digest& hash : bundle.path) out += EncodeBase64(hash) + "\n";
  return out + "\n" + bundle.note;
}

Result<Bundle> ParseBundle(std::string_view text) {
  Bundle out;
  std::string_view rest = text;
  ASSAY_TRY(ParseHead(rest, out));
  ASSAY_TRY(ParseBody(rest, out));
  ASSAY_ASSIGN(const std::string again, WriteBundle(out));
  if (again != text) return Refuse("not in the one form");
  return out;
}

Result<std::string> WriteBundle(const ConsistencyBundle& bundle) {
  return WriteJson({JsonObject{{"format", {std::string(kConsistencyFormat)}},
                               {"from", {bundle.from}},
                               {"keys", ToJson(bundle.keys)},
                               {"path", ToJson(bundle.path)},
                               {"to", {bundle.to}}}});
}

Result<ConsistencyBundle> ParseConsistencyBundle(std::string_view text) {
  ASSAY_ASSIGN(const JsonObject object, ReadObject(text, kConsistencyFormat));
  ConsistencyBundle out;
  ASSAY_ASSIGN(out.from, TextAt(object, "from"));
  ASSAY_ASSIGN(out.to, TextAt(object, "to"));
  ASSAY_ASSIGN(const auto path, TextsAt(object, "path"));
  ASSAY_ASSIGN(out.path, ParsePath(path));
  ASSAY_ASSIGN(out.keys, TextsAt(object, "keys"));
  ASSAY_ASSIGN(const std::string again, WriteBundle(out));
  if (again != text) return Refuse("not in the one form");
  return out;
}

}  // namespace assay::proof
