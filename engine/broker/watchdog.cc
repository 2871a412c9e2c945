// The watching thread: a tick every 50 ms while something is under watch.
#include "broker/watchdog.h"

#include <sys/socket.h>

namespace assay::broker {
namespace {

constexpr auto kTick = std::chrono::milliseconds(50);
constexpr int kIdleTicks = 20;

}  // namespace

Watchdog::Watchdog() : thread_([this] { Run(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Watchdog::Watch::Watch(Watchdog& dog, int fd, Time deadline)
    : dog_(dog), fd_(fd), deadline_(deadline) {
  const std::lock_guard lock(dog_.mutex_);
  if (dog_.cancelled_) {
    cut_ = Cut::kCancelled;
    shutdown(fd_, SHUT_RDWR);
  }
  at_ = dog_.watches_.insert(dog_.watches_.end(), this);
  if (dog_.asleep_) dog_.wake_.notify_all();
}

Watchdog::Watch::~Watch() {
  const std::lock_guard lock(dog_.mutex_);
  dog_.watches_.erase(at_);
}

Cut Watchdog::Watch::cut() const {
  const std::lock_guard lock(dog_.mutex_);
  return cut_;
}

void Watchdog::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (Watch* watch : watches_) {
    if (watch->cut_ == Cut::kNone) watch->cut_ = Cut::kCancelled;
    shutdown(watch->fd_, SHUT_RDWR);
  }
}

bool Watchdog::cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

void Watchdog::Run() {
  std::unique_lock lock(mutex_);
  int idle_ticks = 0;
  while (!stopping_) {
    // Ticks on for a while: a wake-up for each request would cost more than they do.
    if (watches_.empty() && ++idle_ticks > kIdleTicks) {
      asleep_ = true;
      wake_.wait(lock);
      asleep_ = false;
    }
    if (!watches_.empty()) idle_ticks = 0;
    if (!stopping_) wake_.wait_for(lock, kTick);
    const auto now = std::chrono::steady_clock::now();
    for (Watch* watch : watches_) {
      if (now < watch->deadline_) continue;
      if (watch->cut_ == Cut::kNone) watch->cut_ = Cut::kDeadline;
      // Again at every tick: a connect that was not yet under way is caught the next time.
      shutdown(watch->fd_, SHUT_RDWR);
    }
  }
}

}  // namespace assay::broker
