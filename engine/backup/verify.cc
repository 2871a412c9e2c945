#include "backup/verify.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "backup/signer.h"
#include "backup/target.h"
#include "base/files.h"
#include "ledger/checkpoint_log.h"
#include "ledger/sqlite_store.h"
#include "ledger/verify.h"

namespace assay::backup {
namespace {

namespace fs = std::filesystem;

/// A finding: where and what.
struct Wrong {
  std::string place, message;
};
using Finding = std::optional<Wrong>;

// "manifest.json: is no object" names its place already.
Wrong FromError(const Error& error, const std::string& otherwise) {
  for (const char* name : {kManifestName, kSignatureName})
    if (error.message.starts_with(std::string(name) + ": "))
      return {name, error.message.substr(std::string_view(name).size() + 2)};
  return {otherwise, error.message};
}

Finding FindChangedFile(const fs::path& path, const Manifest& manifest) {
  for (const BackupFile& file : manifest.files) {
    struct stat info {};
    if (::lstat((path / file.path).c_str(), &info) != 0) return Wrong{file.path, "missing"};
    if (!S_ISREG(info.st_mode)) return Wrong{file.path, "not a file"};
    const auto found = DescribeFile(path / file.path);
    if (!found) return Wrong{file.path, found.error().message};
    if (found->bytes != file.bytes)
      return Wrong{file.path,
                   fmt::format("{} bytes, the manifest says {}", found->bytes, file.bytes)};
    if (found->sha256 != file.sha256)
      return Wrong{file.path, "its SHA-256 is not the one in the manifest"};
  }
  return {};
}

Result<ledger::VerifyReport> VerifyInside(const fs::path& path, const Manifest& manifest,
                                          const VerifyOptions& options) {
  const fs::path keys_file = options.keys_file.empty() ? KeysFileBeside(path) : options.keys_file;
  ASSAY_ASSIGN(const auto store,
               ledger::OpenSqliteStore(path, ledger::StoreMode::kRead, keys_file));
  auto tenant = TenantId::Parse(manifest.tenant);
  if (!tenant) return Fail(Code::kCorrupt, "manifest.json: tenant: " + tenant.error().message);
  const ledger::CheckpointLog log(path / "checkpoints.log");
  ledger::VerifyInput input{*store, log, *tenant, manifest.origin, nullptr, manifest.signer.key,
                            {}};
  std::optional<ledger::TenantKeys> keys;
  if (auto master = ledger::OpenMasterKey(options.master_key, false)) {
    auto loaded = ledger::LoadTenantKeys(*store, **master, *tenant);
    if (loaded)
      input.keys = &keys.emplace(std::move(*loaded));
    else if (loaded.error().code != Code::kNotFound)  // destroyed keys open nothing, rightly
      input.key_fault = loaded.error().message;
  }
  return ledger::VerifyLedger(input);
}

Finding CompareWithManifest(const ledger::VerifyReport& report, const Manifest& manifest) {
  if (ToNumber(report.head.size) != manifest.size)
    return Wrong{"ledger.db", fmt::format("{} entries, the manifest says {}",
                                          ToNumber(report.head.size), manifest.size)};
  if (report.head.root != manifest.root || report.head.epoch != manifest.epoch)
    return Wrong{"ledger.db", "head is not the one that the manifest says"};
  return {};
}

Finding FindWrong(const fs::path& path, const VerifyOptions& options, Verified& out) {
  auto manifest = ReadManifest(path);
  if (!manifest) return FromError(manifest.error(), kManifestName);
  out.manifest = std::move(*manifest);
  const std::string fingerprint = proof::FingerprintOf(out.manifest->signer.key);
  const auto& known = options.fingerprints;
  if (!known.empty() && std::find(known.begin(), known.end(), fingerprint) == known.end())
    return Wrong{kManifestName,
                 "signed by " + fingerprint + ", the ledger's key is " + known.back()};
  const auto stranger = FindStranger(path, *out.manifest);
  if (!stranger) return Wrong{path.string(), stranger.error().message};
  if (*stranger) return Wrong{Quote(**stranger), "a file that the manifest does not name"};
  if (Finding wrong = FindChangedFile(path, *out.manifest)) return wrong;
  auto report = VerifyInside(path, *out.manifest, options);
  if (!report) return FromError(report.error(), "ledger.db");
  out.ledger = std::move(*report);
  if (!out.ledger.ok) return Wrong{out.ledger.place, out.ledger.message};
  return CompareWithManifest(out.ledger, *out.manifest);
}

}  // namespace

bool IsBackup(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path / kManifestName, ignored) &&
         fs::exists(path / kSignatureName, ignored);
}

Verified VerifyBackup(const fs::path& path, const VerifyOptions& options) {
  Verified out;
  Finding wrong = FindWrong(path, options, out);
  out.ok = !wrong;
  if (wrong) {
    out.place = std::move(wrong->place);
    out.message = std::move(wrong->message);
  }
  return out;
}

}  // namespace assay::backup
