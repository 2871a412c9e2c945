#include "ledger/lease.h"

#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"

namespace assay::ledger {
namespace {

constexpr size_t kMaxHolder = 256;

struct RefusedType {
  int64_t type;
  const char* name;
};
constexpr RefusedType kRefused[] = {
    {0x6969, "NFS"},    {0x517b, "SMB"},      {0xff534d42, "SMB"},  {0xfe534d42, "SMB"},
    {0x01021997, "9p"}, {0x65735546, "FUSE"}, {0x00c36400, "Ceph"}, {0x5346414f, "AFS"},
};
constexpr int64_t kOverlay = 0x794c7630;

std::string ReadHolder(int fd) {
  std::string holder(kMaxHolder, '\0');
  const ssize_t n = ::pread(fd, holder.data(), holder.size(), 0);
  holder.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return holder.empty() ? "another process" : Quote(holder, kMaxHolder);
}

}  // namespace

Result<Lease> Lease::Take(const std::filesystem::path& directory, const std::string& holder) {
  const std::filesystem::path path = directory / "ledger.lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Fail(ErrnoError(path.string()));
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  // An OFD lock is the descriptor's, not the process's: a second open here collides too.
  if (::fcntl(fd.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES)
      return Fail(Error{
          Code::kUnavailable, path.string() + ": held by " + ReadHolder(fd.get()), {}, {}, {}, {}}
                      .Id("AS-LED-001"));
    return Fail(ErrnoError(path.string()));
  }
  if (::ftruncate(fd.get(), 0) != 0) return Fail(ErrnoError(path.string()));
  ASSAY_TRY(
      WriteAll(fd.get(), AsBytes(std::string_view(holder).substr(0, kMaxHolder)), path.string()));
  return Lease(std::move(fd));
}

Lease::~Lease() {
  if (fd_.valid() && ::ftruncate(fd_.get(), 0) != 0)
    Log(LogLevel::kDebug, "ledger.lock: holder's name could not be removed");
}

Status CheckFileSystemType(int64_t type, const std::string& path, bool production) {
  for (const RefusedType& refused : kRefused)
    if (refused.type == type)
      return Fail(Error{Code::kUnsupported,
                        path + ": a ledger cannot live on " + refused.name,
                        {},
                        "use a local disk",
                        {},
                        {}});
  if (type != kOverlay) return {};
  if (production)
    return Fail(Error{Code::kUnsupported,
                      path + ": an overlay file system is gone with its container",
                      {},
                      "mount a volume there",
                      {},
                      {}});
  Log(LogLevel::kWarning, path + ": on an overlay file system, gone with its container");
  return {};
}

Status CheckFileSystem(const std::filesystem::path& directory, bool production) {
  struct statfs info {};
  if (::statfs(directory.c_str(), &info) != 0) return Fail(ErrnoError(directory.string()));
  return CheckFileSystemType(static_cast<int64_t>(static_cast<uint32_t>(info.f_type)),
                             directory.string(), production);
}

}  // namespace assay::ledger
