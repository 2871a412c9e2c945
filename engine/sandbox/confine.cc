#include "sandbox/confine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "sandbox/jail.h"
#include "sandbox/landlock.h"
#include "sandbox/spawn_protocol.h"
#include "sandbox/syscall_filter.h"

#ifdef ASSAY_SANITIZED
// Leak search needs ptrace, which is refused. Read by the sanitizer's runtime at its start.
extern "C" __attribute__((visibility("default"), used)) const char* __asan_default_options() {
  return "detect_leaks=0:handle_abort=0:allocator_may_return_null=1";
}
#endif

#ifdef ASSAY_COVERAGE
extern "C" void __gcov_dump(void);  // libgcov's; it writes each process's counters once
#endif

namespace assay::sandbox {
namespace {

/// gcov writes its counters to files at the end of a process: refused calls of nobody's making,
/// after the plugin's own. What was counted so far is written now, and nothing is left for the end.
void WriteCounters() {
#ifdef ASSAY_COVERAGE
  __gcov_dump();
#endif
}

constexpr rlim_t kStackBytes =
    8u << 20;  // the usual default; deep recursion ends in SIGSEGV, not in swap
// Six at the start, pages are closed once mapped. The kernel also holds every descriptor that is on
// its way to anybody of the same user against this number (ETOOMANYREFS), so it is no tight one.
constexpr rlim_t kOpenFiles = 4096;
constexpr size_t kMaxReportBytes = 512;
constexpr size_t kThreadStackBytes =
    2u << 20;  // of each thread, whatever `ulimit -s` of the caller says

tl::unexpected<Error> Denied(std::string step) {
  Error error = ErrnoError(step);
  error.code = Code::kDenied;
  return Fail(std::move(error));
}

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

/// The engine's side must die before we outlive it; the report channel tells when it died before
/// this line.
Status FollowParent() {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return Denied("parent death signal");
  char byte;
  if (::recv(kReportFd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
    return Fail(Code::kDenied, "parent death signal: the spawner is gone");
  return {};
}

Status SetLimit(int resource, rlim_t value, const char* name) {
  const rlimit limit{value, value};
  if (::setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0)
    return Denied(fmt::format("rlimit {}", name));
  return {};
}

/// How many threads may live at once. RLIMIT_NPROC counts tasks of one id in one user namespace: in
/// strict these are the worker's own, elsewhere all of the machine's under that id, so that it
/// could not tell a third thread from a neighbour. There the answer is one.
uint32_t ThreadsFor(const StageOptions& options) {
  if (options.tier != Tier::kStrict) return 1;
  const WorkerLimits& limits = options.limits;
  return std::max(1u, std::min({limits.threads, limits.threads_at_most, kMaxWorkerThreads}));
}

/// Whether RLIMIT_NPROC stops a thread here: the kernel lets its own root make as many as it wants.
/// On a stack that exists, so that nothing else can stop it.
bool ThreadsAreCounted() {
  alignas(4096) static std::array<char, 128 << 10> stack;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NPROC, &limit) != 0) return false;
  const rlimit only_one{1, limit.rlim_max};
  pthread_attr_t attributes;
  if (::setrlimit(RLIMIT_NPROC, &only_one) != 0 || ::pthread_attr_init(&attributes) != 0)
    return false;
  bool stopped = false;
  if (::pthread_attr_setstack(&attributes, stack.data(), stack.size()) == 0) {
    pthread_t thread;
    stopped = ::pthread_create(
                  &thread, &attributes, [](void* p) { return p; }, nullptr) == EAGAIN;
    if (!stopped) ::pthread_join(thread, nullptr);
  }
  ::pthread_attr_destroy(&attributes);
  return ::setrlimit(RLIMIT_NPROC, &limit) == 0 && stopped;
}

/// Settled by stage A, used by stage B of the same process.
ThreadRule g_threads = ThreadRule::kNone;

/// Decides on threads, and makes the C library fit for them: stacks of a fixed size, and one heap,
/// since each further one would take 64 MiB of the address space and ask for files and processors.
Status PrepareThreads(const StageOptions& options) {
  if (options.limits.threads <= 1) return {};
  g_threads = ThreadRule::kNoMore;
  if (ThreadsFor(options) <= 1 || !ThreadsAreCounted()) return {};
  pthread_attr_t attributes;
#ifdef ASSAY_SANITIZED
  constexpr bool one_heap = true;  // the runtime's own, without a limit on address space
#else
  const bool one_heap = ::mallopt(M_ARENA_MAX, 1) == 1;
#endif
  if (!one_heap || ::pthread_attr_init(&attributes) != 0)
    return Fail(Code::kDenied, "threads: the heap cannot be bound");
  const bool set = ::pthread_attr_setstacksize(&attributes, kThreadStackBytes) == 0 &&
                   ::pthread_setattr_default_np(&attributes) == 0;
  ::pthread_attr_destroy(&attributes);
  if (!set) return Fail(Code::kDenied, "threads: the stack cannot be bound");
  g_threads = ThreadRule::kSome;
  return {};
}

Status SetLimits(const StageOptions& options) {
  const WorkerLimits& limits = options.limits;
#ifndef ASSAY_SANITIZED  // asan's shadow memory needs the address space
  ASSAY_TRY(SetLimit(RLIMIT_AS, limits.memory_bytes, "AS"));
#endif
  ASSAY_TRY(SetLimit(RLIMIT_CPU, limits.cpu_seconds, "CPU"));
  ASSAY_TRY(SetLimit(RLIMIT_CORE, 0, "CORE"));
  ASSAY_TRY(SetLimit(RLIMIT_FSIZE, 0, "FSIZE"));
  ASSAY_TRY(SetLimit(RLIMIT_NOFILE, kOpenFiles, "NOFILE"));
  ASSAY_TRY(SetLimit(RLIMIT_NPROC, ThreadsFor(options), "NPROC"));
  ASSAY_TRY(SetLimit(RLIMIT_MEMLOCK, 0, "MEMLOCK"));
  ASSAY_TRY(SetLimit(RLIMIT_MSGQUEUE, 0, "MSGQUEUE"));
  return SetLimit(RLIMIT_STACK, kStackBytes, "STACK");
}

/// Empties every capability set. The bounding set needs CAP_SETPCAP, which an ordinary user without
/// namespaces lacks; no_new_privs makes it moot there, since nothing can be gained from it any
/// more.
Status DropCapabilities(bool bounding_required) {
  for (int cap = 0; cap < 64; ++cap) {
    const int held = ::prctl(PR_CAPBSET_READ, cap);
    if (held < 0) break;  // past the kernel's last
    if (held == 1 && ::prctl(PR_CAPBSET_DROP, cap) != 0 && bounding_required)
      return Denied("capability bounding set");
  }
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    return Denied("ambient capabilities");
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) return Denied("capabilities");
  std::array<__user_cap_data_struct, 2> left{};
  if (::syscall(SYS_capget, &header, left.data()) != 0) return Denied("capabilities");
  for (const auto& set : left)
    if (set.effective != 0 || set.permitted != 0 || set.inheritable != 0)
      return Fail(Code::kDenied, "capabilities: some are left");
  return {};
}

int CompareBytes(const void* a, const void* b) {
  return *static_cast<const char*>(a) - *static_cast<const char*>(b);
}

/// glibc's qsort asks for the machine's memory at its first large call and picks its algorithm by
/// that. It is asked here: under the filter it would read noise, and equal evidence must give equal
/// verdicts.
void WarmUpLibrary() {
  std::array<char, 2048> bytes{};
  std::qsort(bytes.data(), bytes.size(), 1, CompareBytes);
}

Status Place(UniqueFd& from, int to) {
  if (from.get() == to) return from.Release(), Status{};
  if (::dup2(from.get(), to) < 0) return Denied("descriptors");
  from.Reset();
  return {};
}

/// Waits for the spawner's message. Descriptors arrive in the lowest free places, in order, so that
/// placing the first one cannot hit the second.
Status TakeDescriptors() {
  std::array<uint8_t, kWorkWord.size()> word{};
  ASSAY_ASSIGN(auto received, ReceiveMessage(kReportFd, word));
  if (received.bytes == 0) return Fail(Code::kDenied, "descriptors: the spawner is gone");
  if (AsText(word) != kWorkWord || received.fds.empty() || received.fds.size() > 2)
    return Fail(Code::kDenied, "descriptors: the spawner sent something else");
  ASSAY_TRY(Place(received.fds[0], kChannelFd));
  return received.fds.size() == 2 ? Place(received.fds[1], kPluginFd) : Status{};
}

/// A file that Landlock lets the loader read: the plugin in the jail. A memfd needs no rule.
Status RestrictToPlugin(Tier tier, bool has_plugin) {
  if (tier == Tier::kMinimal) return {};
  if (tier == Tier::kReduced || !has_plugin) return RestrictFiles("Landlock A", -1);
  UniqueFd plugin(::open(kJailPluginPath, O_PATH | O_CLOEXEC));
  if (!plugin.valid()) return Denied("Landlock A: open the plugin");
  return RestrictFiles("Landlock A", plugin.get());
}

}  // namespace

Result<Tier> TierFromArguments(int argc, char** argv) {
  const auto tier = argc == 2 ? ParseTier(argv[1]) : std::nullopt;
  if (!tier || !IsOpen(kReportFd))
    return Fail(Code::kInvalidInput, "assay-worker: started by assay only, never by hand");
  return *tier;
}

Status AwaitWork(Tier tier) {
  // First of all: until there is work this process may wait for long.
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return Denied("not dumpable");
  ASSAY_TRY(FollowParent());
  // An inherited READ_IMPLIES_EXEC would make every page that the filter lets map executable.
  if (::personality(PER_LINUX) < 0) return Denied("personality");
  WarmUpLibrary();
  WriteCounters();
  if (tier == Tier::kStrict) ASSAY_TRY(EnterJail());
  return TakeDescriptors();
}

Result<std::string> EnterStageA(const StageOptions& options) {
  const bool strict = options.tier == Tier::kStrict;
  const bool has_plugin = IsOpen(kPluginFd);
  if (strict) ASSAY_TRY(FillJail(has_plugin ? kPluginFd : -1));
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Denied("no_new_privs");
  ASSAY_TRY(SetLimits(options));
  ASSAY_TRY(DropCapabilities(strict));
  ASSAY_TRY(PrepareThreads(options));
  ASSAY_TRY(RestrictToPlugin(options.tier, has_plugin));
  ASSAY_TRY(LoadFilter(FilterStage::kLoad, g_threads));
  if (!has_plugin) return std::string();
  return strict ? std::string(kJailPluginPath) : fmt::format("/proc/self/fd/{}", kPluginFd);
}

Status EnterStageB(const StageOptions& options) {
  if (options.tier != Tier::kMinimal) ASSAY_TRY(RestrictFiles("Landlock B", -1));
  ASSAY_ASSIGN(const UniqueFd listener, LoadFilter(FilterStage::kRun, g_threads));
  if (listener.valid())
    ASSAY_TRY(SendMessage(kReportFd, AsBytes(kListenerWord), std::array{listener.get()}));
  ::close(kPluginFd);
  ::close(kReportFd);
  return {};
}

void ExitReporting(int exit_code, const Error& error) {
  const std::string text = error.ToString().substr(0, kMaxReportBytes);
  // A lost report costs words only; the exit code carries the fate.
  [[maybe_unused]] const ssize_t n = ::write(kReportFd, text.data(), text.size());
  ::_exit(exit_code);
}

}  // namespace assay::sandbox
