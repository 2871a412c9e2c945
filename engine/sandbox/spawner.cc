// The engine's side of the spawner: start, spawn, wait, kill.
#include "sandbox/spawner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <mutex>

#include "sandbox/landlock.h"
#include "sandbox/running_worker.h"
#include "sandbox/spawn_protocol.h"

namespace assay::sandbox {
namespace {

constexpr std::chrono::milliseconds kStartTimeout{10'000};

Result<std::pair<UniqueFd, UniqueFd>> MakePair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return Fail(ErrnoError("spawner: socketpair"));
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

Result<WorkerBinary> OpenBinary(const std::string& path) {
  WorkerBinary binary;
  binary.file.Reset(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!binary.file.valid()) {
    if (errno == ENOENT) return Fail(Code::kNotFound, path + ": no such file");
    return Fail(ErrnoError(path));
  }
  binary.null.Reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!binary.null.valid()) return Fail(ErrnoError("/dev/null"));
  return binary;
}

/// Keeps 0 to 2 and the three descriptors of the spawner; whatever else the engine's process had
/// open stays out.
void CloseOthers(std::initializer_list<int> keep) {
  std::vector<int> sorted(keep);
  std::sort(sorted.begin(), sorted.end());
  unsigned from = 3;
  for (int fd : sorted) {
    if (static_cast<unsigned>(fd) > from)
      ::syscall(SYS_close_range, from, static_cast<unsigned>(fd) - 1, 0);
    from = static_cast<unsigned>(fd) + 1;
  }
  ::syscall(SYS_close_range, from, ~0u, 0);
}

class ForkedSpawner : public Spawner {
 public:
  ForkedSpawner(UniqueFd socket, pid_t pid) : socket_(std::move(socket)), pid_(pid) {}
  ~ForkedSpawner() override {
    socket_.Reset();
    ::waitpid(pid_, nullptr, 0);
  }

  Result<TierReport> Probe() override {
    const std::lock_guard lock(probe_mutex_);
    if (!probe_) probe_ = TryTiers();
    return *probe_;
  }

  Result<std::unique_ptr<Worker>> Spawn(const WorkerSpec& spec, Tier tier) override {
    ASSAY_ASSIGN(auto worker, Launch(spec, tier));
    ASSAY_TRY(worker->Greet(spec.init, kStartTimeout));
    return std::unique_ptr<Worker>(std::move(worker));
  }

  Status RunCanary(Tier tier) override {
    WorkerSpec spec;
    spec.init.role = ipc::Role::kCanary;
    spec.init.plugin = "canary";
    ASSAY_ASSIGN(auto worker, Launch(spec, tier));
    ASSAY_TRY(worker->Greet(spec.init, kStartTimeout));
    return JudgeCanary(worker->hello().engine_detail, tier);
  }

 private:
  Result<std::unique_ptr<RunningWorker>> Launch(const WorkerSpec& spec, Tier tier) {
    ASSAY_ASSIGN(auto channels, ipc::Channel::CreatePair());
    ASSAY_ASSIGN(auto replies, MakePair());
    SpawnRequest request{tier, spec.plugin_memfd >= 0, spec.init.limits.denied_calls};
    std::vector<int> fds{channels.second.fd(), replies.second.get()};
    if (request.has_plugin) fds.push_back(spec.plugin_memfd);
    ASSAY_TRY(SendMessage(socket_.get(), BytesOf(request), fds));
    replies.second.Reset();
    channels.second.Close();
    SpawnReply reply;
    ASSAY_ASSIGN(auto received, ReceiveMessage(replies.first.get(), WritableBytesOf(reply)));
    if (received.bytes != sizeof reply) return Fail(Code::kIo, "spawner: it is gone");
    if (reply.kind != ReplyKind::kStarted || received.fds.size() != 1)
      return Fail(Code::kDenied, fmt::format("worker: {} tier: {}", Name(tier), reply.text));
    return std::make_unique<RunningWorker>(std::move(channels.first), std::move(replies.first),
                                           std::move(received.fds[0]), spec.init.limits, tier);
  }

  /// Every attempt must be denied, and there must be attempts.
  static Status JudgeCanary(std::string_view lines, Tier tier) {
    std::string worked;
    size_t denied = 0;
    while (!lines.empty()) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(std::min(lines.size(), line.size() + 1));
      if (line.ends_with(" denied"))
        ++denied;
      else
        worked += (worked.empty() ? "" : ", ") + Quote(line, 60);
    }
    if (worked.empty() && denied >= 5) return {};
    return Fail(Code::kDenied, fmt::format("canary: {} tier does not hold: {}", Name(tier),
                                           worked.empty() ? "it tried too little" : worked));
  }

  TierReport TryTiers() {
    TierReport report;
    report.landlock_abi = LandlockAbi();
    uint32_t kill = 0x80000000u;  // SECCOMP_RET_KILL_PROCESS; 2 is SECCOMP_GET_ACTION_AVAIL
    report.seccomp = ::syscall(SYS_seccomp, 2, 0, &kill) == 0;
    for (Tier tier : {Tier::kStrict, Tier::kReduced, Tier::kMinimal}) {
      const Status canary = RunCanary(tier);
      report.best = tier;
      if (tier == Tier::kStrict) report.user_namespaces = canary.has_value();
      if (canary) return report;
      report.why = canary.error().ToString();
      if (report.why.find("namespaces:") == std::string::npos && tier == Tier::kStrict)
        report.user_namespaces = true;  // some other layer is missing
    }
    report.seccomp = false;  // not even the last tier holds
    return report;
  }

  UniqueFd socket_;
  pid_t pid_;
  std::mutex probe_mutex_;
  std::optional<TierReport> probe_;
};

}  // namespace

Result<std::unique_ptr<Spawner>> Spawner::Start(const std::string& worker_path) {
  ASSAY_ASSIGN(auto binary, OpenBinary(worker_path));
  ASSAY_ASSIGN(auto ends, MakePair());
  const pid_t engine = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return Fail(ErrnoError("spawner: fork"));
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != engine) ::_exit(0);
    ::prctl(PR_SET_NAME, "assay-spawner");
    CloseOthers({ends.second.get(), binary.file.get(), binary.null.get()});
    ends.first.Release();  // closed just now
    RunSpawner(std::move(ends.second), std::move(binary));
  }
  return std::unique_ptr<Spawner>(std::make_unique<ForkedSpawner>(std::move(ends.first), pid));
}

}  // namespace assay::sandbox
