/* Host extension "assay.clock/1": the evidence's time. A plugin is a pure function of its manifest,
 * configuration and the pages it read; there is no other clock here. */
#ifndef ASSAY_CLOCK_H
#define ASSAY_CLOCK_H

#include "assay/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_EXT_CLOCK "assay.clock/1"

typedef struct assay_clock_v1 {
  /* Milliseconds since 1970-01-01T00:00:00Z of the start of the run; the same for the whole run. */
  int64_t (*now_ms)(const assay_host_t* host);
} assay_clock_v1_t;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ASSAY_CLOCK_H */
