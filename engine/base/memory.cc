#include "base/memory.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

namespace assay {

void KeepFreedMemory() {
#ifdef M_TRIM_THRESHOLD
  constexpr int kKept = 32 << 20;          // the most that glibc takes as a threshold
  (void)mallopt(M_MMAP_THRESHOLD, kKept);  // a refusal only costs time
  (void)mallopt(M_TRIM_THRESHOLD, kKept);
#endif
}

void RefuseDumps() {
  // Refusals cost only one line of defence: secrets are wiped after use all the same.
  (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  (void)::setrlimit(RLIMIT_CORE, &none);
}

}  // namespace assay
