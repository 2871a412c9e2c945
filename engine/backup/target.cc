#include "backup/target.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.h"
#include "ledger/copy.h"

namespace assay::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kForm = "-00000000T000000Z.abk";

bool HasStampForm(std::string_view tail) {
  // 'a' stands for a letter in a form: the suffix is compared by itself.
  return tail.ends_with(".abk") && HasForm(tail.substr(0, tail.size() - 4), "-00000000T000000Z");
}

std::string FaultOf(const fs::path& folder, const Manifest& manifest) {
  for (const BackupFile& file : manifest.files) {
    std::error_code error;
    const uint64_t size = fs::file_size(folder / file.path, error);
    if (error) return file.path + ": missing";
    if (size != file.bytes) return file.path + ": has another length than the manifest says";
  }
  return {};
}

Listed Look(const fs::path& path, std::string tenant) {
  Listed out{path, std::move(tenant), {}, {}};
  auto manifest = ReadManifest(path);
  if (!manifest) {
    out.fault = manifest.error().message;
    return out;
  }
  out.fault = FaultOf(path, *manifest);
  out.manifest = std::move(*manifest);
  return out;
}

Status MakePrivateFolder(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return Fail(ErrnoError(path.string()));
}

}  // namespace

std::string NameOf(std::string_view tenant, Timestamp created) {
  std::string digits;
  for (const char c : FormatTime(created).substr(0, 19))
    if (c != '-' && c != ':') digits += c;
  return std::string(tenant) + "-" + digits + "Z.abk";
}

std::optional<std::string> TenantOf(std::string_view name) {
  if (name.size() <= kForm.size() || name.starts_with(".") ||
      !HasStampForm(name.substr(name.size() - kForm.size())))
    return std::nullopt;
  return std::string(name.substr(0, name.size() - kForm.size()));
}

fs::path KeysFileOf(const fs::path& target, std::string_view tenant) {
  return target / "keys" / tenant / "keys.db";
}

fs::path KeysFileBeside(const fs::path& backup) {
  const fs::path folder = fs::absolute(backup).lexically_normal();
  const fs::path named = folder.has_filename() ? folder : folder.parent_path();
  const auto tenant = TenantOf(named.filename().string());
  return KeysFileOf(named.parent_path(), tenant.value_or("-"));
}

Result<std::vector<Listed>> ListBackups(const fs::path& target, std::string_view tenant) {
  std::vector<std::pair<std::string, std::string>> names;  // time and tenant, name
  std::error_code error;
  if (!fs::exists(target, error)) return std::vector<Listed>();
  for (fs::directory_iterator it(target, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const auto of = TenantOf(name);
    if (of && (tenant.empty() || *of == tenant))
      names.emplace_back(name.substr(of->size()) + *of, name);
  }
  if (error) return Fail(Code::kIo, target.string() + ": " + error.message());
  std::sort(names.rbegin(), names.rend());
  std::vector<Listed> out;
  for (const auto& [key, name] : names) out.push_back(Look(target / name, *TenantOf(name)));
  return out;
}

Result<Listed> NewestBackup(const fs::path& target, std::string_view tenant) {
  ASSAY_ASSIGN(std::vector<Listed> all, ListBackups(target, tenant));
  for (Listed& one : all)
    if (one.fault.empty()) return std::move(one);
  return Fail(Error{Code::kNotFound,
                    target.string() + ": holds no whole backup of " + std::string(tenant),
                    {},
                    "assay backup create",
                    {},
                    {}});
}

Result<std::vector<Listed>> OutsideWindow(const fs::path& target, std::string_view tenant,
                                          std::chrono::seconds window, Timestamp now) {
  ASSAY_ASSIGN(std::vector<Listed> all, ListBackups(target, tenant));
  std::vector<Listed> out;
  const std::string oldest = NameOf(tenant, now - window);
  bool kept = false;
  for (Listed& one : all) {
    const bool newest_whole = !kept && one.fault.empty();
    kept = kept || newest_whole;
    // By name, so that a damaged one goes when its time comes as well.
    if (!newest_whole && one.path.filename().string() < oldest) out.push_back(std::move(one));
  }
  return out;
}

Status RemoveBackup(const fs::path& path) {
  const fs::path hidden = path.parent_path() / ("." + path.filename().string() + ".part");
  std::error_code error;
  fs::rename(path, hidden, error);
  if (error) return Fail(Code::kIo, path.string() + ": " + error.message());
  ASSAY_TRY(SyncDirectory(path.parent_path()));
  fs::remove_all(hidden, error);
  if (error) return Fail(Code::kIo, hidden.string() + ": " + error.message());
  return {};
}

Status ReplaceKeys(const fs::path& target, std::string_view tenant,
                   const fs::path& ledger_directory) {
  const fs::path file = KeysFileOf(target, tenant);
  const fs::path folder = file.parent_path();
  for (const fs::path& path : {target, target / "keys", folder}) ASSAY_TRY(MakePrivateFolder(path));
  const fs::path beside = folder / "keys.db.part";
  std::error_code error;
  fs::remove(beside, error);
  if (!fs::exists(ledger_directory / "keys.db", error)) {
    fs::remove(file, error);
    return SyncDirectory(folder);
  }
  ASSAY_TRY(ledger::CopyDatabase(ledger_directory / "keys.db", beside));
  fs::rename(beside, file, error);
  if (error) return Fail(Code::kIo, file.string() + ": " + error.message());
  return SyncDirectory(folder);
}

}  // namespace assay::backup
