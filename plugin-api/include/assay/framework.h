/* Extension "assay.framework/1": from check results to control results.
 *
 * Offered by the HOST to a framework plugin: an ordered list of controls with the checks mapped to
 * each and what those checks concluded. The plugin answers with one result for every control. */
#ifndef ASSAY_FRAMEWORK_H
#define ASSAY_FRAMEWORK_H

#include "assay/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_EXT_FRAMEWORK "assay.framework/1"

/* Verdict of a check (roll-up over its subjects). ASSAY_VERDICT_ABSENT: the check did not run at
 * all. */
enum {
  ASSAY_VERDICT_ABSENT = 0,
  ASSAY_VERDICT_PASS = 1,
  ASSAY_VERDICT_FAIL = 2,
  ASSAY_VERDICT_MANUAL = 3,
  ASSAY_VERDICT_NOT_APPLICABLE = 4,
  ASSAY_VERDICT_NOT_ASSESSED = 5
};

/* Control state. Roll-up order: not_satisfied > unknown > excepted > satisfied; uncovered apart. */
enum {
  ASSAY_CONTROL_SATISFIED = 1,
  ASSAY_CONTROL_NOT_SATISFIED = 2,
  ASSAY_CONTROL_EXCEPTED = 3,
  ASSAY_CONTROL_UNKNOWN = 4,
  ASSAY_CONTROL_UNCOVERED = 5
};

typedef struct assay_mapped_check {
  assay_str_t id;
  uint32_t verdict;  /* ASSAY_VERDICT_* */
  uint32_t reason;   /* ASSAY_REASON_* of emit.h when NOT_ASSESSED, else 0 */
  uint64_t subjects; /* subjects that the check looked at */
  uint64_t failing;  /* of those, failing and not excepted */
  uint64_t excepted; /* of those, failing under a valid exception */
} assay_mapped_check_t;

typedef struct assay_control {
  assay_str_t id;             /* "A.8.5" */
  assay_str_t title;          /* own words */
  uint32_t needs_attestation; /* 1 when a person must attest the procedural part */
  uint32_t attested;          /* 1 when a valid attestation exists */
  const assay_mapped_check_t* checks;
  uint64_t check_count;
} assay_control_t;

typedef struct assay_framework_v1 {
  /* Number of controls of the package. */
  uint32_t (*control_count)(const assay_host_t* host);
  /* The control at `index`; valid until destroy(). Errors: NOT_FOUND. */
  assay_status_t (*control)(const assay_host_t* host, uint32_t index, const assay_control_t** out);
  /* Concludes on the control at `index`, once: state and, in one line for people without personal
   * data, why. Errors: INVALID (unknown state, twice), NOT_FOUND. */
  assay_status_t (*conclude)(const assay_host_t* host, uint32_t index, uint32_t state,
                             assay_str_t why);
} assay_framework_v1_t;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ASSAY_FRAMEWORK_H */
