#include "backup/manifest.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.h"
#include "ledger/copy.h"
#include "proof/canonical_json.h"
#include "proof/sha256.h"

namespace assay::backup {
namespace {

using proof::Json;
using proof::JsonArray;
using proof::JsonObject;

constexpr char kFormat[] = "assay.backup/1";
constexpr size_t kMaxManifest = 1 << 20;

Error Broken(const std::string& why) {
  return Error{Code::kCorrupt, std::string(kManifestName) + ": " + why, {}, {}, {}, {}};
}

Json Text(std::string text) { return Json{std::move(text)}; }
Json Number(uint64_t number) { return Json{static_cast<int64_t>(number)}; }

// What a ledger consists of; nothing that leads out of the folder.
bool IsFileOfLedger(std::string_view path) {
  return path == "ledger.db" || path == "checkpoints.log" || ledger::IsEvidenceFile(path);
}

Result<uint64_t> CountAt(const JsonObject& object, std::string_view key) {
  ASSAY_ASSIGN(const int64_t number, proof::IntegerAt(object, key));
  return static_cast<uint64_t>(number);
}

Result<BackupFile> ParseFile(const Json& json) {
  const JsonObject* object = json.object();
  if (object == nullptr) return Fail(Code::kInvalidInput, "an element of files is no object");
  BackupFile file;
  ASSAY_ASSIGN(file.path, proof::TextAt(*object, "path"));
  if (!IsFileOfLedger(file.path))
    return Fail(Code::kInvalidInput, "file " + Quote(file.path) + " is none of a ledger");
  ASSAY_ASSIGN(file.bytes, CountAt(*object, "bytes"));
  ASSAY_ASSIGN(const std::string hex, proof::TextAt(*object, "sha256"));
  ASSAY_ASSIGN(const ByteVector bytes, ParseHex(hex));
  ASSAY_ASSIGN(file.sha256, ToDigest(bytes));
  return file;
}

Result<std::vector<BackupFile>> ParseFiles(const JsonObject& object) {
  const auto it = object.find("files");
  const JsonArray* list = it == object.end() ? nullptr : it->second.array();
  if (list == nullptr) return Fail(Code::kInvalidInput, "files is missing");
  std::vector<BackupFile> out;
  for (const Json& json : *list) {
    ASSAY_ASSIGN(BackupFile file, ParseFile(json));
    if (!out.empty() && out.back().path >= file.path)
      return Fail(Code::kInvalidInput, "files are not in order of their names");
    out.push_back(std::move(file));
  }
  const auto has = [&](const char* name) {
    return std::any_of(out.begin(), out.end(), [&](const auto& f) { return f.path == name; });
  };
  if (!has("ledger.db") || !has("checkpoints.log"))
    return Fail(Code::kInvalidInput, "files names no ledger.db or no checkpoints.log");
  return out;
}

Result<Manifest> FromObject(const JsonObject& object) {
  Manifest out;
  ASSAY_ASSIGN(const std::string format, proof::TextAt(object, "format"));
  if (format != kFormat) return Fail(Code::kUnsupported, "format " + Quote(format));
  ASSAY_ASSIGN(out.tenant, proof::TextAt(object, "tenant"));
  ASSAY_ASSIGN(out.origin, proof::TextAt(object, "origin"));
  ASSAY_ASSIGN(const std::string created, proof::TextAt(object, "created"));
  ASSAY_ASSIGN(out.created, ParseTime(created));
  ASSAY_ASSIGN(const uint64_t epoch, CountAt(object, "epoch"));
  out.epoch = static_cast<uint32_t>(epoch);
  ASSAY_ASSIGN(out.size, CountAt(object, "size"));
  ASSAY_ASSIGN(const std::string root, proof::TextAt(object, "root"));
  ASSAY_ASSIGN(const ByteVector bytes, ParseBase64(root));
  ASSAY_ASSIGN(out.root, ToDigest(bytes));
  ASSAY_ASSIGN(const std::string vkey, proof::TextAt(object, "vkey"));
  ASSAY_ASSIGN(out.signer, proof::Verifier::Parse(vkey));
  ASSAY_ASSIGN(out.files, ParseFiles(object));
  if (object.contains("previous")) {
    ASSAY_ASSIGN(out.previous, proof::TextAt(object, "previous"));
  }
  return out;
}

Status WriteSynced(const std::filesystem::path& path, ByteSpan bytes) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Fail(ErrnoError(path.string()));
  ASSAY_TRY(WriteAll(fd.get(), bytes, path.string()));
  if (::fsync(fd.get()) != 0) return Fail(ErrnoError(path.string()));
  return {};
}

}  // namespace

uint64_t Manifest::TotalBytes() const {
  uint64_t sum = 0;
  for (const BackupFile& file : files) sum += file.bytes;
  return sum;
}

Result<std::string> EncodeManifest(const Manifest& manifest) {
  JsonArray files;
  for (const BackupFile& file : manifest.files)
    files.push_back(Json{JsonObject{{"bytes", Number(file.bytes)},
                                    {"path", Text(file.path)},
                                    {"sha256", Text(EncodeHex(file.sha256))}}});
  JsonObject object{{"format", Text(kFormat)},
                    {"tenant", Text(manifest.tenant)},
                    {"origin", Text(manifest.origin)},
                    {"created", Text(FormatTime(manifest.created))},
                    {"epoch", Number(manifest.epoch)},
                    {"size", Number(manifest.size)},
                    {"root", Text(EncodeBase64(manifest.root))},
                    {"vkey", Text(manifest.signer.Encode())},
                    {"files", Json{std::move(files)}}};
  if (!manifest.previous.empty()) object.emplace("previous", Text(manifest.previous));
  return proof::WriteJson(Json{std::move(object)});
}

Result<Manifest> ParseManifest(std::string_view text) {
  auto json = proof::ReadJson(text);
  if (!json) return Fail(Broken(json.error().message));
  if (json->object() == nullptr) return Fail(Broken("is no object"));
  auto manifest = FromObject(*json->object());
  if (!manifest) return Fail(Broken(manifest.error().message));
  // Two ways to write one value (a time, a digest) would be two manifests for one backup.
  auto again = EncodeManifest(*manifest);
  if (!again || *again != text) return Fail(Broken("is not in the one form that is written"));
  return manifest;
}

Status WriteManifest(const std::filesystem::path& folder, const Manifest& manifest,
                     const proof::SigningKey& key) {
  ASSAY_ASSIGN(const std::string text, EncodeManifest(manifest));
  ASSAY_ASSIGN(const proof::Signature signature, key.Sign(AsBytes(text)));
  ASSAY_TRY(WriteSynced(folder / kManifestName, AsBytes(text)));
  return WriteSynced(folder / kSignatureName, signature);
}

Result<std::optional<std::string>> FindStranger(const std::filesystem::path& folder,
                                                const Manifest& manifest) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    const bool known = name == kManifestName || name == kSignatureName ||
                       std::any_of(manifest.files.begin(), manifest.files.end(),
                                   [&](const BackupFile& file) { return file.path == name; });
    if (!known) return std::optional(name);
  }
  if (error) return Fail(Code::kIo, folder.string() + ": " + error.message());
  return std::optional<std::string>();
}

Result<Manifest> ReadManifest(const std::filesystem::path& folder) {
  ASSAY_ASSIGN(const ByteVector text, ReadFile(folder / kManifestName, kMaxManifest));
  auto bytes = ReadFile(folder / kSignatureName, 64);
  if (!bytes && bytes.error().code != Code::kLimitExceeded) return Fail(std::move(bytes.error()));
  proof::Signature signature{};
  const bool is_whole = bytes && bytes->size() == signature.size();
  if (!is_whole)
    return Fail(Code::kCorrupt, std::string(kSignatureName) + ": is not 64 bytes long");
  std::copy(bytes->begin(), bytes->end(), signature.begin());
  ASSAY_ASSIGN(Manifest manifest, ParseManifest(AsText(text)));
  if (!proof::VerifySignature(manifest.signer.key, text, signature))
    return Fail(Code::kCorrupt, std::string(kSignatureName) +
                                    ": is not the signature of manifest.json by the key it names");
  return manifest;
}

Result<BackupFile> DescribeFile(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid() && errno == ENOENT) return Fail(Code::kNotFound, path.string() + ": missing");
  if (!fd.valid()) return Fail(ErrnoError(path.string()));
  BackupFile out{path.filename().string(), 0, {}};
  proof::Sha256Stream stream;
  std::vector<uint8_t> chunk(size_t{1} << 20);
  for (;;) {
    const ssize_t n = ::read(fd.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Fail(ErrnoError(path.string()));
    if (n == 0) break;
    stream.Add(ByteSpan(chunk).first(static_cast<size_t>(n)));
    out.bytes += static_cast<uint64_t>(n);
  }
  out.sha256 = stream.Finish();
  return out;
}

}  // namespace assay::backup
