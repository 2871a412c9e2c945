// netdevice(7): read the flags of "lo", add IFF_UP, write them back.
#include "demo/loopback.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/files.h"

namespace assay::demo {

Status LoopbackUp() {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Fail(ErrnoError("loopback interface: socket"));
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  if (::ioctl(fd.get(), SIOCGIFFLAGS, &request) != 0) {
    return Fail(ErrnoError("loopback interface: SIOCGIFFLAGS"));
  }
  if ((request.ifr_flags & IFF_UP) != 0) return {};
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (::ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0) return {};
  if (errno == EPERM || errno == EACCES) {
    return Fail(Error{
        Code::kDenied,
        "loopback interface: it is down and may not be brought up here",
        {},
        {},
        {},
        {}}.Hint("ip link set lo up"));
  }
  return Fail(ErrnoError("loopback interface: SIOCSIFFLAGS"));
}

}  // namespace assay::demo
