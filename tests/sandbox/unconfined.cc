#include "sandbox/unconfined.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "assay/plugin.h"
#include "base/files.h"
#include "sandbox/corpus/attack.h"

namespace assay::sandbox {
namespace {

constexpr int kNoBox = 200;  // exit codes of the keeper; attacks use 42 and 120
constexpr int kObtained = 201, kRefusedCode = 202, kReplaced = 203, kKilled = 204, kExited = 205;
constexpr int kAbsentCode = 206;
constexpr int kResultFd = 10;

bool WriteFile(const char* path, const std::string& text) {
  UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
  return fd.valid() &&
         ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool BecomeRootOfNamespaces() {
  const std::string uid = std::to_string(::geteuid()), gid = std::to_string(::getegid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
                CLONE_NEWUTS) != 0)
    return false;
  return WriteFile("/proc/self/setgroups", "deny") &&
         WriteFile("/proc/self/uid_map", "0 " + uid + " 1") &&
         WriteFile("/proc/self/gid_map", "0 " + gid + " 1");
}

bool Reproduce(const char* name) {
  const std::string from = std::string("/") + name;
  struct stat info {};
  if (::lstat(from.c_str(), &info) != 0) return true;
  char target[256] = {};
  if (S_ISLNK(info.st_mode))
    return ::readlink(from.c_str(), target, sizeof target - 1) > 0 && ::symlink(target, name) == 0;
  return ::mkdir(name, 0755) == 0 &&
         ::mount(from.c_str(), name, nullptr, MS_BIND | MS_REC, nullptr) == 0;
}

/// A root folder in memory with the host's programs in it, so that what an attack writes is
/// nobody's.
bool EnterOwnRoot() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", "/tmp", "tmpfs", 0, "mode=0755,size=16m") != 0 || ::chdir("/tmp") != 0)
    return false;
  for (const char* name : {"usr", "bin", "lib", "lib64", "etc", "dev", "proc"})
    if (!Reproduce(name)) return false;
  UniqueFd plugin(::open("plugin.so", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
  return plugin.valid() && ::mkdir("tmp", 0777) == 0 && ::mkdir("run", 0755) == 0 &&
         ::syscall(SYS_pivot_root, ".", ".") == 0 && ::umount2(".", MNT_DETACH) == 0 &&
         ::chdir("/") == 0;
}

/// Descriptors as a worker has them, and one more that is worth reaching.
bool ArrangeDescriptors(int result) {
  int channel[2], report[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, channel) != 0 ||
      ::socketpair(AF_UNIX, SOCK_STREAM, 0, report) != 0 || ::write(report[1], "secret", 6) != 6)
    return false;
  const int null = ::open("/dev/null", O_RDWR);
  for (auto& [from, to] : {std::pair(result, 100),
                           {channel[0], 101},
                           {report[0], 102},
                           {null, 103},
                           {report[1], 104},
                           {channel[1], 105}})
    if (::dup2(from, to) < 0) return false;
  for (auto& [from, to] :
       {std::pair(103, 0), {103, 1}, {103, 2}, {101, 3}, {102, 4}, {104, 5}, {105, 6}})
    if (::dup2(from, to) < 0) return false;
  if (::dup3(100, kResultFd, O_CLOEXEC) < 0) return false;
  ::syscall(SYS_close_range, 7, kResultFd - 1, 0);
  ::syscall(SYS_close_range, kResultFd + 1, ~0u, 0);
  return true;
}

void SetLimits() {
  const auto set = [](auto what, rlim_t value) {
    const rlimit limit{value, value};
    ::setrlimit(what, &limit);
  };
  set(RLIMIT_CORE, 0);
  set(RLIMIT_FSIZE, 1 << 20);
  set(RLIMIT_DATA, 512u << 20);
  set(RLIMIT_CPU, 3);
  set(RLIMIT_NOFILE, 128);
}

[[noreturn]] void Attack(const assay_plugin_v1_t* plugin, const std::string& name, int result) {
  SetLimits();
  if (!ArrangeDescriptors(result)) ::_exit(kNoBox);
  assay_host_t host{};
  const std::string bare = "bare:" + name;
  host.impl = const_cast<char*>(bare.c_str());
  void* state = nullptr;
  plugin->create(&host, &state);
  const char status = static_cast<char>(plugin->run(state));
  [[maybe_unused]] const ssize_t n = ::write(kResultFd, &status, 1);
  ::_exit(0);
}

/// First process of the pid namespace: starts the attacker as the second, and says what came of it.
[[noreturn]] void Keep(const assay_plugin_v1_t* plugin, const std::string& name) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  int ends[2];
  if (!EnterOwnRoot() || ::pipe2(ends, O_CLOEXEC) != 0) ::_exit(kNoBox);
  const pid_t attacker = ::fork();
  if (attacker == 0) Attack(plugin, name, ends[1]);
  ::close(ends[1]);
  char status = 0;
  const ssize_t told = ::read(ends[0], &status, 1);
  if (told == 1)
    ::_exit(status == 0 ? kRefusedCode : status == ATTACK_ABSENT ? kAbsentCode : kObtained);
  int end = 0;
  ::waitpid(attacker, &end, 0);
  if (WIFSIGNALED(end)) ::_exit(kKilled);
  const int code = WEXITSTATUS(end);
  ::_exit(code == kNoBox ? kNoBox : code == 0 || code == 127 ? kReplaced : kExited);
}

[[noreturn]] void Supervise(const std::string& plugin_path, const std::string& name) {
  for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);  // Catch's
  void* library = ::dlopen(plugin_path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) ::_exit(kNoBox);
  const auto* plugin = static_cast<const assay_plugin_v1_t*>(::dlsym(library, ASSAY_PLUGIN_SYMBOL));
  ::setsid();
  if (::geteuid() == 0) {  // the host's root is too much power for a control
    [[maybe_unused]] const bool alone = ::setgroups(0, nullptr) == 0;
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0)
      ::_exit(kNoBox);
    ::prctl(PR_SET_DUMPABLE, 1);  // else the maps below are root's files
  }
  if (plugin == nullptr || !BecomeRootOfNamespaces()) ::_exit(kNoBox);
  const pid_t keeper = ::fork();
  if (keeper == 0) Keep(plugin, name);
  int end = 0;
  ::waitpid(keeper, &end, 0);
  ::_exit(WIFEXITED(end) ? WEXITSTATUS(end) : kKilled);
}

Control FromExit(int code) {
  switch (code) {
    case kObtained:
      return Control::kObtained;
    case kRefusedCode:
      return Control::kRefused;
    case kAbsentCode:
      return Control::kAbsent;
    case kReplaced:
      return Control::kReplaced;
    case kKilled:
      return Control::kKilled;
    case kExited:
      return Control::kExited;
    default:
      return Control::kNotOffered;
  }
}

}  // namespace

std::string Name(Control control) {
  switch (control) {
    case Control::kObtained:
      return "obtained";
    case Control::kRefused:
      return "refused";
    case Control::kAbsent:
      return "not in this kernel";
    case Control::kReplaced:
      return "replaced";
    case Control::kKilled:
      return "killed";
    case Control::kExited:
      return "exited";
    case Control::kGoesOn:
      return "goes on";
    case Control::kNotOffered:
      return "not offered";
  }
  return "unknown";
}

Control RunUnconfined(const std::string& plugin_path, const std::string& attack,
                      std::chrono::milliseconds wall) {
  const pid_t supervisor = ::fork();
  if (supervisor == 0) Supervise(plugin_path, attack);
  int end = 0;
  const auto deadline = std::chrono::steady_clock::now() + wall;
  while (std::chrono::steady_clock::now() < deadline) {
    if (::waitpid(supervisor, &end, WNOHANG) == supervisor)
      return WIFEXITED(end) ? FromExit(WEXITSTATUS(end)) : Control::kKilled;
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
  ::kill(supervisor, SIGKILL);  // the keeper follows its parent, and takes its namespace along
  ::waitpid(supervisor, &end, 0);
  return Control::kGoesOn;
}

}  // namespace assay::sandbox
