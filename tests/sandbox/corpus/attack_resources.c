/* Resources used up, ends without a word, and things that must go on working. */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

static int spin(void) {
  for (volatile uint64_t i = 0;; ++i) {
  }
  return 1;
}
static int spin_ignoring(void) {
  signal(SIGXCPU, SIG_IGN);
  return spin();
}
static int hang(void) {
  for (;;) poll(0, 0, -1);
  return 1;
}
static int hog_memory(void) { /* refused by the limit, not by the machine */
  for (int i = 0; i < 4096; ++i) {
    char* block = malloc(1 << 20);
    if (block == 0) return 0;
    memset(block, 1, 1 << 20);
  }
  return 1;
}
static int hog_map(void) {
  return mmap(0, 1ull << 40, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) !=
         MAP_FAILED;
}
static int fork_bomb(void) {
  int made = 0;
  for (int i = 0; i < 1000; ++i) {
    long pid = CALL6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
    if (pid == 0) CALL3(SYS_exit_group, 0, 0, 0);
    if (pid > 0) made = 1;
  }
  return made;
}
static int recurse(volatile char* previous) {
  volatile char frame[4096];
  frame[0] = previous ? previous[0] : 0;
  return frame[0] + recurse(frame) + 1;
}
static int overflow_stack(void) { return recurse(0); }
static int call_abort(void) {
  abort();
  return 1;
}
static int crash(void) {
  volatile int* volatile nowhere = (volatile int*)8; /* no compiler sees where it points */
  *nowhere = 1;
  return 1;
}
static int trap(void) {
  __builtin_trap();
  return 1;
}
static int run_data(
    void) { /* also when the caller's personality said that readable is executable */
  unsigned char* page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 0;
#if defined(__x86_64__)
  page[0] = 0xc3; /* ret */
#else
  *(uint32_t*)page = 0xd65f03c0; /* ret */
#endif
  ((void (*)(void))(uintptr_t)page)();
  return 1;
}
static int leave(void) {
  _exit(42);
  return 1;
}
static int leave_as_setup(void) {
  _exit(120);
  return 1;
}
static int garbage_frame(void) { /* the engine must refuse it, not believe it */
  char garbage[64];
  memset(garbage, 0xff, sizeof garbage);
  CALL3(SYS_write, 3, garbage, sizeof garbage);
  for (;;) poll(0, 0, -1);
  return 1;
}
static int innocent(void) { /* ordinary work goes on under the filter */
  char* block = malloc(8 << 20);
  if (block == 0) return 1;
  memset(block, 7, 8 << 20);
  block = realloc(block, 32 << 20);
  if (block == 0 || block[0] != 7) return 1;
  free(block);
  struct timespec now;
  return clock_gettime(CLOCK_MONOTONIC, &now) != 0;
}

const attack_t kResourceAttacks[] = {{"spin", spin},
                                     {"spin_ignoring", spin_ignoring},
                                     {"hang", hang},
                                     {"hog_memory", hog_memory},
                                     {"hog_map", hog_map},
                                     {"fork_bomb", fork_bomb},
                                     {"overflow_stack", overflow_stack},
                                     {"abort", call_abort},
                                     {"crash", crash},
                                     {"trap", trap},
                                     {"run_data", run_data},
                                     {"leave", leave},
                                     {"leave_as_setup", leave_as_setup},
                                     {"garbage_frame", garbage_frame},
                                     {"innocent", innocent},
                                     {0, 0}};
