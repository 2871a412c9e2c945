#include "sandbox/jail.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/files.h"

namespace assay::sandbox {
namespace {

tl::unexpected<Error> Denied(const char* step) {
  Error error = ErrnoError(std::string("jail: ") + step);
  error.code = Code::kDenied;
  return Fail(std::move(error));
}

/// Any folder does as a mount point; small containers lack some.
const char* MountTmpfs() {
  for (const char* folder : {"/tmp", "/var", "/dev", "/proc", "/usr"})
    if (::mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,nr_inodes=8") == 0)
      return folder;
  return nullptr;
}

Status CopyPlugin(int plugin_fd) {
  struct stat info {};
  if (::fstat(plugin_fd, &info) != 0) return Denied("fstat of the plugin");
  UniqueFd out(::open(kJailPluginPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
  if (!out.valid()) return Denied("create plugin.so");
  off_t at = 0;
  while (at < info.st_size) {
    const ssize_t n = ::sendfile(out.get(), plugin_fd, &at, static_cast<size_t>(info.st_size - at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Denied("copy plugin.so");
  }
  return {};
}

}  // namespace

Status EnterJail() {
  // Nothing that happens here may show in the host's mounts, and pivot_root refuses a shared
  // parent.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return Denied("make mounts private");
  const char* folder = MountTmpfs();
  if (folder == nullptr) return Denied("mount tmpfs");
  if (::chdir(folder) != 0) return Denied("chdir");
  // The old root is stacked on the new one; detaching "." takes every mount of the host away.
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return Denied("pivot_root");
  if (::umount2(".", MNT_DETACH) != 0) return Denied("umount of the old root");
  if (::chdir("/") != 0) return Denied("chdir to the new root");
  return {};
}

Status FillJail(int plugin_fd) {
  if (plugin_fd >= 0) ASSAY_TRY(CopyPlugin(plugin_fd));
  const unsigned long flags = MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV;
  if (::mount("tmpfs", "/", "tmpfs", flags, "mode=0755,nr_inodes=8") != 0)
    return Denied("make the root read-only");
  return {};
}

}  // namespace assay::sandbox
