/* Host extension "assay.cancel/1": asks whether the run is being cancelled. */
#ifndef ASSAY_CANCEL_H
#define ASSAY_CANCEL_H

#include "assay/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_EXT_CANCEL "assay.cancel/1"

typedef struct assay_cancel_v1 {
  /* 1 when the run is being cancelled: return soon, what was emitted stays. Cheap; poll it in long
   * loops. Every blocking call returns ASSAY_E_CANCELLED by itself. */
  uint32_t (*is_cancelled)(const assay_host_t* host);
} assay_cancel_v1_t;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ASSAY_CANCEL_H */
