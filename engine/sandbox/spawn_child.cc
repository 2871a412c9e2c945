// One worker process: clone3 into new namespaces, id maps, session, descriptors, execveat. The
// parent half runs in the spawner, the child half in the new process until it executes the worker
// binary.
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include "sandbox/confine.h"
#include "sandbox/spawn_protocol.h"

namespace assay::sandbox {
namespace {

/// The id inside, and outside too when the caller is root: nobody owns files under it.
constexpr unsigned kNobody = 65534;
/// What the worker needs until its jail stands; dropped there (confine.cc).
constexpr int kJailCapabilities[] = {CAP_SYS_ADMIN, CAP_SETPCAP};

constexpr uint64_t kNamespaces = CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWPID |
                                 CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWCGROUP;

Error DeniedError(std::string step) {
  Error error = ErrnoError(step);
  error.code = Code::kDenied;
  return error;
}

long Clone(Tier tier, int* pidfd) {
  clone_args args{};
  args.flags = CLONE_PIDFD;
  if (tier == Tier::kStrict) args.flags |= kNamespaces;
  args.pidfd = reinterpret_cast<uint64_t>(pidfd);
  args.exit_signal = SIGCHLD;
  return ::syscall(SYS_clone3, &args, sizeof args);
}

bool WriteProc(int pid, const char* file, const std::string& text) {
  UniqueFd fd(::open(fmt::format("/proc/{}/{}", pid, file).c_str(), O_WRONLY | O_CLOEXEC));
  return fd.valid() &&
         ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// Root maps nobody; under `unshare -r`, where only uid 0 exists, and for ordinary users the own id
/// is all there is.
Status MapIds(int pid) {
  const auto line = [](unsigned outside) { return fmt::format("{} {} 1", kNobody, outside); };
  const bool root = ::geteuid() == 0;
  if (!root || !WriteProc(pid, "gid_map", line(kNobody))) {
    if (!WriteProc(pid, "setgroups", "deny")) return Fail(DeniedError("namespaces: setgroups"));
    if (!WriteProc(pid, "gid_map", line(::getegid())))
      return Fail(DeniedError("namespaces: gid map"));
  }
  if (root && WriteProc(pid, "uid_map", line(kNobody))) return {};
  if (!WriteProc(pid, "uid_map", line(::geteuid())))
    return Fail(DeniedError("namespaces: uid map"));
  return {};
}

/// Says why on the report socket and ends: nothing was executed.
[[noreturn]] void FailInChild(int report, const char* step) {
  const std::string text = fmt::format("{}: {}", step, std::strerror(errno));
  [[maybe_unused]] const ssize_t n = ::write(report, text.data(), text.size());
  ::_exit(kExitSetupFailed);
}

/// Becomes nobody. Without namespaces only root can; an ordinary user stays who it is.
void BecomeNobody(Tier tier, int report) {
  if (tier != Tier::kStrict && ::geteuid() != 0) return;
  if (::prctl(PR_SET_KEEPCAPS, tier == Tier::kStrict ? 1 : 0) != 0)
    FailInChild(report, "keep capabilities");
  if (::setgroups(0, nullptr) != 0 && errno != EPERM) FailInChild(report, "setgroups");
  const bool in_single_id_namespace =
      ::setresgid(kNobody, kNobody, kNobody) != 0 && tier != Tier::kStrict && errno == EINVAL;
  if (in_single_id_namespace) return;  // `unshare -r` and rootless containers: there is no other id
  if (::setresuid(kNobody, kNobody, kNobody) != 0) FailInChild(report, "setresuid");
}

/// Lets the two capabilities that the jail needs survive execveat.
void KeepJailCapabilities(int report) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  for (int cap : kJailCapabilities) {
    sets[0].effective |= 1u << cap;
    sets[0].permitted |= 1u << cap;
    sets[0].inheritable |= 1u << cap;
  }
  if (::syscall(SYS_capset, &header, sets.data()) != 0)
    FailInChild(report, "capabilities for the jail");
  for (int cap : kJailCapabilities)
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) != 0)
      FailInChild(report, "ambient capabilities for the jail");
}

struct Wiring {
  int report, binary, null, start;
};

constexpr int kBinaryFd = kPluginFd + 1;

/// Moves everything out of the way first, so that no dup3 lands on a descriptor still needed.
void ArrangeDescriptors(const Wiring& w, bool keep_stderr) {
  constexpr int kHigh = 100;
  const auto high = [&](int fd) {
    const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, kHigh);
    if (moved < 0) FailInChild(w.report, "descriptors");
    return moved;
  };
  const int report = high(w.report), binary = high(w.binary), null = high(w.null);
  const auto place = [&](int from, int to, int flags) {
    if (::dup3(from, to, flags) < 0) FailInChild(report, "descriptors");
  };
  for (int fd = 0; fd <= (keep_stderr ? 1 : 2); ++fd) place(null, fd, 0);
  place(report, kReportFd, 0);
  ::close(kChannelFd);
  ::close(kPluginFd);
  place(binary, kBinaryFd, O_CLOEXEC);
  if (::syscall(SYS_close_range, kBinaryFd + 1, ~0u, 0) != 0) FailInChild(kReportFd, "close_range");
}

void ResetSignals() {
  for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void RunChild(const Wiring& w, Tier tier) {
  char go = 0;
  if (::read(w.start, &go, 1) != 1)
    ::_exit(kExitSetupFailed);  // the spawner gave up on the id maps
  BecomeNobody(tier, w.report);
  if (tier == Tier::kStrict) KeepJailCapabilities(w.report);
  if (::setsid() < 0) FailInChild(w.report, "setsid");
  ResetSignals();
#ifdef ASSAY_SANITIZED
  ArrangeDescriptors(w, true);
#else
  ArrangeDescriptors(w, false);
#endif
  // After the change of ids, which clears it.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) FailInChild(kReportFd, "parent death signal");
  const std::string word(Name(tier));
  char* const argv[] = {const_cast<char*>("assay-worker"), const_cast<char*>(word.c_str()),
                        nullptr};
  char* const environment[] = {nullptr};
  ::syscall(SYS_execveat, kBinaryFd, "", argv, environment, AT_EMPTY_PATH);
  FailInChild(kReportFd, "execveat of assay-worker");
}

Result<std::pair<UniqueFd, UniqueFd>> MakePair(int type) {
  int ends[2];
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0)
    return Fail(ErrnoError("spawner: socketpair"));
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

}  // namespace

Result<Child> MakeWorker(const WorkerBinary& binary, Tier tier) {
  ASSAY_ASSIGN(auto report, MakePair(SOCK_SEQPACKET));
  ASSAY_ASSIGN(auto start, MakePair(SOCK_SEQPACKET));
  int pidfd = -1;
  const long pid = Clone(tier, &pidfd);
  if (pid < 0) return Fail(DeniedError(tier == Tier::kStrict ? "namespaces: clone3" : "clone3"));
  if (pid == 0) {
    start.first.Reset();
    RunChild({report.second.get(), binary.file.get(), binary.null.get(), start.second.get()}, tier);
  }
  Child child;
  child.pid = static_cast<int>(pid);
  child.pidfd.Reset(pidfd);
  child.report = std::move(report.first);
  const Status mapped = tier == Tier::kStrict ? MapIds(child.pid) : Status{};
  if (!mapped) {
    start.first.Reset();  // the child ends by itself
    ::waitpid(child.pid, nullptr, 0);
    return Fail(mapped.error());
  }
  [[maybe_unused]] const ssize_t n = ::write(start.first.get(), "", 1);
  return child;
}

void HandOver(const Child& child, int channel, int plugin) {
  std::vector<int> fds{channel};
  if (plugin >= 0) fds.push_back(plugin);
  (void)SendMessage(child.report.get(), AsBytes(kWorkWord), fds);
}

}  // namespace assay::sandbox
