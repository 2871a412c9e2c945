/* Other processes, identity, executable memory. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "attack.h"

static int started(long pid) {
  if (pid == 0) {
    for (;;) CALL3(SYS_exit_group, 0, 0, 0);
  }
  return pid > 0;
}
#ifdef SYS_fork
static int fork_call(void) { return started(CALL0(SYS_fork)); }
#else
static int fork_call(void) { return started(CALL6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0)); }
#endif
static int fork_library(void) { return started(fork()); }
static int clone_call(void) { return started(CALL6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0)); }
static int clone_namespaces(void) {
  return started(CALL6(SYS_clone, SIGCHLD | CLONE_NEWUSER | CLONE_NEWPID, 0, 0, 0, 0, 0));
}
static int clone3_call(void) {
  uint64_t args[8] = {0};
  args[4] = SIGCHLD;
  return started(CALL3(SYS_clone3, args, sizeof args, 0));
}
static void* nothing(void* p) { return p; }
static int make_thread(void) {
  pthread_t thread;
  return pthread_create(&thread, 0, nothing, 0) == 0;
}
static char* const kArgs[] = {(char*)"sh", 0};
static int exec_shell(void) { return WORKED(CALL3(SYS_execve, "/bin/sh", kArgs, 0)); }
static int exec_self(void) { return WORKED(CALL3(SYS_execve, "/proc/self/exe", kArgs, 0)); }
static int exec_fd(void) { return WORKED(CALL6(SYS_execveat, 3, "", kArgs, 0, AT_EMPTY_PATH, 0)); }
static int exec_memfd(void) {
  long fd = CALL3(SYS_memfd_create, "x", 0, 0);
  if (fd < 0) return 0;
  return WORKED(CALL6(SYS_execveat, fd, "", kArgs, 0, AT_EMPTY_PATH, 0)) || 1;
}
static int kill_parent(void) { return WORKED(CALL3(SYS_kill, CALL0(SYS_getppid), SIGTERM, 0)); }
static int kill_group(void) { return WORKED(CALL3(SYS_kill, 0, SIGKILL, 0)); }
static int kill_all(void) { return WORKED(CALL3(SYS_kill, -1, SIGKILL, 0)); }
static int kill_init(void) { return WORKED(CALL3(SYS_kill, 1, SIGTERM, 0)); }
static int kill_probe(void) {
  for (int pid = 1; pid < 5000; ++pid)
    if (WORKED(CALL3(SYS_kill, pid, 0, 0))) return 1;
  return 0;
}
static int tkill_call(void) { return WORKED(CALL3(SYS_tkill, 1, 0, 0)); }
static int tgkill_other(void) {
  return WORKED(CALL3(SYS_tgkill, CALL0(SYS_getpid) + 1, 1, SIGABRT));
}
static int queue_signal(void) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  return WORKED(CALL3(SYS_rt_sigqueueinfo, 1, SIGTERM, &info));
}
static int ptrace_me(void) { return WORKED(CALL6(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0, 0, 0)); }
static int ptrace_attach(void) { return WORKED(CALL6(SYS_ptrace, PTRACE_ATTACH, 1, 0, 0, 0, 0)); }
static int read_process(void) {
  char out[16];
  struct iovec here = {out, sizeof out}, there = {out, sizeof out};
  return WORKED(CALL6(SYS_process_vm_readv, CALL0(SYS_getpid), &here, 1, &there, 1, 0));
}
static int write_process(void) {
  char out[16] = {0};
  struct iovec here = {out, sizeof out}, there = {out, sizeof out};
  return WORKED(CALL6(SYS_process_vm_writev, CALL0(SYS_getpid), &here, 1, &there, 1, 0));
}
static int pidfd_open_call(void) { return WORKED(CALL3(434, 1, 0, 0)); }
static int pidfd_getfd_call(void) { return WORKED(CALL3(438, 0, 3, 0)); }
static int pidfd_signal(void) { return WORKED(CALL6(424, 0, 0, 0, 0, 0, 0)); }
static int compare_process(void) { return WORKED(CALL6(SYS_kcmp, 1, 1, 0, 0, 0, 0)); }
static int set_dumpable(void) { return WORKED(CALL6(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0, 0)); }
static int set_name(void) { return WORKED(CALL6(SYS_prctl, PR_SET_NAME, "sshd", 0, 0, 0, 0)); }
static int clear_death_signal(void) {
  return WORKED(CALL6(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0, 0));
}
static int new_session(void) { return WORKED(CALL0(SYS_setsid)); }
static int move_group(void) { return WORKED(CALL3(SYS_setpgid, 0, 0, 0)); }
static int become_root(void) {
  return WORKED(CALL3(SYS_setuid, 0, 0, 0)) || WORKED(CALL3(SYS_setresuid, 0, 0, 0));
}
static int become_group(void) { return WORKED(CALL3(SYS_setgid, 0, 0, 0)); }
static int join_groups(void) {
  unsigned group = 0;
  return WORKED(CALL3(SYS_setgroups, 1, &group, 0));
}
static int take_capabilities(void) {
  uint32_t header[2] = {0x20080522, 0}, sets[6] = {~0u, ~0u, ~0u, ~0u, ~0u, ~0u};
  return WORKED(CALL3(SYS_capset, header, sets, 0));
}
static int raise_limit(void) {
  uint64_t limit[2] = {~0ull, ~0ull};
  return WORKED(CALL6(SYS_prlimit64, 0, 9 /* AS */, limit, 0, 0, 0));
}
static int real_time(void) {
  int priority = 1;
  return WORKED(CALL3(SYS_sched_setscheduler, 0, SCHED_FIFO, &priority));
}
static int map_of(int prot) {
  return WORKED(CALL6(SYS_mmap, 0, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}
static int map_write_exec(void) { return map_of(PROT_READ | PROT_WRITE | PROT_EXEC); }
static int map_exec(void) { return map_of(PROT_EXEC); }
static int map_high_bits(void) {
  return WORKED(CALL6(SYS_mmap, 0, 4096, 0x100000000L | PROT_READ | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}
static int protect_exec(void) {
  void* page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return WORKED(CALL3(SYS_mprotect, page, 4096, PROT_READ | PROT_EXEC));
}
static int rewrite_code(
    void) { /* writable is allowed and loses its execute bit; getting that back is not */
  uintptr_t page = (uintptr_t)&rewrite_code & ~(uintptr_t)4095;
  return WORKED(CALL3(SYS_mprotect, page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}
static int protect_stack(void) {
  char here;
  uintptr_t page = (uintptr_t)&here & ~(uintptr_t)4095;
  return WORKED(CALL3(SYS_mprotect, page, 4096, PROT_READ | PROT_EXEC | PROT_GROWSDOWN));
}
static int pkey_exec(void) {
  void* page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return WORKED(CALL6(SYS_pkey_mprotect, page, 4096, PROT_READ | PROT_EXEC, -1, 0, 0));
}
static int remap_pages(void) { return WORKED(CALL6(SYS_remap_file_pages, 0, 4096, 0, 0, 0, 0)); }
static int shared_memory(void) { return WORKED(CALL3(SYS_shmget, 0, 4096, 01600)); }
static int lock_memory(void) { return WORKED(CALL3(SYS_mlockall, 3, 0, 0)); }

const attack_t kProcessAttacks[] = {{"fork", fork_call},
                                    {"fork_library", fork_library},
                                    {"clone", clone_call},
                                    {"clone_namespaces", clone_namespaces},
                                    {"clone3", clone3_call},
                                    {"make_thread", make_thread},
                                    {"exec_shell", exec_shell},
                                    {"exec_self", exec_self},
                                    {"exec_fd", exec_fd},
                                    {"exec_memfd", exec_memfd},
                                    {"kill_parent", kill_parent},
                                    {"kill_group", kill_group},
                                    {"kill_all", kill_all},
                                    {"kill_init", kill_init},
                                    {"kill_probe", kill_probe},
                                    {"tkill", tkill_call},
                                    {"tgkill_other", tgkill_other},
                                    {"queue_signal", queue_signal},
                                    {"ptrace_me", ptrace_me},
                                    {"ptrace_attach", ptrace_attach},
                                    {"read_process", read_process},
                                    {"write_process", write_process},
                                    {"pidfd_open", pidfd_open_call},
                                    {"pidfd_getfd", pidfd_getfd_call},
                                    {"pidfd_signal", pidfd_signal},
                                    {"compare_process", compare_process},
                                    {"set_dumpable", set_dumpable},
                                    {"set_name", set_name},
                                    {"clear_death_signal", clear_death_signal},
                                    {"new_session", new_session},
                                    {"move_group", move_group},
                                    {"become_root", become_root},
                                    {"become_group", become_group},
                                    {"join_groups", join_groups},
                                    {"take_capabilities", take_capabilities},
                                    {"raise_limit", raise_limit},
                                    {"real_time", real_time},
                                    {"map_write_exec", map_write_exec},
                                    {"map_exec", map_exec},
                                    {"map_high_bits", map_high_bits},
                                    {"protect_exec", protect_exec},
                                    {"rewrite_code", rewrite_code},
                                    {"protect_stack", protect_stack},
                                    {"pkey_exec", pkey_exec},
                                    {"remap_pages", remap_pages},
                                    {"shared_memory", shared_memory},
                                    {"lock_memory", lock_memory},
                                    {0, 0}};
