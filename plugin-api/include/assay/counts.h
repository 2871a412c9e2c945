/* Host extension "assay.counts/1": what a collector counted beside its rows. The host writes the
 * sums into the dataset's entry, so that whoever reads it sees what was left out and what the
 * service itself counts. A collector that can do without lists the extension under `optional`. */
#ifndef ASSAY_COUNTS_H
#define ASSAY_COUNTS_H

#include "assay/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_EXT_COUNTS "assay.counts/1"

enum {
  /* Members of records that no column takes and that were therefore dropped. */
  ASSAY_COUNT_DROPPED = 1,
  /* Records that were read. */
  ASSAY_COUNT_RECORDS = 2,
  /* Records that the service says there are. When any were counted, and the sum is not that of
   * ASSAY_COUNT_RECORDS, the dataset is at best partial. */
  ASSAY_COUNT_EXPECTED = 3
};

typedef struct assay_counts_v1 {
  /* Adds `count` to a sum of the dataset; sums stay at the largest number instead of beginning
   * again. Does not block. Errors: INVALID (no such dataset or kind). [plugin thread; create, run]
   */
  assay_status_t (*add)(const assay_host_t* host, uint32_t dataset, uint32_t kind, uint64_t count);
} assay_counts_v1_t;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ASSAY_COUNTS_H */
