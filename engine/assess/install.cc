#include "assess/install.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "assess/admin_lock.h"
#include "assess/versions.h"
#include "base/files.h"
#include "base/text.h"
#include "proof/note.h"

namespace assay::assess {
namespace {

namespace fs = std::filesystem;

Error Refusal(const char* code, const std::string& id, const std::string& what, std::string hint) {
  return Error{Code::kDenied, fmt::format("plugin {}: {}", id, what), {}, std::move(hint), {},
               code};
}

Error NotLocked(const std::string& id) {
  return Error{Code::kNotFound,
               fmt::format("plugin {}: not in assay-plugins.lock", Quote(id)),
               {},
               "assay plugin install PACKAGE puts it there",
               {},
               {}};
}

/// The mode is ours whatever the umask is: a folder that others can write to would not run.
Status MakeFolder(const fs::path& path) {
  if (::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return Fail(ErrnoError(path.string()));
}

Status WriteNew(const fs::path& path, ByteSpan bytes) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd.valid()) return Fail(ErrnoError(path.string()));
  ASSAY_TRY(WriteAll(fd.get(), bytes, path.string()));
  return ::fsync(fd.get()) == 0 ? Status{} : Fail(ErrnoError(path.string()));
}

Status WritePackage(const LoadedPlugin& plugin, const fs::path& folder) {
  ASSAY_TRY(MakeFolder(folder));
  bool checks = false;
  for (const PluginFile& file : plugin.files) {
    if (file.name.starts_with("checks/") && !std::exchange(checks, true))
      ASSAY_TRY(MakeFolder(folder / "checks"));
    ASSAY_TRY(WriteNew(folder / file.name, file.bytes));
  }
  ASSAY_TRY(WriteNew(folder / (plugin.manifest.id + ".note"), AsBytes(plugin.note)));
  if (checks) ASSAY_TRY(SyncDirectory(folder / "checks"));
  return SyncDirectory(folder);
}

/// Old and new change places at once.
Status Swap(const fs::path& made, const fs::path& target) {
  if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0)
    return {};
  if (errno == EINVAL) {  // a file system that cannot: there is a moment with no version at all
    const fs::path aside = made.string() + ".old";
    if (::rename(target.c_str(), aside.c_str()) == 0 || errno == ENOENT) errno = ENOENT;
  }
  if (errno == ENOENT && ::rename(made.c_str(), target.c_str()) == 0) return {};
  return Fail(ErrnoError(target.string()));
}

/// What an installation that was cut short left.
void RemoveLeftovers(const fs::path& parent, const std::string& prefix) {
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator it(parent, error), end; !error && it != end; it.increment(error))
    if (it->path().filename().string().starts_with(prefix)) found.push_back(it->path());
  for (const fs::path& one : found) fs::remove_all(one, error);
}

Status PutPackage(const LoadedPlugin& plugin, const fs::path& target) {
  const fs::path parent = target.parent_path();
  std::error_code error;
  fs::create_directories(parent.parent_path(), error);
  if (error) return Fail(Code::kIo, parent.parent_path().string() + ": " + error.message());
  ASSAY_TRY(MakeFolder(parent));
  const std::string prefix = "." + plugin.manifest.id + ".new";
  RemoveLeftovers(parent, prefix);
  const fs::path made = parent / (prefix + std::to_string(::getpid()));
  Status done = WritePackage(plugin, made);
  if (done) done = Swap(made, target);
  RemoveLeftovers(parent, prefix);  // the old version, or what could not be finished
  if (!done) return done;
  ASSAY_TRY(SyncDirectory(parent));
  return SyncDirectory(parent.parent_path());
}

/// Whose signature is expected: what the configuration trusts, else the key of the lock.
std::string ExpectedKey(const config::Config& config, const LockEntry* lock,
                        const std::string& id) {
  for (const config::PluginConfig& plugin : config.plugins)
    if (plugin.id == id && !plugin.trust.empty()) return plugin.trust;
  if (lock == nullptr) return {};
  const auto key = proof::Verifier::Parse(lock->key);
  return key ? proof::FingerprintOf(key->key) : "";
}

}  // namespace

fs::path InstallFolder(const config::Config& config, const std::string& id) {
  return config.storage.at(config.default_store).path / "plugins" / id;
}

fs::path FolderInUse(const config::Config& config, const std::string& id) {
  for (const config::PluginConfig& plugin : config.plugins)
    if (plugin.id == id && !plugin.path.empty()) return plugin.path;
  return InstallFolder(config, id);
}

Result<InstallPlan> PlanInstall(const LoadedPlugin& plugin, const config::Config& config,
                                const std::vector<LockEntry>& locks, bool is_built_in,
                                bool accept_older) {
  const std::string& id = plugin.manifest.id;
  if (is_built_in)
    return Fail(Refusal("AS-PLG-001", id, "has the id of a built-in plugin",
                        "its author has to give it another id"));
  const LockEntry* lock = FindLock(locks, id);
  if (const std::string key = ExpectedKey(config, lock, id);
      !key.empty() && key != plugin.fingerprint)
    return Fail(Refusal("AS-PLG-007", id,
                        fmt::format("is signed by {}, expected is {}", plugin.fingerprint, key),
                        "ask the author whether the key changed; if so, write the new one as trust "
                        "in its [[plugins]] table"));
  InstallPlan out;
  out.entry = MakeLockEntry(plugin);
  out.entry.grant_sha256.clear();
  out.entry.reads.clear();
  if (lock == nullptr) return out;
  out.old_version = lock->version;
  if (!accept_older && CompareVersions(plugin.manifest.version, lock->version) < 0)
    return Fail(Refusal("AS-PLG-010", id,
                        fmt::format("version {} is older than {}, which is installed",
                                    plugin.manifest.version, lock->version),
                        "--accept-older installs it all the same"));
  out.key_changed = lock->key != plugin.vkey;
  if (out.key_changed) return out;  // what was granted was granted to somebody else's code
  out.entry.grant_sha256 = lock->grant_sha256;
  out.entry.reads = lock->reads;
  return out;
}

Status Install(const LoadedPlugin& plugin, const config::Config& config, const InstallPlan& plan) {
  return ChangeAdminLock(AdminLockPath(config), [&](std::vector<LockEntry>& entries) -> Status {
    ASSAY_TRY(PutPackage(plugin, InstallFolder(config, plugin.manifest.id)));
    std::erase_if(entries, [&](const LockEntry& e) { return e.id == plan.entry.id; });
    entries.push_back(plan.entry);
    return {};
  });
}

Status Grant(const LoadedPlugin& plugin, const config::Config& config) {
  return ChangeAdminLock(AdminLockPath(config), [&](std::vector<LockEntry>& entries) -> Status {
    for (LockEntry& entry : entries) {
      if (entry.id != plugin.manifest.id) continue;
      ASSAY_TRY(VerifyFiles(plugin, entry));
      entry.reads = plugin.reads;
      entry.grant_sha256 = EncodeHex(plugin.grant_digest);
      return {};
    }
    return Fail(NotLocked(plugin.manifest.id));
  });
}

Result<bool> Revoke(const std::string& id, const config::Config& config) {
  bool had = false;
  ASSAY_TRY(ChangeAdminLock(AdminLockPath(config), [&](std::vector<LockEntry>& entries) -> Status {
    for (LockEntry& entry : entries) {
      if (entry.id != id) continue;
      had = !entry.grant_sha256.empty();
      entry.grant_sha256.clear();
      entry.reads.clear();
      return {};
    }
    return Fail(NotLocked(id));
  }));
  return had;
}

}  // namespace assay::assess
