// The loopback interface: down in a fresh network namespace, needed by the demo's servers.
#pragma once

#include "base/result.h"

namespace assay::demo {

/// Brings "lo" up when it is down (ioctl SIOCSIFFLAGS). kDenied without CAP_NET_ADMIN in this
/// network namespace, kIo when the interface cannot be asked. Does nothing when it is up. [any
/// thread]
Status LoopbackUp();

}  // namespace assay::demo
