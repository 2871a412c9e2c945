/* A plugin that does one forbidden thing, chosen by the name that the test worker hands it: in
 * run(), or already in its constructor when the name begins with "ctor:". */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "assay/plugin.h"
#include "attack.h"

long raw(long number, long a, long b, long c, long d, long e, long f) {
  long r = syscall(number, a, b, c, d, e, f);
  return r < 0 ? -errno : r;
}

static int attack_by_name(const char* name) {
  const attack_t* tables[] = {kFileAttacks, kProcessAttacks, kKernelAttacks, kResourceAttacks};
  for (unsigned t = 0; t < 4; ++t)
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

static assay_status_t run(void* state) {
  (void)state;
  if (strncmp(chosen, "ctor:", 5) == 0) return constructor_result;
  return attack_by_name(chosen);
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
                                                        0};
