// The engine's own file calls, rerouted by the linker (--wrap) in the test program alone: what lies
// below the watched folder is counted and may go wrong, all else goes straight to the C library.
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "fault/watch.h"

using assay::fault::Act;
using assay::fault::OpKind;
using assay::fault::Watch;

namespace {

bool Exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

template <typename Value>
Value FailWith(Value value) {
  errno = Watch::Get().error();
  return value;
}

OpKind SyncKind(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored) ? OpKind::kSyncDirectory : OpKind::kSync;
}

template <typename Call>
int SyncWith(int fd, Call call) {
  Watch& watch = Watch::Get();
  const std::string path = watch.PathOf(fd);
  if (path.empty()) return call(fd);
  const OpKind kind = SyncKind(path);
  const Act act = watch.Next(kind, path);
  if (act == Act::kFail) return FailWith(-1);
  const int result = call(fd);
  watch.Done({kind, path, 0, {}, false, 0});
  return act == Act::kFailAfter ? FailWith(-1) : result;
}

template <typename Call>
ssize_t WriteWith(int fd, const void* data, size_t size, off_t offset, Call call) {
  Watch& watch = Watch::Get();
  const std::string path = watch.PathOf(fd);
  if (path.empty()) return call(size);
  struct stat info {};
  ::fstat(fd, &info);
  if (offset < 0)
    offset = (::fcntl(fd, F_GETFL) & O_APPEND) != 0 ? info.st_size : ::lseek(fd, 0, SEEK_CUR);
  const Act act = watch.Next(OpKind::kWrite, path, size);
  if (act == Act::kFail) return FailWith(ssize_t{-1});
  // A full disk takes what fits; the next call then says that it is full.
  const size_t taken = act == Act::kFailHalf ? size / 2 : size;
  if (taken == 0) return FailWith(ssize_t{-1});
  const ssize_t result = call(taken);
  watch.Done({OpKind::kWrite, path, static_cast<uint64_t>(offset),
              std::string(static_cast<const char*>(data), taken), false, 0});
  return act == Act::kFailAfter ? FailWith(ssize_t{-1}) : result;
}

template <typename Call>
ssize_t ReadWith(int fd, size_t size, Call call) {
  const std::string path = Watch::Get().PathOf(fd);
  if (path.empty()) return call();
  return Watch::Get().Next(OpKind::kRead, path, size) == Act::kFail ? FailWith(ssize_t{-1})
                                                                    : call();
}

}  // namespace

extern "C" {
int __real_open(const char* path, int flags, ...);
int __real_close(int fd);
int __real_fcntl(int fd, int command, ...);
ssize_t __real_read(int fd, void* data, size_t size);
ssize_t __real_pread(int fd, void* data, size_t size, off_t offset);
ssize_t __real_write(int fd, const void* data, size_t size);
ssize_t __real_pwrite(int fd, const void* data, size_t size, off_t offset);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_ftruncate(int fd, off_t size);
int __real_unlink(const char* path);

int __wrap_open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const int mode = (flags & O_CREAT) != 0 ? va_arg(arguments, int) : 0;
  va_end(arguments);
  Watch& watch = Watch::Get();
  if (!watch.Covers(path)) return __real_open(path, flags, mode);
  const bool makes = (flags & O_CREAT) != 0 && !Exists(path);
  if (watch.Next(OpKind::kOpen, path) == Act::kFail) return FailWith(-1);
  const int fd = __real_open(path, flags, mode);
  if (fd < 0) return fd;
  watch.SetPath(fd, path);
  if (makes) watch.Done({OpKind::kOpen, path, 0, {}, false, 0});
  if ((flags & O_TRUNC) != 0) watch.Done({OpKind::kTruncate, path, 0, {}, false, 0});
  return fd;
}

int __wrap_close(int fd) {
  Watch::Get().SetPath(fd, {});
  return __real_close(fd);
}

int __wrap_fcntl(int fd, int command, void* argument) {
  const std::string path = Watch::Get().PathOf(fd);
  if (!path.empty() && command == F_OFD_SETLK &&
      Watch::Get().Next(OpKind::kLock, path) == Act::kFail)
    return FailWith(-1);
  return __real_fcntl(fd, command, argument);
}

ssize_t __wrap_read(int fd, void* data, size_t size) {
  return ReadWith(fd, size, [&] { return __real_read(fd, data, size); });
}

ssize_t __wrap_pread(int fd, void* data, size_t size, off_t offset) {
  return ReadWith(fd, size, [&] { return __real_pread(fd, data, size, offset); });
}

ssize_t __wrap_write(int fd, const void* data, size_t size) {
  return WriteWith(fd, data, size, -1, [&](size_t n) { return __real_write(fd, data, n); });
}

ssize_t __wrap_pwrite(int fd, const void* data, size_t size, off_t offset) {
  return WriteWith(fd, data, size, offset,
                   [&](size_t n) { return __real_pwrite(fd, data, n, offset); });
}

int __wrap_fsync(int fd) { return SyncWith(fd, __real_fsync); }
int __wrap_fdatasync(int fd) { return SyncWith(fd, __real_fdatasync); }

int __wrap_ftruncate(int fd, off_t size) {
  Watch& watch = Watch::Get();
  const std::string path = watch.PathOf(fd);
  if (path.empty()) return __real_ftruncate(fd, size);
  if (watch.Next(OpKind::kTruncate, path) == Act::kFail) return FailWith(-1);
  watch.Done({OpKind::kTruncate, path, static_cast<uint64_t>(size), {}, false, 0});
  return __real_ftruncate(fd, size);
}

int __wrap_unlink(const char* path) {
  Watch& watch = Watch::Get();
  if (!watch.Covers(path)) return __real_unlink(path);
  if (watch.Next(OpKind::kDelete, path) == Act::kFail) return FailWith(-1);
  watch.Done({OpKind::kDelete, path, 0, {}, false, 0});
  return __real_unlink(path);
}
}
