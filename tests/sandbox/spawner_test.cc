// The spawner's promises: names of failures, threads, kill, descriptors, its own end.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "base/files.h"
#include "sandbox/harness.h"
#include "support/matchers.h"

namespace assay::sandbox {
namespace {

using std::chrono::milliseconds;

bool IsGone(int pidfd, int timeout_ms) {
  pollfd p{pidfd, POLLIN, 0};
  return ::poll(&p, 1, timeout_ms) == 1;
}

std::string ReadProc(int pid, const char* file) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/" + file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::set<int> ChildrenOf(int parent) {
  std::set<int> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const int pid = std::atoi(entry.path().filename().c_str());
    const std::string stat = pid > 0 ? ReadProc(pid, "stat") : std::string();
    const size_t name_end = stat.rfind(')');  // "pid (name) state parent ..."
    if (name_end != std::string::npos && std::atoi(stat.c_str() + name_end + 4) == parent)
      children.insert(pid);
  }
  return children;
}

/// A spawner of its own, and its process.
struct OwnSpawner {
  std::unique_ptr<Spawner> spawner;
  int pid = -1;

  OwnSpawner() {
    const std::set<int> before = ChildrenOf(::getpid());
    auto started = Spawner::Start(ASSAY_TEST_WORKER);
    if (!started) FAIL(started.error().ToString());
    spawner = std::move(*started);
    for (int child : ChildrenOf(::getpid()))
      if (!before.contains(child)) pid = child;
    REQUIRE(pid > 0);
  }

  WorkerOutcome Run(Tier tier) {
    REQUIRE_OK_AND_ASSIGN(auto worker, spawner->Spawn(AttackSpec("innocent"), tier));
    return worker->Wait(ipc::Done{}, milliseconds(10'000));
  }

  /// The one process that waits for work, once nothing else is left and `ready` says so.
  template <typename Ready>
  int Waiting(Ready ready) {
    for (int i = 0; i < 1000; ++i) {
      const std::set<int> children = ChildrenOf(pid);
      if (children.size() == 1 && ready(*children.begin())) return *children.begin();
      std::this_thread::sleep_for(milliseconds(10));
    }
    FAIL("no single worker is waiting");
    return -1;
  }
};

}  // namespace

TEST_CASE("Spawner: names a missing worker binary") {
  CHECK_FAILS(Spawner::Start("/nonexistent/assay-worker"), Code::kNotFound,
              "/nonexistent/assay-worker");
}

TEST_CASE("Spawner: names a binary that is no program as a failure to execute") {
  REQUIRE_OK_AND_ASSIGN(auto spawner, Spawner::Start("/etc/passwd"));
  CHECK_FAILS(spawner->Spawn(AttackSpec("innocent"), Tier::kMinimal), Code::kDenied, "execveat");
}

TEST_CASE("Spawner: reports the best tier that its canary held in") {
  REQUIRE_OK_AND_ASSIGN(const TierReport report, TestSpawner().Probe());
  REQUIRE_FALSE(OfferedTiers().empty());
  CHECK(report.best == OfferedTiers().front());
  CHECK(report.seccomp);
  CHECK((report.best == Tier::kStrict) == report.why.empty());
}

TEST_CASE("Spawner: refuses a plugin that is not loadable as invalid input") {
  REQUIRE_OK_AND_ASSIGN(const UniqueFd garbage,
                        SealedMemfd("plugin", AsBytes("not an ELF file at all")));
  WorkerSpec spec = AttackSpec("innocent");
  spec.plugin_memfd = garbage.get();
  for (Tier tier : OfferedTiers())
    CHECK_FAILS(TestSpawner().Spawn(spec, tier), Code::kInvalidInput, "plugin did not load");
}

TEST_CASE("Spawner: kills a worker with the fate that the engine gave it") {
  for (Tier tier : OfferedTiers()) {
    REQUIRE_OK_AND_ASSIGN(auto worker, TestSpawner().Spawn(AttackSpec("hang"), tier));
    worker->Kill(Fate::kFlooded, "rows");
    worker->Kill(Fate::kTimedOut, "later");
    const WorkerOutcome outcome = worker->Wait(std::nullopt, milliseconds(2000));
    CHECK(outcome.fate == Fate::kFlooded);
    CHECK(outcome.detail == "rows");
    CHECK(outcome.signal == SIGKILL);
  }
}

TEST_CASE("Spawner: ends a worker whose owner dropped it") {
  for (Tier tier : OfferedTiers()) {
    REQUIRE_OK_AND_ASSIGN(auto worker, TestSpawner().Spawn(AttackSpec("hang"), tier));
    const UniqueFd pidfd(::fcntl(worker->pidfd(), F_DUPFD_CLOEXEC, 0));
    worker.reset();
    CHECK(IsGone(pidfd.get(), 2000));
  }
}

TEST_CASE("Spawner: serves several threads at once") {
  std::atomic<int> well{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 8; ++n)
        if (RunAttack("innocent", OfferedTiers().front(), milliseconds(5000)).outcome.fate ==
            Fate::kOk)
          ++well;
    });
  for (std::thread& t : threads) t.join();
  CHECK(well == 32);
}

TEST_CASE("Spawner: takes its workers along when the engine dies") {
  for (Tier tier : OfferedTiers()) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const WorkerSpec spec = AttackSpec("hang");
    const pid_t engine = ::fork();
    if (engine == 0) {  // a second engine, killed without any chance to clean up
      auto spawner = Spawner::Start(ASSAY_TEST_WORKER);
      if (!spawner) ::_exit(1);
      auto worker = (*spawner)->Spawn(spec, tier);
      if (!worker) ::_exit(2);
      const int pid_known = ::write(ends[1], "x", 1) == 1 ? 0 : 3;
      // The worker's descriptor goes to the test, which sees through it when the process is gone.
      msghdr msg{};
      char byte = 'p';
      iovec io{&byte, 1};
      alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
      msg.msg_iov = &io;
      msg.msg_iovlen = 1;
      msg.msg_control = control;
      msg.msg_controllen = sizeof control;
      cmsghdr* c = CMSG_FIRSTHDR(&msg);
      c->cmsg_level = SOL_SOCKET;
      c->cmsg_type = SCM_RIGHTS;
      c->cmsg_len = CMSG_LEN(sizeof(int));
      *reinterpret_cast<int*>(CMSG_DATA(c)) = (*worker)->pidfd();
      ::sendmsg(ends[1], &msg, 0);
      ::kill(::getpid(), SIGKILL);
      ::_exit(pid_known);
    }
    ::close(ends[1]);
    char byte;
    REQUIRE(::read(ends[0], &byte, 1) == 1);
    msghdr msg{};
    iovec io{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msg.msg_iov = &io;
    msg.msg_iovlen = 1;
    msg.msg_control = control;
    msg.msg_controllen = sizeof control;
    REQUIRE(::recvmsg(ends[0], &msg, MSG_CMSG_CLOEXEC) == 1);
    REQUIRE(CMSG_FIRSTHDR(&msg) != nullptr);
    const UniqueFd pidfd(*reinterpret_cast<int*>(CMSG_DATA(CMSG_FIRSTHDR(&msg))));
    CHECK(IsGone(pidfd.get(), 3000));
    ::waitpid(engine, nullptr, 0);
    ::close(ends[0]);
  }
}

TEST_CASE("Spawner: the worker made ahead waits with nothing of the host and of anybody [CL-5]") {
  OwnSpawner own;
  for (Tier tier : OfferedTiers()) {
    CHECK(own.Run(tier).fate == Fate::kOk);
    // Not dumpable: what /proc shows of it belongs to root.
    const bool visible = ::geteuid() == 0;
    const int waiting = own.Waiting([&](int pid) {
      const std::string mounts = ReadProc(pid, "mountinfo");
      return tier != Tier::kStrict || !visible ||
             std::count(mounts.begin(), mounts.end(), '\n') == 1;
    });
    if (!visible || tier != Tier::kStrict) continue;
    CHECK_THAT(ReadProc(waiting, "mountinfo"), Catch::Matchers::Contains("tmpfs"));
    std::set<std::string> open;
    const std::string fds = "/proc/" + std::to_string(waiting) + "/fd";
    for (const auto& entry : std::filesystem::directory_iterator(fds))
      open.insert(entry.path().filename());
    CHECK(open == std::set<std::string>{"0", "1", "2", "4"});
    CHECK(ReadProc(waiting, "environ").empty());
  }
}

TEST_CASE("Spawner: goes on when the worker made ahead is killed, or of another tier") {
  OwnSpawner own;
  for (Tier tier : OfferedTiers()) {
    CHECK(own.Run(tier).fate == Fate::kOk);
    const int waiting = own.Waiting([](int) { return true; });
    const UniqueFd end(static_cast<int>(::syscall(SYS_pidfd_open, waiting, 0)));
    REQUIRE(::kill(waiting, SIGKILL) == 0);
    REQUIRE(IsGone(end.get(), 10'000));
    CHECK(own.Run(tier).fate == Fate::kOk);  // whether or not the spawner has noticed
  }
  for (Tier tier : OfferedTiers()) CHECK(own.Run(tier).fate == Fate::kOk);
  const int last = own.Waiting([](int) { return true; });
  own.spawner.reset();
  for (int i = 0; i < 300 && ::kill(last, 0) == 0; ++i)
    std::this_thread::sleep_for(milliseconds(10));
  CHECK(::kill(last, 0) == -1);  // it goes with the spawner
}

TEST_CASE("Spawner: lets an ordinary C++ plugin do its work") {
  for (Tier tier : OfferedTiers()) {
    const AttackEnd end = RunSpec(PlainSpec(), tier, milliseconds(5000));
    INFO(Name(tier) << " " << end.refused_start << " " << Name(end.outcome.fate) << " "
                    << end.outcome.detail);
    CHECK(end.outcome.fate == Fate::kOk);
  }
}

TEST_CASE("Spawner: names and counts refused calls, and the one that kills [CL-5]", "[listener]") {
  for (Tier tier : OfferedTiers()) {
    const AttackEnd refused = RunAttack("open_passwd", tier, milliseconds(5000));
    REQUIRE(refused.outcome.denied.size() == 1);
    CHECK(refused.outcome.denied[0].name == "openat");
    CHECK(refused.outcome.denied[0].count == 1);
    const AttackEnd killed = RunAttack("load_bpf", tier, milliseconds(5000));
    CHECK(killed.outcome.fate == Fate::kViolation);
    CHECK_THAT(killed.outcome.detail, Catch::Matchers::Contains("bpf"));
  }
}

TEST_CASE("Spawner: ends a worker that is refused too often", "[listener]") {
  for (Tier tier : OfferedTiers()) {
    WorkerSpec spec = AttackSpec("kill_probe");
    spec.init.limits.denied_calls = 50;
    const AttackEnd end = RunSpec(spec, tier, milliseconds(5000));
    CHECK(end.outcome.fate == Fate::kFlooded);
    CHECK_THAT(end.outcome.detail, Catch::Matchers::Contains("denied_calls"));
  }
}

TEST_CASE("Spawner: does not run constructors when the plugin is loaded") {
  for (Tier tier : OfferedTiers()) {
    WorkerSpec spec = AttackSpec("no-constructors");
    spec.init.init_array_bytes = 0;
    REQUIRE_OK_AND_ASSIGN(auto worker, TestSpawner().Spawn(spec, tier));
    worker->Kill(Fate::kTimedOut, "");
  }
}

}  // namespace assay::sandbox
