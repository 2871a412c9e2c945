/* Runs a command under a seccomp filter with a listener of its own, as some container runtimes do:
 * the kernel then refuses every further listener, and workers must hold without one. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char** argv) {
  struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {1, &allow};
  if (argc < 2) return 2;
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  long listener =
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (listener < 0) {
    perror("under_listener: NOT OFFERED");
    return 77;
  }
  if (dup2((int)listener, 200) < 0) return 2; /* survives exec: the descriptor must stay open */
  execv(argv[1], argv + 1);
  perror(argv[1]);
  return 2;
}
