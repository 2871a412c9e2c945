/* The kernel's own switches, other namespaces, other call conventions. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

static int mount_tmpfs(void) { return WORKED(CALL6(SYS_mount, "t", "/", "tmpfs", 0, 0, 0)); }
static int remount_root(void) {
  return WORKED(CALL6(SYS_mount, "t", "/", "tmpfs", MS_REMOUNT, 0, 0));
}
static int umount_root(void) { return WORKED(CALL3(SYS_umount2, "/", MNT_DETACH, 0)); }
static int tree_open(void) { return WORKED(CALL3(428, -100, "/", 0)); }
static int fs_open(void) { return WORKED(CALL3(430, "tmpfs", 0, 0)); }
static int pivot(void) { return WORKED(CALL3(SYS_pivot_root, "/", "/", 0)); }
static int change_root(void) { return WORKED(CALL3(SYS_chroot, "/", 0, 0)); }
static int unshare_user(void) { return WORKED(CALL3(SYS_unshare, CLONE_NEWUSER, 0, 0)); }
static int unshare_net(void) { return WORKED(CALL3(SYS_unshare, CLONE_NEWNET, 0, 0)); }
static int join_namespace(void) { return WORKED(CALL3(SYS_setns, 3, 0, 0)); }
static int load_bpf(void) {
  char attr[128] = {0};
  return WORKED(CALL3(SYS_bpf, 0, attr, sizeof attr));
}
static int perf_event(void) {
  char attr[128] = {0};
  return WORKED(CALL6(SYS_perf_event_open, attr, 0, -1, -1, 0, 0));
}
static int key_ring(void) { return WORKED(CALL3(SYS_keyctl, 0, -3, 1)); }
static int add_key_call(void) { return WORKED(CALL6(SYS_add_key, "user", "k", "v", 1, -3, 0)); }
static int uring(void) {
  char params[128] = {0};
  return WORKED(CALL3(425, 4, params, 0));
}
static int fault_fd(void) { return WORKED(CALL3(SYS_userfaultfd, 1, 0, 0)); }
static int load_module(void) { return WORKED(CALL3(SYS_init_module, "", 0, "")); }
static int kexec(void) { return WORKED(CALL6(SYS_kexec_load, 0, 0, 0, 0, 0, 0)); }
static int reboot_call(void) {
  return WORKED(CALL6(SYS_reboot, 0xfee1dead, 672274793, 0, 0, 0, 0));
}
static int host_name(void) { return WORKED(CALL3(SYS_sethostname, "x", 1, 0)); }
static int set_clock(void) {
  long time[2] = {0, 0};
  return WORKED(CALL3(SYS_clock_settime, 0, time, 0));
}
static int swap_on(void) { return WORKED(CALL3(SYS_swapon, "/x", 0, 0)); }
static int accounting(void) { return WORKED(CALL3(SYS_acct, "/x", 0, 0)); }
static int set_personality(void) {
  return WORKED(CALL3(SYS_personality, 0x0400000 /* READ_IMPLIES_EXEC */, 0, 0));
}
static int kernel_log(void) { return WORKED(CALL3(SYS_syslog, 10, 0, 0)); }
static int watch_all(void) { return WORKED(CALL3(SYS_fanotify_init, 0, 0, 0)); }
static int relax_filter(void) {
  struct {
    uint16_t len;
    void* filter;
  } program;
  uint64_t allow = 0x7fff000000000006ull;
  program.len = 1;
  program.filter = &allow;
  return WORKED(CALL3(SYS_seccomp, 1, 0, &program));
}
static int listen_filter(void) { return WORKED(CALL3(SYS_seccomp, 1, 8 /* NEW_LISTENER */, 0)); }
static int relax_by_prctl(void) { return WORKED(CALL6(SYS_prctl, PR_SET_SECCOMP, 1, 0, 0, 0, 0)); }
static int new_landlock(void) { return WORKED(CALL3(SYS_landlock_create_ruleset, 0, 0, 1)); }
static int move_pages_call(void) { return WORKED(CALL6(SYS_move_pages, 0, 0, 0, 0, 0, 0)); }
static int future_call(void) { return WORKED(CALL0(460)); }
static int far_future_call(void) { return WORKED(CALL0(999)); }

#if defined(__x86_64__)
static int io_privilege(void) { return WORKED(CALL3(SYS_iopl, 3, 0, 0)); }
static int io_ports(void) { return WORKED(CALL3(SYS_ioperm, 0x80, 1, 1)); }
static int descriptor_table(void) {
  char entry[16] = {0};
  return WORKED(CALL3(SYS_modify_ldt, 1, entry, sizeof entry));
}
static int int80_getpid(void) { /* the 32-bit door: call 20 */
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
  return result >= 0;
}
static int int80_exec(void) {
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(11L), "b"(0L), "c"(0L), "d"(0L)
                   : "memory", "r8", "r9", "r10", "r11");
  return 1;
}
static int x32_getpid(void) { return WORKED(CALL0(0x40000000 + 39)); }
static int x32_open(void) { return WORKED(CALL3(0x40000000 + 2, "/etc/passwd", 0, 0)); }
#endif

const attack_t kKernelAttacks[] = {{"mount_tmpfs", mount_tmpfs},
                                   {"remount_root", remount_root},
                                   {"umount_root", umount_root},
                                   {"open_tree", tree_open},
                                   {"fs_open", fs_open},
                                   {"pivot", pivot},
                                   {"change_root", change_root},
                                   {"unshare_user", unshare_user},
                                   {"unshare_net", unshare_net},
                                   {"join_namespace", join_namespace},
                                   {"load_bpf", load_bpf},
                                   {"perf_event", perf_event},
                                   {"key_ring", key_ring},
                                   {"add_key", add_key_call},
                                   {"uring", uring},
                                   {"fault_fd", fault_fd},
                                   {"load_module", load_module},
                                   {"kexec", kexec},
                                   {"reboot", reboot_call},
                                   {"host_name", host_name},
                                   {"set_clock", set_clock},
                                   {"swap_on", swap_on},
                                   {"accounting", accounting},
                                   {"set_personality", set_personality},
                                   {"kernel_log", kernel_log},
                                   {"watch_all", watch_all},
                                   {"relax_filter", relax_filter},
                                   {"listen_filter", listen_filter},
                                   {"relax_by_prctl", relax_by_prctl},
                                   {"new_landlock", new_landlock},
                                   {"move_pages", move_pages_call},
                                   {"future_call", future_call},
                                   {"far_future_call", far_future_call},
#if defined(__x86_64__)
                                   {"io_privilege", io_privilege},
                                   {"io_ports", io_ports},
                                   {"descriptor_table", descriptor_table},
                                   {"int80_getpid", int80_getpid},
                                   {"int80_exec", int80_exec},
                                   {"x32_getpid", x32_getpid},
                                   {"x32_open", x32_open},
#endif
                                   {0, 0}};
