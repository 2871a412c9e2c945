/* Files, descriptors and sockets. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "attack.h"

static int open_path(const char* path, int flags) {
  return WORKED(CALL6(SYS_openat, AT_FDCWD, path, flags, 0600, 0, 0));
}
static int open_passwd(void) { return open_path("/etc/passwd", O_RDONLY); }
static int open_root(void) { return open_path("/", O_RDONLY | O_DIRECTORY); }
static int open_maps(void) { return open_path("/proc/self/maps", O_RDONLY); }
static int open_mem(void) { return open_path("/proc/self/mem", O_RDWR); }
static int open_plugin(void) { return open_path("/plugin.so", O_RDONLY); }
static int open_path_only(void) { return open_path("/etc", O_PATH); }
static int open_tmpfile(void) { return open_path("/tmp", O_TMPFILE | O_RDWR); }
static int open_new(void) { return open_path("/tmp/assay-escaped", O_CREAT | O_WRONLY); }
static int open_tty(void) { return open_path("/dev/tty", O_RDWR); }
static int open_how(void) {
  uint64_t how[3] = {O_RDONLY, 0, 0};
  return WORKED(CALL6(437 /* openat2 */, AT_FDCWD, "/etc/passwd", how, sizeof how, 0, 0));
}
static int open_handle(void) {
  uint32_t handle[8] = {8, 1, 2, 0, 0, 0, 0, 0};
  return WORKED(CALL3(SYS_open_by_handle_at, AT_FDCWD, handle, O_RDONLY));
}
static int stat_path(void) {
  struct stat info;
  return WORKED(CALL6(SYS_newfstatat, AT_FDCWD, "/etc/passwd", &info, 0, 0, 0));
}
static int statx_path(void) {
  char info[256];
  return WORKED(CALL6(SYS_statx, AT_FDCWD, "/etc/passwd", 0, 0x7ff, info, 0));
}
static int access_path(void) { return WORKED(CALL6(SYS_faccessat, AT_FDCWD, "/", 0, 0, 0, 0)); }
static int readlink_exe(void) {
  char out[256];
  return WORKED(CALL6(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", out, sizeof out, 0, 0));
}
static int getcwd_call(void) {
  char out[256];
  return WORKED(CALL3(SYS_getcwd, out, sizeof out, 0));
}
static int change_dir(void) { return WORKED(CALL3(SYS_chdir, "/", 0, 0)); }
static int make_dir(void) {
  return WORKED(CALL3(SYS_mkdirat, AT_FDCWD, "/tmp/assay-escaped.d", 0700));
}
static int unlink_path(void) { return WORKED(CALL3(SYS_unlinkat, AT_FDCWD, "/plugin.so", 0)); }
static int rename_path(void) {
  return WORKED(CALL6(SYS_renameat2, AT_FDCWD, "/plugin.so", AT_FDCWD, "/p2", 0, 0));
}
static int symlink_path(void) {
  return WORKED(CALL3(SYS_symlinkat, "/etc", AT_FDCWD, "/tmp/assay-link"));
}
static int chmod_path(void) { return WORKED(CALL3(SYS_fchmodat, AT_FDCWD, "/plugin.so", 0777)); }
static int truncate_path(void) { return WORKED(CALL3(SYS_truncate, "/plugin.so", 0, 0)); }
static int make_node(void) {
  return WORKED(CALL6(SYS_mknodat, AT_FDCWD, "/null", S_IFCHR | 0666, 0x103, 0, 0));
}
static int statfs_path(void) {
  char out[256];
  return WORKED(CALL3(SYS_statfs, "/", out, 0));
}
static int watch_files(void) { return WORKED(CALL3(SYS_inotify_init1, 0, 0, 0)); }
static int make_memfd(void) { return WORKED(CALL3(SYS_memfd_create, "x", 0, 0)); }
static int make_secret(void) { return WORKED(CALL3(447 /* memfd_secret */, 0, 0, 0)); }

static int socket_of(int family, int type) { return WORKED(CALL3(SYS_socket, family, type, 0)); }
static int socket_inet(void) { return socket_of(AF_INET, SOCK_STREAM); }
static int socket_inet6(void) { return socket_of(AF_INET6, SOCK_DGRAM); }
static int socket_unix(void) { return socket_of(AF_UNIX, SOCK_STREAM); }
static int socket_netlink(void) { return socket_of(AF_NETLINK, SOCK_RAW); }
static int socket_packet(void) { return socket_of(AF_PACKET, SOCK_RAW); }
static int socket_vsock(void) { return socket_of(40, SOCK_STREAM); }
static int socket_alg(void) { return socket_of(38, SOCK_SEQPACKET); }
static int socket_pair(void) {
  int ends[2];
  return WORKED(CALL6(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends, 0, 0));
}
static int connect_channel(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return WORKED(CALL3(SYS_connect, 3, &to, sizeof to));
}
static int bind_channel(void) {
  struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/tmp/assay-bound"};
  return WORKED(CALL3(SYS_bind, 3, &to, sizeof to));
}
static int send_elsewhere(void) {
  struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/dev-log"};
  return WORKED(CALL6(SYS_sendto, 3, "x", 1, MSG_NOSIGNAL, &to, sizeof to));
}
static int write_others(void) {
  for (int fd = 0; fd < 1024; ++fd)
    if (fd != 3 && WORKED(CALL3(SYS_write, fd, "escaped\n", 8))) return 1;
  return 0;
}
static int writev_others(void) {
  const void* io[2] = {"escaped\n", (void*)8};
  for (int fd = 0; fd < 1024; ++fd)
    if (WORKED(CALL3(SYS_writev, fd, io, 1))) return 1;
  return 0;
}
static int send_on_others(void) {
  for (int fd = 0; fd < 1024; ++fd)
    if (fd != 3 && WORKED(CALL6(SYS_sendto, fd, "x", 1, MSG_NOSIGNAL, 0, 0))) return 1;
  return 0;
}
static int read_others(void) {
  char byte;
  for (int fd = 4; fd < 1024; ++fd)
    if (WORKED(CALL3(SYS_read, fd, &byte, 1))) return 1;
  return 0;
}
static int high_half_fd(void) { /* the filter compares 64 bits, the kernel looks at 32 */
  return WORKED(CALL3(SYS_write, 0x100000001L, "escaped\n", 8));
}
static int duplicate(void) { return WORKED(CALL3(SYS_dup, 3, 0, 0)); }
static int fcntl_dup(void) { return WORKED(CALL3(SYS_fcntl, 3, F_DUPFD, 10)); }
static int ioctl_tiocsti(void) { return WORKED(CALL3(SYS_ioctl, 0, TIOCSTI, "x")); }
static int make_pipe(void) {
  int ends[2];
  return WORKED(CALL3(SYS_pipe2, ends, 0, 0));
}
static int splice_fd(void) { return WORKED(CALL6(SYS_sendfile, 3, 0, 0, 16, 0, 0)); }
static int socket_option(void) {
  int value = 1;
  return WORKED(CALL6(SYS_setsockopt, 3, SOL_SOCKET, SO_PASSCRED, &value, sizeof value, 0));
}

const attack_t kFileAttacks[] = {{"open_passwd", open_passwd},
                                 {"open_root", open_root},
                                 {"open_maps", open_maps},
                                 {"open_mem", open_mem},
                                 {"open_plugin", open_plugin},
                                 {"open_path_only", open_path_only},
                                 {"open_tmpfile", open_tmpfile},
                                 {"open_new", open_new},
                                 {"open_tty", open_tty},
                                 {"open_how", open_how},
                                 {"open_handle", open_handle},
                                 {"stat_path", stat_path},
                                 {"statx_path", statx_path},
                                 {"access_path", access_path},
                                 {"readlink_exe", readlink_exe},
                                 {"getcwd", getcwd_call},
                                 {"change_dir", change_dir},
                                 {"make_dir", make_dir},
                                 {"unlink_path", unlink_path},
                                 {"rename_path", rename_path},
                                 {"symlink_path", symlink_path},
                                 {"chmod_path", chmod_path},
                                 {"truncate_path", truncate_path},
                                 {"make_node", make_node},
                                 {"statfs_path", statfs_path},
                                 {"watch_files", watch_files},
                                 {"make_memfd", make_memfd},
                                 {"make_secret", make_secret},
                                 {"socket_inet", socket_inet},
                                 {"socket_inet6", socket_inet6},
                                 {"socket_unix", socket_unix},
                                 {"socket_netlink", socket_netlink},
                                 {"socket_packet", socket_packet},
                                 {"socket_vsock", socket_vsock},
                                 {"socket_alg", socket_alg},
                                 {"socket_pair", socket_pair},
                                 {"connect_channel", connect_channel},
                                 {"bind_channel", bind_channel},
                                 {"send_elsewhere", send_elsewhere},
                                 {"write_others", write_others},
                                 {"writev_others", writev_others},
                                 {"send_on_others", send_on_others},
                                 {"read_others", read_others},
                                 {"high_half_fd", high_half_fd},
                                 {"duplicate", duplicate},
                                 {"fcntl_dup", fcntl_dup},
                                 {"ioctl_tiocsti", ioctl_tiocsti},
                                 {"make_pipe", make_pipe},
                                 {"splice_fd", splice_fd},
                                 {"socket_option", socket_option},
                                 {0, 0}};
