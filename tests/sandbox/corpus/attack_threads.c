/* Threads, for a worker whose manifest asks for ATTACK_THREADS of them. */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

enum {
  kThreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                 CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID
};

static void* wait_forever(void* p) {
  for (;;) poll(0, 0, -1);
  return p;
}
/* How many threads it gets besides its own. */
static int made_threads(int wanted) {
  int made = 0;
  for (int i = 0; i < wanted; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, 0, wait_forever, 0) == 0) ++made;
  }
  return made;
}
static int thread_bomb(void) { return made_threads(40) >= ATTACK_THREADS; }
static int count_threads(void) { return made_threads(40); }

/* On a stack of their own, so that what is made cannot disturb its maker; a wrapper of the library
 * that gives its child no stack would. */
static char child_stack[64][4096] __attribute__((aligned(4096)));
static int child_end(void* p) {
  (void)p;
  return 0;
}
static int clone_by_flags(int index, int flags) {
  static pid_t ids[64];
  return clone(child_end, child_stack[index] + sizeof child_stack[index], flags, 0, &ids[index],
               (void*)pthread_self(), &ids[index]) > 0;
}
/* A thread's flags with one of them taken away, or one more. */
static int thread_other_flags(void) {
  int made = 0;
  for (int bit = 0; bit < 32; ++bit)
    made |= clone_by_flags(bit, (int)((unsigned)kThreadFlags ^ (1u << bit)));
  return made;
}
static int thread_new_namespaces(void) {
  const int kinds[] = {CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWNS,    CLONE_NEWPID,
                       CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};
  int made = 0;
  for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; ++i) {
    made |= clone_by_flags((int)i, kThreadFlags | kinds[i]);
    made |= clone_by_flags((int)i + 8, SIGCHLD | kinds[i]);
  }
  return made;
}
/* The kernel ignores the upper half of clone's flags; the filter must not. */
static int thread_high_bits(void) {
#if defined(__x86_64__)
  const long flags = (long)kThreadFlags | 1L << 40;
  char* top = child_stack[63] + sizeof child_stack[63];
  static pid_t id; /* the kernel writes to it when the thread ends */
  long result;
  register long child_id __asm__("r10") = (long)&id;
  register long tls __asm__("r8") = (long)pthread_self();
  __asm__ volatile(
      "syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\tmov $60, %%eax\n\txor %%edi, %%edi\n\tsyscall\n1:"
      : "=a"(result)
      : "0"((long)SYS_clone), "D"(flags), "S"(top), "d"(&id), "r"(child_id), "r"(tls)
      : "rcx", "r11", "memory");
  return result > 0;
#else
  return 0;
#endif
}
static int thread_clone3(void) {
  static char stack[65536] __attribute__((aligned(4096)));
  uint64_t args[11] = {0}; /* no thread comes of it: the kernel looks at its size last */
  args[0] = CLONE_VM | CLONE_VFORK;
  args[4] = SIGCHLD;
  args[5] = (uint64_t)(uintptr_t)stack;
  args[6] = 0; /* a stack without a size is refused, when the call exists */
  return CALL3(SYS_clone3, args, sizeof args, 0) != -38 /* ENOSYS */;
}
static int vfork_call(void) {
  const pid_t pid = vfork();
  if (pid == 0) _exit(0);
  return pid > 0;
}
/* run() returns while it goes on, and it tries to speak after the last message. */
static void* speak_late(void* p) {
  static const char garbage[64] = {(char)0xff, (char)0xff, (char)0xff, 0x7f, 99};
  for (int i = 0; i < 50; ++i) poll(0, 0, 10);
  CALL3(SYS_write, 3, garbage, sizeof garbage);
  return wait_forever(p);
}
static int thread_outlives_run(void) {
  pthread_t thread;
  (void)pthread_create(&thread, 0, speak_late, 0);
  return 0;
}
/* The first thread goes and the process stays. */
static int thread_outlives_first(void) {
  pthread_t thread;
  if (pthread_create(&thread, 0, wait_forever, 0) == 0) CALL3(SYS_exit, 0, 0, 0);
  (void)wait_forever(0);
  return 1;
}
static int thread_big_stack(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  if (pthread_attr_init(&attributes) != 0 ||
      pthread_attr_setstacksize(&attributes, 384u << 20) != 0)
    return 0;
  return pthread_create(&thread, &attributes, wait_forever, 0) == 0;
}
/* Another process's threads; and its own, by the call that names no process. */
static int thread_signals_group(void) {
  const long self = CALL0(SYS_getpid);
  return WORKED(CALL3(SYS_tgkill, self + 1, self + 1, 0)) ||
         WORKED(CALL3(SYS_tkill, CALL0(SYS_gettid), 0, 0));
}

/* What threads are for: work side by side, one after another too, with locks and memory. */
static pthread_mutex_t innocent_lock = PTHREAD_MUTEX_INITIALIZER;
static int innocent_sum;
static void* add_up(void* p) {
  char* block = malloc(1 << 20);
  if (block == 0) return p;
  memset(block, 1, 1 << 20);
  for (int i = 0; i < 1000; ++i) {
    pthread_mutex_lock(&innocent_lock);
    innocent_sum += block[i];
    pthread_mutex_unlock(&innocent_lock);
    if (i == 500) sched_yield();
  }
  free(block);
  return 0;
}
static int thread_innocent(void) {
  int wanted = 0;
  for (int round = 0; round < 10; ++round) {
    pthread_t threads[ATTACK_THREADS - 1];
    int made = 0;
    for (int i = 0; i < ATTACK_THREADS - 1; ++i)
      if (pthread_create(&threads[made], 0, add_up, 0) == 0)
        ++made;
      else
        (void)add_up(0); /* fewer than asked for: the work is done all the same */
    for (int i = 0; i < made; ++i) pthread_join(threads[i], 0);
    wanted += 1000 * (ATTACK_THREADS - 1);
  }
  return innocent_sum != wanted;
}

const attack_t kThreadAttacks[] = {{"thread_bomb", thread_bomb},
                                   {"count_threads", count_threads},
                                   {"thread_other_flags", thread_other_flags},
                                   {"thread_new_namespaces", thread_new_namespaces},
                                   {"thread_high_bits", thread_high_bits},
                                   {"thread_clone3", thread_clone3},
                                   {"thread_vfork", vfork_call},
                                   {"thread_outlives_run", thread_outlives_run},
                                   {"thread_outlives_first", thread_outlives_first},
                                   {"thread_big_stack", thread_big_stack},
                                   {"thread_signals_group", thread_signals_group},
                                   {"thread_innocent", thread_innocent},
                                   {0, 0}};
