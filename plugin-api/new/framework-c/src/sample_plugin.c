/* The sample-plugin framework: concludes on each control from what its checks found. */
#include <string.h>

#include "assay/framework.h"
#include "assay/plugin.h"

typedef struct state {
  const assay_host_t* host;
  const assay_framework_v1_t* framework;
} state_t;

typedef struct tally {
  uint64_t failing, excepted, unknown, passing;
} tally_t;

static state_t the_state; /* one process serves one run */

static assay_str_t str(const char* text) {
  assay_str_t s;
  s.ptr = text;
  s.len = strlen(text);
  return s;
}

static void count(const assay_mapped_check_t* check, uint32_t attested, tally_t* tally) {
  switch (check->verdict) {
    case ASSAY_VERDICT_PASS:
      ++tally->passing;
      break;
    case ASSAY_VERDICT_FAIL:
      if (check->failing == 0 && check->excepted > 0)
        ++tally->excepted;
      else
        ++tally->failing;
      break;
    case ASSAY_VERDICT_NOT_APPLICABLE:
      break;
    case ASSAY_VERDICT_MANUAL:
      if (attested != 0)
        ++tally->passing;
      else
        ++tally->unknown;
      break;
    default: /* not assessed, or it did not run: never a pass */
      ++tally->unknown;
  }
}

/* The worst holds: not satisfied, unknown, excepted, satisfied. A control without checks stands
 * apart. */
static uint32_t decide(const assay_control_t* control, const char** why) {
  tally_t tally;
  uint64_t i;
  memset(&tally, 0, sizeof tally);
  for (i = 0; i < control->check_count; ++i) count(&control->checks[i], control->attested, &tally);
  *why = "no check is mapped";
  if (control->check_count == 0) return ASSAY_CONTROL_UNCOVERED;
  *why = "a mapped check fails";
  if (tally.failing > 0) return ASSAY_CONTROL_NOT_SATISFIED;
  *why = "a mapped check could not decide";
  if (tally.unknown > 0) return ASSAY_CONTROL_UNKNOWN;
  *why = "a person must attest the rest";
  if (control->needs_attestation != 0 && control->attested == 0) return ASSAY_CONTROL_UNKNOWN;
  *why = "mapped checks fail under exceptions only";
  if (tally.excepted > 0) return ASSAY_CONTROL_EXCEPTED;
  *why = "no mapped check applies";
  if (tally.passing == 0) return ASSAY_CONTROL_UNKNOWN;
  *why = "every mapped check that applies passes";
  return ASSAY_CONTROL_SATISFIED;
}

static assay_status_t create(const assay_host_t* host, void** state) {
  the_state.host = host;
  the_state.framework =
      (const assay_framework_v1_t*)host->extension(host, str(ASSAY_EXT_FRAMEWORK));
  *state = &the_state;
  if (the_state.framework != NULL) return ASSAY_OK;
  host->set_error(host, str("the host lacks assay.framework/1"));
  return ASSAY_E_UNSUPPORTED;
}

static assay_status_t run(void* state) {
  const state_t* s = (const state_t*)state;
  const uint32_t controls = s->framework->control_count(s->host);
  uint32_t i;
  for (i = 0; i < controls; ++i) {
    const assay_control_t* control = NULL;
    const char* why;
    uint32_t concluded;
    assay_status_t status = s->framework->control(s->host, i, &control);
    if (status != ASSAY_OK) return status;
    concluded = decide(control, &why);
    status = s->framework->conclude(s->host, i, concluded, str(why));
    if (status != ASSAY_OK) return status;
  }
  return ASSAY_OK;
}

static void destroy(void* state) { (void)state; }

ASSAY_EXPORT const assay_plugin_v1_t assay_plugin_v1 = {ASSAY_ABI_MAGIC,
                                                        sizeof(assay_plugin_v1_t),
                                                        ASSAY_ABI_MAJOR,
                                                        ASSAY_ABI_MINOR,
                                                        0,
                                                        create,
                                                        run,
                                                        destroy,
                                                        NULL};
