#include "assess/admin_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "assess/package_files.h"
#include "assess/read_set.h"
#include "base/files.h"
#include "config/lock_file.h"
#include "proof/note.h"

namespace assay::assess {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxLock = 4u << 20;
constexpr int kTries = 100;  // of 100 ms each

Error Unusable(std::string message, std::string hint) {
  return Error{Code::kDenied, std::move(message), {}, std::move(hint), {}, "AS-PLG-009"};
}

Status CheckEntry(const std::string& path, const LockEntry& entry) {
  const std::string name = fmt::format("{}: plugin {}", path, entry.id);
  if (!proof::Verifier::Parse(entry.key))
    return Fail(
        Unusable(name + ": key is missing or no verifier key", "assay plugin install writes it"));
  if (entry.grant_sha256.empty()) return {};
  if (EncodeHex(GrantDigest(entry.id, entry.reads)) != entry.grant_sha256)
    return Fail(Unusable(name + ": grant is not the digest of reads: it was edited",
                         "assay plugin revoke " + entry.id + ", then grant it again"));
  return {};
}

Result<std::vector<LockEntry>> Parse(std::string_view toml, const std::string& path) {
  auto entries = config::ParseLock(toml, path);
  if (!entries) return Fail(Unusable(entries.error().message, "assay plugin install writes it"));
  return entries;
}

/// A lock without entries when there is no file.
Result<std::string> ReadText(const fs::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid()) {
    if (errno == ENOENT) return std::string("schema = 1");
    if (errno == ELOOP) return Fail(Unusable(path.string() + ": is a link", "put a file there"));
    return Fail(ErrnoError(path.string()));
  }
  ASSAY_TRY(CheckWriters(fd.get(), path, kLockedFolder));
  ASSAY_ASSIGN(const ByteVector bytes, ReadAll(fd.get(), path.string(), kMaxLock));
  return std::string(AsText(bytes));
}

/// Held as long as the descriptor lives.
Result<UniqueFd> LockFolder(const fs::path& folder) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Fail(ErrnoError(folder.string()));
  for (int i = 0; i < kTries; ++i) {
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
    if (errno != EWOULDBLOCK && errno != EINTR) return Fail(ErrnoError(folder.string()));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return Fail(Code::kUnavailable, folder.string() + ": another assay is changing plugins");
}

}  // namespace

fs::path AdminLockPath(const config::Config& config) {
  return config.file.parent_path() / "assay-plugins.lock";
}

Result<std::vector<LockEntry>> ParseAdminLock(std::string_view toml, const std::string& path) {
  ASSAY_ASSIGN(std::vector<LockEntry> entries, Parse(toml, path));
  for (const LockEntry& entry : entries) ASSAY_TRY(CheckEntry(path, entry));
  return entries;
}

Result<std::vector<LockEntry>> ReadAdminLock(const fs::path& path) {
  ASSAY_ASSIGN(const std::string text, ReadText(path));
  return ParseAdminLock(text, path.string());
}

Status ChangeAdminLock(const fs::path& path,
                       const std::function<Status(std::vector<LockEntry>&)>& change) {
  ASSAY_ASSIGN(const UniqueFd held, LockFolder(path.parent_path()));
  // A grant that was edited can be taken back, which is the way out.
  ASSAY_ASSIGN(const std::string text, ReadText(path));
  ASSAY_ASSIGN(std::vector<LockEntry> entries, Parse(text, path.string()));
  ASSAY_TRY(change(entries));
  std::sort(entries.begin(), entries.end(),
            [](const LockEntry& a, const LockEntry& b) { return a.id < b.id; });
  for (const LockEntry& entry : entries) ASSAY_TRY(CheckEntry(path.string(), entry));
  return WriteFileDurably(path, AsBytes(config::FormatLock(entries)), 0644);
}

const LockEntry* FindLock(const std::vector<LockEntry>& locks, const std::string& id) {
  const auto at =
      std::find_if(locks.begin(), locks.end(), [&](const LockEntry& l) { return l.id == id; });
  return at == locks.end() ? nullptr : &*at;
}

}  // namespace assay::assess
