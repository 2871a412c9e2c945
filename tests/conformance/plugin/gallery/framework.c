/* A framework that decides nothing well: one sin each (SIN_...). Without one it is clean. */
#include "assay/framework.h"

#include <string.h>

#include "assay/plugin.h"

static const assay_host_t* host;
static const assay_framework_v1_t* framework;

static assay_str_t S(const char* text) {
  assay_str_t out;
  out.ptr = text;
  out.len = strlen(text);
  return out;
}

static uint32_t decide(const assay_control_t* control) {
  uint64_t i, passing = 0;
#ifdef SIN_ALWAYS_SATISFIED
  return ASSAY_CONTROL_SATISFIED;
#endif
  if (control->check_count == 0) return ASSAY_CONTROL_UNCOVERED;
  for (i = 0; i < control->check_count; ++i) {
    const assay_mapped_check_t* check = &control->checks[i];
    if (check->verdict == ASSAY_VERDICT_FAIL) return ASSAY_CONTROL_NOT_SATISFIED;
    if (check->verdict == ASSAY_VERDICT_PASS) ++passing;
#ifndef SIN_ABSENCE_PASSES
    else
      return ASSAY_CONTROL_UNKNOWN;
#endif
  }
#ifdef SIN_ABSENCE_PASSES
  passing = 1;
#endif
  return passing > 0 ? ASSAY_CONTROL_SATISFIED : ASSAY_CONTROL_UNKNOWN;
}

static assay_status_t create(const assay_host_t* h, void** state) {
  host = h;
  *state = NULL;
  framework = (const assay_framework_v1_t*)h->extension(h, S(ASSAY_EXT_FRAMEWORK));
  return framework == NULL ? ASSAY_E_UNSUPPORTED : ASSAY_OK;
}

static assay_status_t run(void* state) {
  uint32_t i;
  (void)state;
#ifdef SIN_CRASH
  __builtin_trap();
#endif
  for (i = 0; i < framework->control_count(host); ++i) {
    const assay_control_t* control = NULL;
    assay_status_t status = framework->control(host, i, &control);
#ifdef SIN_NO_STATUS_CHECK
    status = ASSAY_OK;
#endif
    if (status != ASSAY_OK) return status;
#ifdef SIN_LEAVES_ONE
    if (i == 1) continue;
#endif
    status = framework->conclude(host, i, decide(control), S("because"));
#ifdef SIN_TWICE
    status = framework->conclude(host, i, decide(control), S("because"));
#endif
#ifdef SIN_UNKNOWN_STATE
    status = framework->conclude(host, i, 99, S("because"));
#endif
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
