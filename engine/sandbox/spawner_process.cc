// The spawner process: one thread, one poll loop, no secret in its memory.
#include <fmt/format.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

#include "sandbox/spawn_protocol.h"
#include "sandbox/syscall_filter.h"

namespace assay::sandbox {
namespace {

constexpr size_t kOwn = 2;           // descriptors polled for the spawner itself
constexpr size_t kPolled = 4;        // and for each worker
constexpr size_t kMaxWorkers = 256;  // far above any schedule; bounds the poll set

void Reply(const Child& child, SpawnReply reply, std::string_view text = {}) {
  reply.pid = child.pid;
  if (!text.empty())
    std::memcpy(reply.text, text.data(), std::min(text.size(), sizeof reply.text - 1));
  // The engine may have gone; the loop sees that by itself.
  const std::vector<int> fds =
      reply.kind == ReplyKind::kStarted ? std::vector<int>{child.pidfd.get()} : std::vector<int>{};
  (void)SendMessage(child.reply.get(), BytesOf(reply), fds);
}

/// Relays the worker's own words about its confinement, and takes its filter's listener. False when
/// nothing more will come.
bool RelayReport(Child& child) {
  char text[sizeof SpawnReply::text];
  pollfd p{child.report.get(), POLLIN, 0};
  if (::poll(&p, 1, 0) <= 0) return true;
  auto received =
      ReceiveMessage(child.report.get(), {reinterpret_cast<uint8_t*>(text), sizeof text - 1});
  if (!received || received->bytes == 0 || child.reports_left-- == 0) return false;
  const std::string_view words(text, received->bytes);
  if (words == kListenerWord && received->fds.size() == 1 && !child.listener.valid()) {
    child.listener = std::move(received->fds[0]);
    return true;
  }
  SpawnReply reply;
  reply.kind = ReplyKind::kReport;
  Reply(child, reply, words);
  return true;
}

void Count(Child& child, int number) {
  ++child.denied_total;
  for (DeniedCount& d : child.denied) {
    if (d.count > 0 && d.number != number) continue;
    d.number = number;
    ++d.count;
    return;
  }
}

/// Answers one refused call. The call is never let through: its arguments could change after we
/// looked at them.
void AnswerCall(Child& child) {
  seccomp_notif call{};
  if (::ioctl(child.listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
    if (errno != EINTR && errno != ENOENT) child.listener.Reset();
    return;
  }
  Count(child, call.data.nr);
  const Refusal refusal = JudgeCall(call.data.nr);
  if (refusal == Refusal::kKill || child.denied_total > child.denied_limit) {
    if (refusal == Refusal::kKill) child.violation = call.data.nr;
    ::kill(child.pid, SIGKILL);
    return;
  }
  seccomp_notif_resp answer{};
  answer.id = call.id;
  answer.error = refusal == Refusal::kUnknown ? -ENOSYS : -EACCES;
  ::ioctl(child.listener.get(), SECCOMP_IOCTL_NOTIF_SEND,
          &answer);  // fails when the worker died meanwhile
}

uint64_t Milliseconds(const timeval& t) {
  return static_cast<uint64_t>(t.tv_sec) * 1000 + static_cast<uint64_t>(t.tv_usec) / 1000;
}

/// Collects the ended worker and tells the engine.
void Reap(Child& child) {
  int status = 0;
  rusage usage{};
  if (::wait4(child.pid, &status, 0, &usage) != child.pid) return;
  for (int i = 0; i < 8 && child.report.valid(); ++i)  // what it said before it ended
    if (!RelayReport(child)) child.report.Reset();
  SpawnReply reply;
  reply.kind = ReplyKind::kExited;
  if (WIFEXITED(status)) reply.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) reply.signal = WTERMSIG(status);
  reply.violation = child.violation;
  reply.denied_total = child.denied_total;
  std::copy(child.denied.begin(), child.denied.end(), reply.denied);
  reply.cpu_ms = Milliseconds(usage.ru_utime) + Milliseconds(usage.ru_stime);
  reply.peak_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  Reply(child, reply);
}

class Loop {
 public:
  Loop(UniqueFd socket, WorkerBinary binary)
      : socket_(std::move(socket)), binary_(std::move(binary)) {}

  void Run() {
    for (;;) {
      std::vector<pollfd> polled = PollSet();
      if (::poll(polled.data(), polled.size(), -1) < 0) {
        if (errno == EINTR) continue;
        return;
      }
      const size_t count = children_.size();  // those that `polled` speaks of
      std::vector<size_t> ended;
      for (size_t i = 0; i < count; ++i)
        if (Serve(children_[i], &polled[kOwn + kPolled * i])) ended.push_back(i);
      for (auto it = ended.rbegin(); it != ended.rend(); ++it)
        children_.erase(children_.begin() + static_cast<ptrdiff_t>(*it));
      if (polled[1].revents != 0) DropSpare();
      if (polled[0].revents != 0 && !ServeRequest()) return;
    }
  }

 private:
  std::vector<pollfd> PollSet() const {
    std::vector<pollfd> polled{{socket_.get(), POLLIN, 0}, {spare_.pidfd.get(), POLLIN, 0}};
    for (const Child& child : children_) {
      polled.push_back({child.pidfd.get(), POLLIN, 0});
      polled.push_back({child.report.get(), POLLIN, 0});  // -1 is skipped
      polled.push_back({child.reply.get(), 0, 0});        // only its end counts
      polled.push_back({child.listener.get(), POLLIN, 0});
    }
    return polled;
  }

  /// True when the worker has ended and was collected.
  static bool Serve(Child& child, const pollfd* polled) {
    if (polled[0].revents != 0) {
      Reap(child);
      return true;
    }
    if (polled[1].revents != 0 && !RelayReport(child)) child.report.Reset();
    if (polled[2].revents & (POLLHUP | POLLERR)) {  // the engine dropped it
      ::kill(child.pid, SIGKILL);  // not collected yet: the number is still its own
      Reap(child);
      return true;
    }
    if (polled[3].revents & POLLIN)
      AnswerCall(child);
    else if (polled[3].revents != 0)
      child.listener.Reset();
    return false;
  }

  /// False when the engine is gone.
  bool ServeRequest() {
    SpawnRequest request;
    auto received = ReceiveMessage(socket_.get(), WritableBytesOf(request));
    if (!received || received->bytes == 0) return false;
    if (received->bytes != sizeof request || received->fds.size() != (request.has_plugin ? 3u : 2u))
      return true;
    const int plugin = request.has_plugin ? received->fds[2].get() : -1;
    Result<Child> made = children_.size() < kMaxWorkers
                             ? TakeWorker(request.tier)
                             : Fail(Code::kLimitExceeded, "too many workers at once");
    if (made) HandOver(*made, received->fds[0].get(), plugin);
    Child child = made ? std::move(*made) : Child{};
    child.reply = std::move(received->fds[1]);
    child.denied_limit = request.denied_calls;
    SpawnReply reply;
    reply.kind = made ? ReplyKind::kStarted : ReplyKind::kFailed;
    Reply(child, reply, made ? std::string() : made.error().ToString());
    if (!made) return true;
    children_.push_back(std::move(child));
    // While that one loads its plugin, on another processor. What fails here fails again, and is
    // told, when it is asked for.
    if (auto next = MakeWorker(binary_, request.tier)) spare_ = std::move(*next);
    spare_tier_ = request.tier;
    return true;
  }

  Result<Child> TakeWorker(Tier tier) {
    pollfd end{spare_.pidfd.get(), POLLIN, 0};
    const bool fit = spare_.pid > 0 && spare_tier_ == tier && ::poll(&end, 1, 0) == 0;
    if (fit) return std::exchange(spare_, Child{});
    DropSpare();
    return MakeWorker(binary_, tier);
  }

  void DropSpare() {
    if (spare_.pid <= 0) return;
    ::kill(spare_.pid, SIGKILL);
    ::waitpid(spare_.pid, nullptr, 0);
    spare_ = Child{};
  }

  UniqueFd socket_;
  WorkerBinary binary_;
  std::vector<Child> children_;
  /// The next worker, made ahead of time: it waits in its namespaces and its empty jail, loaded,
  /// for the first descriptor and the first byte of anybody. Serves one request like any other.
  Child spare_;
  Tier spare_tier_ = Tier::kStrict;
};

}  // namespace

void RunSpawner(UniqueFd socket, WorkerBinary binary) {
  ::dup2(binary.null.get(), 0);  // a pipe that the engine writes to must close when the engine does
  ::dup2(binary.null.get(), 1);
  ::setsid();  // Ctrl-C is for the engine, which ends its workers in order
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);
  Loop(std::move(socket), std::move(binary)).Run();
  // Every worker has SIGKILL as its parent death signal.
  ::_exit(0);
}

}  // namespace assay::sandbox
