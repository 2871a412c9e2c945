#include "ledger/maintenance_lock.h"

#include <fcntl.h>
#include <unistd.h>

namespace assay::ledger {
namespace {

constexpr std::chrono::milliseconds kPause{50};

bool IsHeldByOthers() { return errno == EAGAIN || errno == EACCES; }

}  // namespace

Result<MaintenanceLock> MaintenanceLock::Take(const std::filesystem::path& directory, Use use,
                                              std::chrono::milliseconds patience,
                                              const Clock& clock) {
  const std::filesystem::path path = directory / "maintenance.lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Fail(ErrnoError(path.string()));
  struct flock lock {};
  lock.l_type = use == Use::kCopy ? F_RDLCK : F_WRLCK;
  lock.l_whence = SEEK_SET;
  for (auto waited = std::chrono::milliseconds(0);; waited += kPause) {
    // An OFD lock is the descriptor's, not the process's: threads of one process wait as well.
    if (::fcntl(fd.get(), F_OFD_SETLK, &lock) == 0) return MaintenanceLock(std::move(fd));
    if (errno == EINTR) continue;
    if (!IsHeldByOthers()) return Fail(ErrnoError(path.string()));
    if (waited >= patience) break;
    clock.SleepFor(kPause);
  }
  const char* holder = use == Use::kCopy ? "an erasure or retention" : "a backup or an erasure";
  return Fail(Error{
      Code::kUnavailable,
      path.string() + ": " + holder + " of this ledger is under way",
      {},
      "wait for it to end",
      {},
      {}}.Id("AS-LED-001"));
}

}  // namespace assay::ledger
