// Backup directories (docs/formats/backup.md): the signed list of files, the files, the ledger.
#include <openssl/evp.h>

#include <fstream>
#include <map>
#include <memory>
#include <set>

#include "base/files.h"
#include "verify/verify.h"

namespace assay::verify {
namespace {

constexpr size_t kMaxManifest = 16u << 20;
constexpr size_t kPiece = 1u << 20;
constexpr const char* kManifest = "manifest.json";
constexpr const char* kSignature = "manifest.sig";

tl::unexpected<Error> Bad(std::string why) { return Fail(Code::kCorrupt, std::move(why)); }

struct Named {
  uint64_t bytes = 0;
  std::string sha256;
};

struct Manifest {
  ByteVector bytes;
  proof::JsonObject says;
  std::map<std::string, Named> files;
};

Status TakeFile(const proof::Json& json, Manifest& out) {
  const proof::JsonObject* file = json.object();
  if (file == nullptr) return Bad("files hold something else");
  ASSAY_ASSIGN(const std::string path, proof::TextAt(*file, "path"));
  ASSAY_ASSIGN(const int64_t bytes, proof::IntegerAt(*file, "bytes"));
  ASSAY_ASSIGN(std::string sha256, proof::TextAt(*file, "sha256"));
  const bool fresh =
      out.files.emplace(path, Named{static_cast<uint64_t>(bytes), std::move(sha256)}).second;
  return fresh ? Status{} : Bad("a file is named twice");
}

Result<Manifest> ReadManifest(const std::filesystem::path& directory) {
  Manifest out;
  ASSAY_ASSIGN(out.bytes, ReadFile(directory / kManifest, kMaxManifest));
  ASSAY_ASSIGN(const proof::Json json, proof::ReadJson(AsText(out.bytes)));
  if (json.object() == nullptr) return Bad("manifest is no object");
  out.says = *json.object();
  ASSAY_ASSIGN(const std::string format, proof::TextAt(out.says, "format"));
  if (format != "assay.backup/1") return Bad("no backup of version 1");
  const auto files = out.says.find("files");
  if (files == out.says.end() || files->second.array() == nullptr) return Bad("files is no list");
  for (const proof::Json& file : *files->second.array()) ASSAY_TRY(TakeFile(file, out));
  return out;
}

Status CheckSignature(const std::filesystem::path& directory, const Manifest& manifest) {
  ASSAY_ASSIGN(const ByteVector bytes, ReadFile(directory / kSignature, 4096));
  ASSAY_ASSIGN(const std::string vkey, proof::TextAt(manifest.says, "vkey"));
  ASSAY_ASSIGN(const proof::Verifier verifier, proof::Verifier::Parse(vkey));
  proof::Signature signature{};
  if (bytes.size() != signature.size()) return Bad("signature has another length");
  std::copy(bytes.begin(), bytes.end(), signature.begin());
  return proof::VerifySignature(verifier.key, manifest.bytes, signature)
             ? Status{}
             : Bad("signature is wrong");
}

// In pieces: an evidence file may be larger than memory.
Result<std::string> HashFile(const std::filesystem::path& path, uint64_t& size) {
  std::ifstream file(path, std::ios::binary);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free);
  if (!file || !hash || EVP_DigestInit_ex2(hash.get(), EVP_sha256(), nullptr) != 1)
    return Bad("missing, or cannot be read");
  std::vector<char> buffer(kPiece);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) ||
         file.gcount() > 0) {
    const auto got = static_cast<size_t>(file.gcount());
    size += got;
    if (EVP_DigestUpdate(hash.get(), buffer.data(), got) != 1) return Bad("cannot be hashed");
  }
  Digest digest{};
  if (file.bad() || EVP_DigestFinal_ex(hash.get(), digest.data(), nullptr) != 1)
    return Bad("cannot be read");
  return EncodeHex(digest);
}

Status CheckFile(const std::filesystem::path& path, const Named* named) {
  if (named == nullptr) return Bad("not in the manifest");
  uint64_t size = 0;
  ASSAY_ASSIGN(const std::string sha256, HashFile(path, size));
  return size == named->bytes && sha256 == named->sha256 ? Status{}
                                                         : Bad("not what the manifest says");
}

void CheckFiles(const std::filesystem::path& directory, const Manifest& manifest, Report& report) {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(directory, error))
    names.insert(item.path().filename().string());
  if (error) report.Find(kManifest, error.message());
  for (const auto& [path, named] : manifest.files) names.insert(path);
  names.erase(kManifest);
  names.erase(kSignature);
  for (const std::string& name : names) {
    const auto named = manifest.files.find(name);
    const Named* wanted = named == manifest.files.end() ? nullptr : &named->second;
    if (const Status good = CheckFile(directory / name, wanted); !good)
      report.Find(name, good.error().message);
  }
}

bool IsOfLedger(const Manifest& manifest, const Entries& entries) {
  const KeyStep& step = entries.facts.keys.steps().back();
  const auto says = [&](const char* key, const std::string& wanted) {
    const auto text = proof::TextAt(manifest.says, key);
    return text && *text == wanted;
  };
  const auto counts = [&](const char* key, uint64_t wanted) {
    const auto number = proof::IntegerAt(manifest.says, key);
    return number && static_cast<uint64_t>(*number) == wanted;
  };
  return says("origin", step.verifier.name) && says("vkey", step.vkey) &&
         says("tenant", entries.facts.tenant) && says("root", EncodeBase64(entries.tree.Root())) &&
         counts("size", entries.size) && counts("epoch", entries.facts.keys.epoch());
}

}  // namespace

Report VerifyBackup(const Options& options) {
  Report report;
  const auto manifest = ReadManifest(options.path);
  if (!manifest) {
    report.Find(kManifest, manifest.error().message);
    return report;
  }
  if (const Status good = CheckSignature(options.path, *manifest); !good)
    report.Find(kSignature, good.error().message);
  if (report.ok) CheckFiles(options.path, *manifest, report);
  if (!report.ok) return report;
  std::optional<Entries> entries;
  report = VerifyLedger(options, true, &entries);
  report.kind = "backup";
  if (report.ok && !IsOfLedger(*manifest, *entries))
    report.Find(kManifest, "not of this ledger, or signed by another key");
  return report;
}

}  // namespace assay::verify
