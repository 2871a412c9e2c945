// The canary: what a confined worker must not be able to do, tried from inside full confinement.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

#include "sandbox/confine.h"

namespace assay::sandbox {
namespace {

/// System calls are made raw: the library must not refuse in the kernel's place. Each returns
/// whether it WORKED.
bool Opens() {
  for (const char* path : {"/etc/passwd", "/", "/proc/self/status", "/plugin.so"})
    if (::syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0) >= 0) return true;
  return false;
}

bool MakesSocket() {
  return ::syscall(SYS_socket, AF_INET, SOCK_STREAM, 0) >= 0 ||
         ::syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0) >= 0;
}

bool Connects() {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(9);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // On the one socket it has; EISCONN would mean that the kernel looked at it.
  return ::syscall(SYS_connect, kChannelFd, &to, sizeof to) == 0 || errno == EISCONN;
}

bool Executes() {
  char* const argv[] = {const_cast<char*>("true"), nullptr};
  ::syscall(SYS_execve, "/bin/true", argv, nullptr);
  return errno != EACCES;  // ENOENT would mean that only the jail stood between
}

bool Kills() {
  return ::syscall(SYS_kill, 1, 0) == 0 || ::syscall(SYS_kill, -1, 0) == 0 ||
         ::syscall(SYS_kill, 0, 0) == 0;
}

bool Forks() {
  const long pid = ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) ::_exit(0);
  return pid > 0;
}

bool MapsWritableExecutable() {
  return ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) != MAP_FAILED;
}

bool MakesExecutable() {
  void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page != MAP_FAILED && ::mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

struct Attempt {
  const char* name;
  bool (*works)();
};
constexpr Attempt kAttempts[] = {
    {"open", Opens},
    {"socket", MakesSocket},
    {"connect", Connects},
    {"exec", Executes},
    {"kill", Kills},
    {"fork", Forks},
    {"map writable+executable", MapsWritableExecutable},
    {"make memory executable", MakesExecutable},
};

}  // namespace

std::string RunCanaryAttempts() {
  std::string lines;
  for (const Attempt& attempt : kAttempts)
    lines += std::string(attempt.name) + (attempt.works() ? " WORKED\n" : " denied\n");
  return lines;
}

}  // namespace assay::sandbox
