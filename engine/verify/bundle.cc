// Proof and consistency bundles (docs/formats/proof-bundle.md): one file, nothing else needed.
#include <fmt/format.h>

#include <charconv>

#include "base/files.h"
#include "base/text.h"
#include "proof/body.h"
#include "verify/verify.h"

namespace assay::verify {
namespace {

using proof::JsonArray;
using proof::JsonObject;

constexpr size_t kMaxBundle = 64u << 20;

tl::unexpected<Error> Bad(std::string why) { return Fail(Code::kCorrupt, std::move(why)); }

/// A finding on its way: which part of the bundle it is of.
class Parts {
 public:
  explicit Parts(Report& report) : report_(report) {}
  template <typename T>
  bool Take(const char* place, const Result<T>& result, std::optional<uint64_t> index = {}) {
    if (!result) report_.Find(place, result.error().message, index);
    return result.has_value();
  }

 private:
  Report& report_;
};

Result<JsonObject> ReadObject(std::string_view text, std::string_view format,
                              std::initializer_list<std::string_view> members,
                              std::string_view optional = {}) {
  ASSAY_ASSIGN(proof::Json json, proof::ReadJson(text));
  auto* object = std::get_if<JsonObject>(&json.value);
  if (object == nullptr) return Bad("disclosure is no object");
  ASSAY_ASSIGN(const std::string said, proof::TextAt(*object, "format"));
  if (said != format) return Bad("no bundle of version 1");
  size_t known = 1;
  for (const std::string_view member : members) known += object->count(member);
  if (known != members.size() + 1) return Bad("a member is missing");
  if (!optional.empty()) known += object->count(optional);
  if (known != object->size()) return Bad("unknown members");
  return std::move(*object);
}

const JsonArray& ListAt(const JsonObject& object, std::string_view key) {
  static const JsonArray kNone;
  const auto found = object.find(key);
  const JsonArray* list = found == object.end() ? nullptr : found->second.array();
  return list != nullptr ? *list : kNone;
}

Result<std::vector<Digest>> PathAt(const JsonObject& object) {
  const auto found = object.find("path");
  if (found == object.end() || found->second.array() == nullptr) return Bad("path is no list");
  std::vector<Digest> out;
  for (const proof::Json& hash : ListAt(object, "path")) {
    if (hash.text() == nullptr) return Bad("path holds no hash");
    ASSAY_ASSIGN(const ByteVector bytes, ParseBytes(*hash.text(), 32));
    out.push_back(*ToDigest(bytes));
  }
  return out;
}

// The first key, then handovers: with signatures a rotation, without an epoch.
Result<KeyChain> WalkKeys(const JsonObject& says) {
  KeyChain keys;
  uint64_t number = 0;
  for (const proof::Json& json : ListAt(says, "keys")) {
    if (json.text() == nullptr) return Bad("keys hold something else");
    const std::vector<std::string_view> words = Split(*json.text(), ' ');
    if (words.size() != 1 && words.size() != 3) return Bad("keys hold something else");
    const bool rotated = words.size() == 3;
    const char* kind = rotated ? "key.rotated" : number == 0 ? "key.created" : "epoch.started";
    JsonObject step{{"vkey", {std::string(words[0])}}};
    if (rotated) step["signature_old"] = {std::string(words[1])};
    if (rotated) step["signature_new"] = {std::string(words[2])};
    if (number == 0) keys = KeyChain(std::string(words[0].substr(0, words[0].find('+'))));
    ASSAY_TRY(keys.Take(number++, kind, step));
  }
  if (number == 0) return Bad("no key");
  return keys;
}

/// A .tlog-proof file, cut into its parts.
struct ProofFile {
  uint64_t index = 0;
  std::vector<Digest> path;
  JsonObject says;
  std::string note;
};

Result<ProofFile> ReadProof(std::string_view text) {
  const size_t blank = text.find("\n\n");
  if (!text.starts_with("c2sp.org/tlog-proof@v1\n") || blank == text.npos)
    return Bad("no tlog-proof of version 1");
  const std::vector<std::string_view> lines = Split(text.substr(0, blank), '\n');
  if (lines.size() < 3 || !lines[1].starts_with("extra ") || !lines[2].starts_with("index "))
    return Bad("no tlog-proof with extra and index");
  ProofFile out;
  const std::string_view index = lines[2].substr(6);
  const auto parsed = std::from_chars(index.data(), index.data() + index.size(), out.index);
  if (parsed.ec != std::errc() || std::to_string(out.index) != index) return Bad("index is none");
  ASSAY_ASSIGN(const ByteVector extra, ParseBase64(lines[1].substr(6)));
  ASSAY_ASSIGN(out.says, ReadObject(AsText(extra), "assay.proof/1", {"keys", "line"}, "record"));
  for (size_t i = 3; i < lines.size(); ++i) {
    ASSAY_ASSIGN(const ByteVector hash, ParseBytes(lines[i], 32));
    out.path.push_back(*ToDigest(hash));
  }
  out.note = text.substr(blank + 2);
  return out;
}

Result<Line> CheckLine(const ProofFile& file, const std::string& text,
                       const proof::Checkpoint& head) {
  ASSAY_ASSIGN(Line line, ReadLine(text));
  if (line.index != file.index || file.index >= head.size)
    return Bad("entry is another, or beyond the checkpoint");
  ASSAY_TRY(proof::VerifyInclusion(proof::TreeKind::kEntry, proof::HashEntry(text), file.index,
                                   head.size, file.path, head.root));
  return line;
}

Result<uint64_t> CheckRecord(const proof::Json& json, const Line& line) {
  const JsonObject* record = json.object();
  if (record == nullptr || record->size() != 5 || !line.has_body)
    return Bad("record is none, or its entry has no body");
  ASSAY_ASSIGN(const int64_t segment, proof::IntegerAt(*record, "segment"));
  ASSAY_ASSIGN(const int64_t segments, proof::IntegerAt(*record, "segments"));
  ASSAY_ASSIGN(const std::string salt_text, proof::TextAt(*record, "salt"));
  ASSAY_ASSIGN(const std::string bytes_text, proof::TextAt(*record, "bytes"));
  ASSAY_ASSIGN(const ByteVector salt, ParseBytes(salt_text, proof::kSaltBytes));
  ASSAY_ASSIGN(const ByteVector bytes, ParseBase64(bytes_text));
  ASSAY_ASSIGN(const std::vector<Digest> path, PathAt(*record));
  const auto leaves = static_cast<uint64_t>(segments), at = static_cast<uint64_t>(segment);
  if (leaves != line.body.leaves() || at >= leaves) return Bad("no such segment");
  ASSAY_TRY(proof::VerifyInclusion(proof::TreeKind::kRecord, proof::HashRecord(salt, bytes), at,
                                   leaves, path, line.body.root));
  return at;
}

void VerifyProof(std::string_view text, const Options& options, Report& report) {
  Parts parts(report);
  report.kind = "proof";
  const auto file = ReadProof(text);
  if (!parts.Take("bundle", file)) return;
  const auto keys = WalkKeys(file->says);
  if (!parts.Take("keys", keys) || !parts.Take("keys", keys->CheckTrust(options.key))) return;
  report.fingerprint = keys->Fingerprint();
  const auto head = keys->Open(file->note, {keys->steps().back()});
  if (!parts.Take("checkpoint", head)) return;
  report.entries = head->size;
  report.root = EncodeBase64(head->root);
  const auto line_text = proof::TextAt(file->says, "line");
  const std::string place = fmt::format("entry {}", file->index);
  if (!parts.Take(place.c_str(), line_text, file->index)) return;
  const auto line = CheckLine(*file, *line_text, *head);
  if (!parts.Take(place.c_str(), line, file->index)) return;
  if (const auto record = file->says.find("record"); record != file->says.end())
    parts.Take("record", CheckRecord(record->second, *line));
}

// The key that signed an older head: the newest of its name whose line is there.
Result<proof::Checkpoint> OpenOlder(const KeyChain& keys, const std::string& text) {
  Result<proof::Checkpoint> opened = Bad("signed by none of the keys");
  for (auto step = keys.steps().rbegin(); step != keys.steps().rend(); ++step)
    if (opened = keys.Open(text, {*step}); opened) break;
  return opened;
}

void VerifyGrowth(std::string_view text, const Options& options, Report& report) {
  Parts parts(report);
  report.kind = "consistency";
  const auto says = ReadObject(text, "assay.consistency/1", {"from", "keys", "path", "to"});
  if (!parts.Take("bundle", says)) return;
  const auto keys = WalkKeys(*says);
  if (!parts.Take("keys", keys) || !parts.Take("keys", keys->CheckTrust(options.key))) return;
  report.fingerprint = keys->Fingerprint();
  const auto to_text = proof::TextAt(*says, "to"), from_text = proof::TextAt(*says, "from");
  if (!parts.Take("checkpoint", to_text)) return;
  const auto to = keys->Open(*to_text, {keys->steps().back()});
  if (!parts.Take("checkpoint", to) || !parts.Take("old checkpoint", from_text)) return;
  const auto from = OpenOlder(*keys, *from_text);
  if (!parts.Take("old checkpoint", from)) return;
  report.entries = to->size;
  report.root = EncodeBase64(to->root);
  const auto path = PathAt(*says);
  if (!parts.Take("path", path)) return;
  parts.Take("path", proof::VerifyConsistency(proof::TreeKind::kEntry, from->size, from->root,
                                              to->size, to->root, *path));
}

}  // namespace

Report VerifyBundle(const Options& options) {
  Report report;
  const auto content = ReadFile(options.path, kMaxBundle);
  if (!content)
    report.Find("file", content.error().message);
  else if (options.path.extension() == ".tlog-consistency")
    VerifyGrowth(AsText(*content), options, report);
  else
    VerifyProof(AsText(*content), options, report);
  return report;
}

}  // namespace assay::verify
