/* One system call each: what a plugin has no business to ask, from the identity of the machine to
 * the clock of the host. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

static char g_out[1024];
static char g_zero[256];

static long name_handle(void) {
  uint32_t handle[34] = {128};
  return CALL6(SYS_name_to_handle_at, AT_FDCWD, "/etc/passwd", handle, g_out, 0, 0);
}
static long peer_name(void) {
  unsigned length = sizeof g_out;
  return CALL3(SYS_getpeername, 3, g_out, &length);
}
static long peer_identity(void) {
  unsigned length = sizeof g_out;
  return CALL6(SYS_getsockopt, 3, SOL_SOCKET, SO_PEERCRED, g_out, &length, 0);
}
static long receive_others(void) {
  for (int fd = 4; fd < 64; ++fd)
    if (WORKED(CALL6(SYS_recvfrom, fd, g_out, 1, MSG_DONTWAIT, 0, 0))) return 0;
  return -1;
}
static long send_report(void) { /* the one other descriptor that the filter's text names */
  struct iovec io = {"listener", 8};
  struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1};
  return CALL3(SYS_sendmsg, 4, &message, MSG_NOSIGNAL);
}
static long capabilities(void) {
  uint32_t header[2] = {0x20080522, 0};
  return CALL3(SYS_capget, header, g_out, 0);
}
static long pin_processor(void) {
  uint64_t mask[16] = {~0ull};
  return CALL3(SYS_sched_setaffinity, 0, sizeof mask, mask);
}
static long nap(void) {
  long time[2] = {0, 1000};
  return CALL3(SYS_nanosleep, time, 0, 0);
}
static long alternate_stack(void) {
  static char stack[65536];
  struct {
    void* at;
    int flags;
    size_t bytes;
  } other = {stack, 0, sizeof stack};
  return CALL3(SYS_sigaltstack, &other, 0, 0);
}
static long see_pages(void) { /* which pages of a shared library are in memory tells of others */
  uintptr_t page = (uintptr_t)&see_pages & ~(uintptr_t)4095;
  return CALL3(SYS_mincore, page, 4096, g_out);
}
static long grow_break(void) {
  long now = CALL3(SYS_brk, 0, 0, 0);
  return CALL3(SYS_brk, now + (300l << 20), 0, 0) == now ? -1 : 0;
}
static long grow_mapping(void) {
  void* page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return CALL6(SYS_mremap, page, 4096, 300l << 20, MREMAP_MAYMOVE, 0, 0);
}

#define CALLS(name, expression) \
  static int call_##name(void) { return WORKED(expression); }
CALLS(open_parent_root, CALL6(SYS_openat, AT_FDCWD, "/proc/1/root/etc/passwd", 0, 0, 0, 0))
CALLS(open_environment, CALL6(SYS_openat, AT_FDCWD, "/proc/self/environ", 0, 0, 0, 0))
CALLS(open_by_channel, CALL6(SYS_openat, 3, "etc", 0, 0, 0, 0))
CALLS(open_core_pattern, CALL6(SYS_openat, AT_FDCWD, "/proc/sys/kernel/core_pattern", 1, 0, 0, 0))
CALLS(open_descriptor, CALL6(SYS_openat, AT_FDCWD, "/proc/self/fd/3", 2, 0, 0, 0))
CALLS(link_path, CALL6(SYS_linkat, AT_FDCWD, "/plugin.so", AT_FDCWD, "/tmp/assay-hard", 0, 0))
CALLS(set_attribute, CALL6(SYS_setxattr, "/plugin.so", "user.x", "y", 1, 0, 0))
CALLS(own_path, CALL6(SYS_fchownat, AT_FDCWD, "/plugin.so", 0, 0, 0, 0))
CALLS(sync_disks, CALL0(SYS_sync))
CALLS(lock_channel, CALL3(SYS_flock, 3, 2, 0))
CALLS(make_event, CALL3(SYS_eventfd2, 0, 0, 0))
CALLS(make_epoll, CALL3(SYS_epoll_create1, 0, 0, 0))
CALLS(make_timer_fd, CALL3(SYS_timerfd_create, 1, 0, 0))
CALLS(find_handle, name_handle())
CALLS(quota_control, CALL6(SYS_quotactl, 0x80000100, "/", 0, 0, 0, 0))
CALLS(listen_channel, CALL3(SYS_listen, 3, 1, 0))
CALLS(accept_channel, CALL3(SYS_accept4, 3, 0, 0))
CALLS(shut_channel, CALL3(SYS_shutdown, 3, 0, 0))
CALLS(name_channel, peer_name())
CALLS(peer_identity, peer_identity())
CALLS(receive_others, receive_others())
CALLS(send_report, send_report())
CALLS(who_am_i, CALL0(SYS_getuid))
CALLS(which_kernel, CALL3(SYS_uname, g_out, 0, 0))
CALLS(how_much_memory, CALL3(SYS_sysinfo, g_out, 0, 0))
CALLS(groups, CALL3(SYS_getgroups, 64, g_out, 0))
CALLS(capabilities, capabilities())
CALLS(parent, CALL0(SYS_getppid))
CALLS(usage, CALL3(SYS_getrusage, 0, g_out, 0))
CALLS(affinity, CALL3(SYS_sched_getaffinity, 0, sizeof g_out, g_out))
CALLS(pin_processor, pin_processor())
CALLS(be_first, CALL3(SYS_setpriority, 0, 0, 0))
CALLS(schedule, CALL3(SYS_sched_setattr, 0, g_out, 0))
CALLS(input_priority, CALL3(SYS_ioprio_set, 1, 0, 0x4004))
CALLS(sleep, nap())
CALLS(set_timer, CALL3(SYS_timer_create, 1, 0, g_out))
CALLS(set_interval, CALL3(SYS_setitimer, 0, g_zero, 0))
CALLS(alternate_stack, alternate_stack())
CALLS(barrier, CALL3(SYS_membarrier, 0, 0, 0))
CALLS(wait_for_any, CALL6(SYS_wait4, -1, 0, 1, 0, 0, 0))
CALLS(see_pages, see_pages())
CALLS(mount_attributes, CALL6(442, AT_FDCWD, "/", 0, g_zero, 32, 0))
CALLS(move_mount, CALL6(429, 3, "", AT_FDCWD, "/", 4, 0))
CALLS(memory_policy, CALL3(SYS_set_mempolicy, 0, 0, 0))
CALLS(advise_process, CALL6(440, 3, 0, 0, 0, 0, 0))
CALLS(release_process, CALL3(448, 3, 0, 0))
CALLS(unload_module, CALL3(SYS_delete_module, "x", 0, 0))
CALLS(load_module_file, CALL3(SYS_finit_module, 3, "", 0))
CALLS(adjust_clock, CALL3(SYS_adjtimex, g_zero, 0, 0))
CALLS(set_day, CALL3(SYS_settimeofday, 0, 0, 0))
CALLS(domain_name, CALL3(SYS_setdomainname, "x", 1, 0))
CALLS(uring_enter, CALL6(426, 3, 0, 0, 0, 0, 0))
CALLS(landlock_self, CALL3(446, 3, 0, 0))
CALLS(request_key, CALL6(SYS_request_key, "user", "k", 0, 0, 0, 0))
CALLS(hang_up, CALL0(SYS_vhangup))
CALLS(semaphores, CALL3(SYS_semget, 0, 1, 01600))
CALLS(messages, CALL3(SYS_msgget, 0, 01600, 0))
CALLS(message_queue, CALL6(SYS_mq_open, "x", 0102, 0600, 0, 0, 0))
CALLS(new_pkey, CALL3(SYS_pkey_alloc, 0, 0, 0))
CALLS(grow_break, grow_break())
CALLS(grow_mapping, grow_mapping())

#define ROW(name) \
  { #name, call_##name }
const attack_t kCallAttacks[] = {ROW(open_parent_root),
                                 ROW(open_environment),
                                 ROW(open_by_channel),
                                 ROW(open_core_pattern),
                                 ROW(open_descriptor),
                                 ROW(link_path),
                                 ROW(set_attribute),
                                 ROW(own_path),
                                 ROW(sync_disks),
                                 ROW(lock_channel),
                                 ROW(make_event),
                                 ROW(make_epoll),
                                 ROW(make_timer_fd),
                                 ROW(find_handle),
                                 ROW(quota_control),
                                 ROW(listen_channel),
                                 ROW(accept_channel),
                                 ROW(shut_channel),
                                 ROW(name_channel),
                                 ROW(peer_identity),
                                 ROW(receive_others),
                                 ROW(send_report),
                                 ROW(who_am_i),
                                 ROW(which_kernel),
                                 ROW(how_much_memory),
                                 ROW(groups),
                                 ROW(capabilities),
                                 ROW(parent),
                                 ROW(usage),
                                 ROW(affinity),
                                 ROW(pin_processor),
                                 ROW(be_first),
                                 ROW(schedule),
                                 ROW(input_priority),
                                 ROW(sleep),
                                 ROW(set_timer),
                                 ROW(set_interval),
                                 ROW(alternate_stack),
                                 ROW(barrier),
                                 ROW(wait_for_any),
                                 ROW(see_pages),
                                 ROW(mount_attributes),
                                 ROW(move_mount),
                                 ROW(memory_policy),
                                 ROW(advise_process),
                                 ROW(release_process),
                                 ROW(unload_module),
                                 ROW(load_module_file),
                                 ROW(adjust_clock),
                                 ROW(set_day),
                                 ROW(domain_name),
                                 ROW(uring_enter),
                                 ROW(landlock_self),
                                 ROW(request_key),
                                 ROW(hang_up),
                                 ROW(semaphores),
                                 ROW(messages),
                                 ROW(message_queue),
                                 ROW(new_pkey),
                                 ROW(grow_break),
                                 ROW(grow_mapping),
                                 {0, 0}};
