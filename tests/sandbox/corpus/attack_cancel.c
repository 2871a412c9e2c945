/* A collector that is told to stop. Each first says so much that the engine knows it runs: the test
 * cancels at that line. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

enum { kChannel = 3, kLog = 3, kCancel = 5, kHead = 12 };

/* One frame with the line "ready". */
static void say_ready(void) {
  unsigned char frame[kHead + 1 + 4 + 5];
  memset(frame, 0, sizeof frame);
  frame[0] = sizeof frame - kHead;
  frame[4] = kLog;
  frame[kHead + 1] = 5;
  memcpy(frame + kHead + 5, "ready", 5);
  CALL3(SYS_write, kChannel, frame, sizeof frame);
}
/* The engine's word. It has no payload, nor has what may come before it: memory for rows. */
static void await_cancel(void) {
  unsigned char head[kHead];
  do {
    long got = 0;
    while (got < kHead) {
      const long n = CALL3(SYS_read, kChannel, head + got, kHead - got);
      if (n <= 0) _exit(1);
      got += n;
    }
  } while (head[4] != kCancel);
}
static int wait_forever(void) {
  for (;;) poll(0, 0, -1);
  return 1;
}

static int cancel_ignored(void) {
  say_ready();
  return wait_forever();
}
static int cancel_spun_out(void) {
  say_ready();
  for (volatile uint64_t i = 0;; ++i) {
  }
  return 1;
}
static int cancel_talked_down(void) {
  for (;;) say_ready();
  return 1;
}
static int cancel_taken_and_ignored(void) {
  say_ready();
  await_cancel();
  return wait_forever();
}
static int cancel_in_a_frame(void) { /* a frame begun and never ended holds the engine's ear */
  const unsigned char head[kHead] = {64, 0, 0, 0, kLog, 0, 0, 0, 0, 0, 0, 0};
  say_ready();
  await_cancel();
  CALL3(SYS_write, kChannel, head, sizeof head);
  return wait_forever();
}
static int cancel_left(void) {
  say_ready();
  await_cancel();
  _exit(0);
  return 1;
}
static int cancel_answered_well(void) { /* ends as if it had read everything */
  say_ready();
  await_cancel();
  return 0;
}

const attack_t kCancelAttacks[] = {{"cancel_ignored", cancel_ignored},
                                   {"cancel_spun_out", cancel_spun_out},
                                   {"cancel_talked_down", cancel_talked_down},
                                   {"cancel_taken_and_ignored", cancel_taken_and_ignored},
                                   {"cancel_in_a_frame", cancel_in_a_frame},
                                   {"cancel_left", cancel_left},
                                   {"cancel_answered_well", cancel_answered_well},
                                   {0, 0}};
