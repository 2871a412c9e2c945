// Calls that make, change and remove names. The engine makes some of them through the C++ library,
// where the linker's --wrap does not reach: so they are defined here for the whole program, before
// those of the C library. What does not lie below the watched folder goes straight to the kernel.
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "fault/watch.h"

using assay::fault::Act;
using assay::fault::OpKind;
using assay::fault::Watch;

namespace {

// Counts the call, makes it fail or tells the watch that it took effect.
template <typename Call>
int NameCall(OpKind kind, const std::string& path, const std::string& told,
             const std::string& other, const Call& call) {
  Watch& watch = Watch::Get();
  if (!watch.Covers(path)) return call();
  if (watch.Next(kind, path) == Act::kFail) {
    errno = watch.error();
    return -1;
  }
  const int result = call();
  if (result == 0) watch.Done({kind, told, 0, other, false, 0});
  return result;
}

int Raw(int64_t result) { return static_cast<int>(result); }  // syscall(2) sets errno itself

std::string PathAt(int folder, const char* name) {
  if (folder == AT_FDCWD || name[0] == '/') return name;
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(folder);
  const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
  return size > 0 ? std::string(path, static_cast<size_t>(size)) + "/" + name : std::string();
}

}  // namespace

#pragma GCC visibility push(default)  // else a shared library does not find them
extern "C" {

int rename(const char* from, const char* to) noexcept {
  return NameCall(OpKind::kRename, from, from, to,
                  [&] { return Raw(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0)); });
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to,
              unsigned flags) noexcept {
  const OpKind kind = (flags & RENAME_EXCHANGE) != 0 ? OpKind::kExchange : OpKind::kRename;
  const std::string path = PathAt(from_folder, from);
  return NameCall(kind, path, path, PathAt(to_folder, to), [&] {
    return Raw(::syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
  });
}

int link(const char* from, const char* to) noexcept {
  return NameCall(OpKind::kLink, from, from, to,
                  [&] { return Raw(::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0)); });
}

int mkdir(const char* path, mode_t mode) noexcept {
  return NameCall(OpKind::kOpen, path, std::string(path) + "/", {},
                  [&] { return Raw(::syscall(SYS_mkdirat, AT_FDCWD, path, mode)); });
}

int unlinkat(int folder, const char* name, int flags) noexcept {
  const std::string path = PathAt(folder, name);
  return NameCall(OpKind::kDelete, path, path, {},
                  [&] { return Raw(::syscall(SYS_unlinkat, folder, name, flags)); });
}

int remove(const char* path) noexcept {
  struct stat info {};
  const bool is_folder = ::lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
  return unlinkat(AT_FDCWD, path, is_folder ? AT_REMOVEDIR : 0);
}

// Folders that the C++ library lists or clears; no name is made by it.
int openat(int folder, const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  Watch& watch = Watch::Get();
  const std::string path = PathAt(folder, name);
  if (watch.Covers(path) && watch.Next(OpKind::kOpen, path) == Act::kFail) {
    errno = watch.error();
    return -1;
  }
  return Raw(::syscall(SYS_openat, folder, name, flags, mode));
}
}
#pragma GCC visibility pop
