/* The source of framework-x86_64.so, kept beside the binary that was made from it and from the
 * headers of ABI 1.0. It calls everything that a host offers to a framework, and says in its
 * reasons what it was told. The binary is what the test loads; this text is not compiled by the
 * build. */
#include "assay/framework.h"

#include <stdio.h>
#include <string.h>

#include "assay/log.h"
#include "assay/plugin.h"

typedef struct state {
  const assay_host_t* host;
  const assay_framework_v1_t* framework;
  const assay_log_v1_t* log;
} state_t;

static state_t the_state;

static assay_str_t str(const char* text) {
  assay_str_t s;
  s.ptr = text;
  s.len = strlen(text);
  return s;
}

/* The worst that a check says decides; every number of it goes into `why`. */
static uint32_t judge(const assay_control_t* control, char* why, size_t room) {
  uint32_t state = control->check_count == 0 ? ASSAY_CONTROL_UNCOVERED : ASSAY_CONTROL_SATISFIED;
  size_t at = 0;
  for (uint64_t i = 0; i < control->check_count; ++i) {
    const assay_mapped_check_t* check = &control->checks[i];
    if (check->verdict == ASSAY_VERDICT_FAIL)
      state = check->failing > 0 ? ASSAY_CONTROL_NOT_SATISFIED : ASSAY_CONTROL_EXCEPTED;
    else if (check->verdict != ASSAY_VERDICT_PASS && state == ASSAY_CONTROL_SATISFIED)
      state = ASSAY_CONTROL_UNKNOWN;
    at += (size_t)snprintf(why + at, room - at, "%.*s=%u/%u/%llu/%llu/%llu ", (int)check->id.len,
                           check->id.ptr, (unsigned)check->verdict, (unsigned)check->reason,
                           (unsigned long long)check->subjects, (unsigned long long)check->failing,
                           (unsigned long long)check->excepted);
    if (at >= room) return state;
  }
  snprintf(why + at, room - at, "%.*s needs %u attested %u", (int)control->title.len,
           control->title.ptr, (unsigned)control->needs_attestation, (unsigned)control->attested);
  return state;
}

static assay_status_t create(const assay_host_t* host, void** state) {
  state_t* s = &the_state;
  s->host = host;
  s->framework = host->extension(host, str(ASSAY_EXT_FRAMEWORK));
  s->log = host->extension(host, str(ASSAY_EXT_LOG));
  *state = s;
  if (host->size != sizeof *host || host->abi_major != ASSAY_ABI_MAJOR || s->framework == NULL ||
      s->log == NULL) {
    host->set_error(host, str("this host is not one of ABI 1"));
    return ASSAY_E_UNSUPPORTED;
  }
  return ASSAY_OK;
}

static assay_status_t run(void* state) {
  const state_t* s = state;
  const assay_control_t* control = NULL;
  const uint32_t count = s->framework->control_count(s->host);
  for (uint32_t i = 0; i < count; ++i) {
    char why[400];
    uint32_t decided;
    if (s->framework->control(s->host, i, &control) != ASSAY_OK) return ASSAY_E_INTERNAL;
    decided = judge(control, why, sizeof why);
    if (s->framework->conclude(s->host, i, 99, str("")) != ASSAY_E_INVALID) return ASSAY_E_INTERNAL;
    if (s->framework->conclude(s->host, i, decided, str(why)) != ASSAY_OK) return ASSAY_E_INTERNAL;
    if (s->framework->conclude(s->host, i, decided, str("")) != ASSAY_E_INVALID)
      return ASSAY_E_INTERNAL;
  }
  if (s->framework->control(s->host, count, &control) != ASSAY_E_NOT_FOUND ||
      s->framework->conclude(s->host, count, ASSAY_CONTROL_UNKNOWN, str("")) != ASSAY_E_NOT_FOUND)
    return ASSAY_E_INTERNAL;
  s->log->write(s->host, ASSAY_LOG_WARNING, str("frozen rules"));
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
