#include "base/memory.h"

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

}  // namespace assay
