#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace assay {

void UniqueFd::Reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

Result<ByteVector> ReadFile(const std::filesystem::path& path, size_t max_bytes) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) return Fail(Code::kNotFound, path.string() + ": no such file");
    return Fail(ErrnoError(path.string()));
  }
  return ReadAll(fd.get(), path.string(), max_bytes);
}

Result<ByteVector> ReadAll(int fd, const std::string& what, size_t max_bytes) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return Fail(ErrnoError(what));
  if (!S_ISREG(info.st_mode)) return Fail(Code::kInvalidInput, what + ": not a file");
  ByteVector out;
  out.reserve(std::min<size_t>(static_cast<size_t>(info.st_size) + 1, max_bytes + 1));
  std::array<uint8_t, 65536> chunk;
  for (;;) {
    const ssize_t n = ::read(fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Fail(ErrnoError(what));
    if (n == 0) return out;
    if (out.size() + static_cast<size_t>(n) > max_bytes)
      return Fail(Code::kLimitExceeded, fmt::format("{}: larger than {} bytes", what, max_bytes));
    AppendBytes(out, ByteSpan(chunk.data(), static_cast<size_t>(n)));
  }
}

Status WriteAll(int fd, ByteSpan bytes, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Fail(ErrnoError(what));
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return {};
}

Status SyncDirectory(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return Fail(ErrnoError(path.string()));
  return {};
}

Status SyncNameOf(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  return ::access(folder.c_str(), R_OK | W_OK) == 0 ? SyncDirectory(folder) : Status{};
}

Status WriteFileDurably(const std::filesystem::path& path, ByteSpan content, unsigned mode) {
  const std::filesystem::path folder =
      path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const std::filesystem::path beside = path.string() + fmt::format(".tmp{}", ::getpid());
  UniqueFd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!fd.valid()) return Fail(ErrnoError(beside.string()));
  Status written = WriteAll(fd.get(), content, beside.string());
  if (written && ::fsync(fd.get()) != 0) written = Fail(ErrnoError(beside.string()));
  if (written && ::rename(beside.c_str(), path.c_str()) != 0)
    written = Fail(ErrnoError(path.string()));
  if (!written) {
    ::unlink(beside.c_str());
    return written;
  }
  return SyncDirectory(folder);
}

Result<UniqueFd> SealedMemfd(const char* name, ByteSpan content, size_t padding) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return Fail(ErrnoError("memfd_create"));
  ASSAY_TRY(WriteAll(fd.get(), content, "memfd"));
  if (::ftruncate(fd.get(), static_cast<off_t>(content.size() + padding)) != 0)
    return Fail(ErrnoError("memfd ftruncate"));
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    return Fail(ErrnoError("memfd seals"));
  return fd;
}

}  // namespace assay
