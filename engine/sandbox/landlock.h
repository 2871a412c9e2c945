// Landlock by its raw system calls: Debian 12's headers know ABI 1 to 2, kernels of today speak 7.
#pragma once

#include "base/result.h"

namespace assay::sandbox {

/// Landlock ABI of the running kernel, 0 when there is none or it is switched off. [any thread]
int LandlockAbi();
/// Restricts this process to reading the one file `readable_fd` (nothing at all when negative):
/// every file, network and scope right that the kernel knows is handled. Needs no_new_privs.
/// kDenied. [single-threaded]
Status RestrictFiles(const char* layer, int readable_fd);

}  // namespace assay::sandbox
