#include "backup/staging.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace assay::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".part";

// The lock of the folder itself: the kernel gives it up when the process dies.
UniqueFd LockFolder(const fs::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (fd.valid() && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fd.Reset();
  return fd;
}

Status MakeFolder(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  return Fail(ErrnoError(path.string()));
}

// True for a folder that is absent or empty, or holds the file `keep` alone.
Result<bool> IsFree(const fs::path& path, const std::string& keep, bool& holds_keep) {
  std::error_code error;
  holds_keep = false;
  if (!fs::exists(fs::symlink_status(path, error))) return true;
  if (!fs::is_directory(fs::symlink_status(path, error))) return false;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    if (keep.empty() || it->path().filename() != keep) return false;
    holds_keep = true;
  }
  if (error) return Fail(Code::kIo, path.string() + ": " + error.message());
  return true;
}

Status RequireFree(const fs::path& path, const std::string& keep, bool& holds_keep) {
  ASSAY_ASSIGN(const bool is_free, IsFree(path, keep, holds_keep));
  if (is_free) return {};
  return Fail(Error{Code::kAlreadyExists,
                    path.string() + ": is there and not empty",
                    {},
                    "name a folder that is not there; nothing is overwritten",
                    {},
                    {}});
}

}  // namespace

Status Staging::CheckFree(const fs::path& final_path, const std::string& keep) {
  bool holds_keep = false;
  return RequireFree(final_path, keep, holds_keep);
}

Result<Staging> Staging::Make(const fs::path& final_path) {
  const fs::path path =
      final_path.parent_path() / ("." + final_path.filename().string() + std::string(kSuffix));
  std::error_code error;
  if (fs::exists(fs::symlink_status(path, error))) {
    if (!LockFolder(path).valid())
      return Fail(Error{
          Code::kUnavailable,
          path.string() + ": another process is writing it",
          {},
          "wait for it to end",
          {},
          {}}.Id("AS-LED-001"));
    fs::remove_all(path, error);
    if (error) return Fail(Code::kIo, path.string() + ": " + error.message());
  }
  ASSAY_TRY(MakeFolder(path));
  UniqueFd lock = LockFolder(path);
  if (!lock.valid()) return Fail(ErrnoError(path.string()));
  return Staging(std::move(lock), final_path, path);
}

Staging::~Staging() {
  if (!lock_.valid()) return;  // moved from, or published
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Status Staging::Publish(const std::string& keep) {
  bool holds_keep = false;
  ASSAY_TRY(RequireFree(final_, keep, holds_keep));
  if (holds_keep && ::link((final_ / keep).c_str(), (path_ / keep).c_str()) != 0)
    return Fail(ErrnoError((path_ / keep).string()));
  ASSAY_TRY(SyncDirectory(path_));
  // A folder with a file in it cannot be renamed over: the two change places in one step.
  const unsigned flags = holds_keep ? RENAME_EXCHANGE : 0;
  if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, final_.c_str(), flags) != 0)
    return Fail(ErrnoError(final_.string()));
  lock_.Reset();
  std::error_code ignored;
  if (holds_keep) fs::remove_all(path_, ignored);
  return SyncDirectory(final_.parent_path());
}

void Staging::Sweep(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(".") || !name.ends_with(kSuffix)) continue;
    const UniqueFd lock = LockFolder(it->path());
    std::error_code ignored;
    if (lock.valid()) fs::remove_all(it->path(), ignored);
  }
}

}  // namespace assay::backup
