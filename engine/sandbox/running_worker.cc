#include "sandbox/running_worker.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "sandbox/syscall_filter.h"

namespace assay::sandbox {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// A killed process is gone at once unless the kernel tears down much memory.
constexpr milliseconds kKillTimeout{10'000};
constexpr milliseconds kEndAfterCloseTimeout{2'000};

bool WaitReadable(int fd, SteadyClock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - SteadyClock::now()).count();
    pollfd p{fd, POLLIN, 0};
    const int n =
        ::poll(&p, 1, static_cast<int>(std::max<int64_t>(0, std::min<int64_t>(left, 1 << 30))));
    if (n >= 0) return n > 0;
    if (errno != EINTR) return false;
  }
}

}  // namespace

RunningWorker::RunningWorker(ipc::Channel channel, UniqueFd replies, UniqueFd pidfd,
                             WorkerLimits limits, Tier tier)
    : channel_(std::move(channel)),
      replies_(std::move(replies)),
      pidfd_(std::move(pidfd)),
      limits_(limits),
      tier_(tier) {}

RunningWorker::~RunningWorker() {
  if (!ended_) Kill(Fate::kTimedOut, "no longer needed");
  // Closing the reply socket makes the spawner kill and collect it, should it still live.
}

void RunningWorker::Kill(Fate fate, std::string detail) {
  const std::lock_guard lock(kill_mutex_);
  if (!killed_) killed_.emplace(fate, std::move(detail));
  // Through the pidfd: no other process can be hit. In strict it is the first of its pid namespace
  // and takes all along.
  ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

bool RunningWorker::AwaitEnd(milliseconds timeout) {
  const auto deadline = SteadyClock::now() + timeout;
  while (!ended_) {
    if (!WaitReadable(replies_.get(), deadline)) return false;
    SpawnReply reply;
    auto received = ReceiveMessage(replies_.get(), WritableBytesOf(reply));
    if (!received || received->bytes != sizeof reply) {
      ended_ = true;  // the spawner is gone, and every worker with it
    } else if (reply.kind == ReplyKind::kReport) {
      end_.report.assign(reply.text, ::strnlen(reply.text, sizeof reply.text));
    } else if (reply.kind == ReplyKind::kExited) {
      end_.known = ended_ = true;
      end_.exit_code = reply.exit_code;
      end_.signal = reply.signal;
      end_.cpu_ms = reply.cpu_ms;
      end_.peak_bytes = reply.peak_bytes;
      end_.violation = reply.violation;
      end_.denied_total = reply.denied_total;
      for (const DeniedCount& d : reply.denied)
        if (d.count > 0) end_.denied.push_back({CallName(d.number), d.count});
    }
  }
  return true;
}

WorkerOutcome RunningWorker::Wait(const std::optional<ipc::Done>& done, milliseconds timeout) {
  if (!AwaitEnd(timeout)) {
    Kill(Fate::kTimedOut, fmt::format("did not end within {} ms", timeout.count()));
    AwaitEnd(kKillTimeout);
  }
  WorkerOutcome outcome = JudgeEnd(end_, done, limits_, greeted_);
  const std::lock_guard lock(kill_mutex_);
  if (killed_) {
    outcome.fate = killed_->first;
    outcome.detail = killed_->second;
  }
  return outcome;
}

Status RunningWorker::Greet(const ipc::Init& init, milliseconds timeout) {
  const Status sent =
      channel_.Send(static_cast<uint16_t>(ipc::Type::kInit), ipc::Encode(init), -1, timeout);
  if (!sent) return ExplainNoHello(sent.error());
  Result<ipc::Frame> frame = channel_.Receive(timeout);
  if (!frame) return ExplainNoHello(frame.error());
  if (frame->type == static_cast<uint16_t>(ipc::Type::kDone)) {
    ASSAY_ASSIGN(const ipc::Done done, ipc::ParseDone(frame->payload));
    Kill(Fate::kLoadFailed, done.message);
    return Fail(Code::kInvalidInput, "worker: plugin refused to start: " + Quote(done.message));
  }
  if (frame->type != static_cast<uint16_t>(ipc::Type::kHello))
    return ExplainNoHello(Error{
        Code::kCorrupt, fmt::format("sent type {} before Hello", frame->type), {}, {}, {}, {}});
  ASSAY_ASSIGN(hello_, ipc::ParseHello(frame->payload));
  greeted_ = true;
  return {};
}

/// No Hello came: the worker's end says why.
tl::unexpected<Error> RunningWorker::ExplainNoHello(const Error& error) {
  if (!AwaitEnd(kEndAfterCloseTimeout)) Kill(Fate::kTimedOut, "no Hello in time");
  const WorkerOutcome outcome = Wait(std::nullopt, kKillTimeout);
  std::string where = fmt::format("worker: {} tier: ", Name(tier_));
  switch (outcome.fate) {
    case Fate::kSetupFailed:
      return Fail(Code::kDenied, where + outcome.detail);
    case Fate::kLoadFailed:
      return Fail(Code::kInvalidInput, "worker: plugin did not load: " + outcome.detail);
    default:
      // That the channel closed is what every end looks like; anything else it said is news.
      return Fail(
          Code::kInvalidInput,
          fmt::format("{}ended before Hello: {}: {}{}", where, Name(outcome.fate), outcome.detail,
                      error.code == Code::kCorrupt ? " (" + error.message + ")" : ""));
  }
}

}  // namespace assay::sandbox
