/* A plugin that does one forbidden thing, chosen by the name that the test worker hands it: in
 * run(), or already in its constructor when the name begins with "ctor:". */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/plugin.h"
#include "attack.h"

int absent_seen;

long raw(long number, long a, long b, long c, long d, long e, long f) {
  long r = syscall(number, a, b, c, d, e, f);
  if (r < 0 && (errno == ENOSYS || errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT ||
                errno == EOPNOTSUPP || errno == ENODEV))
    absent_seen = 1;
  return r < 0 ? -errno : r;
}

static int attack_by_name(const char* name) {
  const attack_t* tables[] = {kFileAttacks, kProcessAttacks,  kKernelAttacks, kResourceAttacks,
                              kCallAttacks, kProtocolAttacks, kThreadAttacks, kCancelAttacks};
  for (unsigned t = 0; t < sizeof tables / sizeof tables[0]; ++t)
    for (const attack_t* a = tables[t]; a->name != 0; ++a)
      if (strcmp(a->name, name) == 0) return a->run();
  return 99; /* no such attack: the test's table is wrong */
}

static int constructor_result = -1;

__attribute__((constructor)) static void construct(int argc, char** argv) {
  if (argc > 1 && strncmp(argv[1], "ctor:", 5) == 0)
    constructor_result = attack_by_name(argv[1] + 5);
}

static const char* chosen;

static assay_status_t create(const assay_host_t* host, void** state) {
  *state = 0;
  chosen = (const char*)host->impl;
  return ASSAY_OK;
}

/* Late entries have no status to return: what they obtain shows as an end without cause. */
static void attack_late(const char* name) {
  if (attack_by_name(name) != 0) _exit(77);
}
static char exit_attack[64]; /* a copy: the host's text is gone by then */
static void at_exit(void) { attack_late(exit_attack); }

/* The whole attack on a thread of its own, while the first one waits for it. */
static void* attack_on_thread(void* name) {
  return (void*)(intptr_t)attack_by_name((const char*)name);
}
static int attack_beside(const char* name) {
  pthread_t thread;
  void* result = 0;
  if (pthread_create(&thread, 0, attack_on_thread, (void*)(intptr_t)name) != 0) return 98;
  return pthread_join(thread, &result) == 0 ? (int)(intptr_t)result : 97;
}

/* Never runs: the worker's image of the file has no list of destructors. */
__attribute__((destructor)) static void destruct(void) {
  if (chosen && strcmp(chosen, "dtor") == 0) _exit(78);
}

static assay_status_t run(void* state) {
  (void)state;
  if (strncmp(chosen, "ctor:", 5) == 0) return constructor_result;
  if (strncmp(chosen, "destroy:", 8) == 0 || strcmp(chosen, "dtor") == 0) return ASSAY_OK;
  if (strncmp(chosen, "exit:", 5) == 0) {
    strncpy(exit_attack, chosen + 5, sizeof exit_attack - 1);
    return atexit(at_exit) == 0 ? ASSAY_OK : ASSAY_E_INTERNAL;
  }
  if (strncmp(chosen, "bare:", 5) == 0) {
    const int result = attack_by_name(chosen + 5);
    return result == 0 && absent_seen ? ATTACK_ABSENT : result;
  }
  if (strncmp(chosen, "thread:", 7) == 0) return attack_beside(chosen + 7);
  return attack_by_name(chosen);
}

static void destroy(void* state) {
  (void)state;
  if (strncmp(chosen, "destroy:", 8) == 0) attack_late(chosen + 8);
}

ASSAY_EXPORT const assay_plugin_v1_t assay_plugin_v1 = {ASSAY_ABI_MAGIC,
                                                        sizeof(assay_plugin_v1_t),
                                                        ASSAY_ABI_MAJOR,
                                                        ASSAY_ABI_MINOR,
                                                        0,
                                                        create,
                                                        run,
                                                        destroy,
                                                        0};
