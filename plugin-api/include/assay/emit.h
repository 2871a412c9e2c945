/* Host extension "assay.emit/1": typed rows into the datasets of the manifest, and what is known of
 * their completeness. Rows are batched by the host; a call rarely costs a system call. */
#ifndef ASSAY_EMIT_H
#define ASSAY_EMIT_H

#include "assay/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_EXT_EMIT "assay.emit/1"

/* Record number of a row that rests on a whole page, not on one marked record. */
#define ASSAY_NO_RECORD 0xffffffffu

/* Completeness of a dataset. The engine only ever lowers what the plugin says: a read of one of the
 * dataset's endpoints that failed makes it at best partial. */
enum { ASSAY_COMPLETE = 0, ASSAY_PARTIAL = 1, ASSAY_UNAVAILABLE = 2 };

/* Why a dataset is not complete. Names as in product: not_assessed (reason). */
enum {
  ASSAY_REASON_NONE = 0,
  ASSAY_REASON_PERMISSION = 1,
  ASSAY_REASON_LICENCE = 2,
  ASSAY_REASON_THROTTLED = 3,
  ASSAY_REASON_UNAVAILABLE = 4,
  ASSAY_REASON_PARTIAL = 5,
  ASSAY_REASON_STALE = 6,
  ASSAY_REASON_PLUGIN_FAULT = 7,
  ASSAY_REASON_UNSUPPORTED = 8
};

typedef struct assay_emit_v1 {
  /* Number of a dataset of the manifest. Errors: NOT_FOUND. */
  assay_status_t (*dataset)(const assay_host_t* host, assay_str_t id, uint32_t* number);
  /* Adds one row: one value for each column in the manifest's order. `page` is the page that the
   * row was read from and `record` the number of its mark there, or ASSAY_NO_RECORD. A second row
   * with the same key replaces nothing: the first in (page, record) order of the evidence stays and
   * the dataset notes the duplicate. Errors: INVALID (count or kind of values, key is null), LIMIT.
   */
  assay_status_t (*row)(const assay_host_t* host, uint32_t dataset, uint32_t page, uint32_t record,
                        const assay_value_t* values, uint32_t value_count);
  /* Says what the plugin knows of the dataset's completeness; the worst of all calls stays.
   * `detail`: one line for people, without personal data; may be empty. Errors: INVALID. */
  assay_status_t (*state)(const assay_host_t* host, uint32_t dataset, uint32_t completeness,
                          uint32_t reason, assay_str_t detail);
} assay_emit_v1_t;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ASSAY_EMIT_H */
