// Ends socket operations that take too long or are no longer wanted, from outside: a shut-down
// socket makes whatever waits on it return. Bounds even what no per-read timeout bounds (a peer
// that sends one byte a minute, a handshake in crumbs).
#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace assay::broker {

enum class Cut { kNone, kDeadline, kCancelled };

/// Watches descriptors against deadlines on a thread of its own. [any thread]
class Watchdog {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Watchdog();
  ~Watchdog();

  /// One descriptor under watch; must end before the descriptor is closed.
  class Watch {
   public:
    Watch(Watchdog& dog, int fd, Time deadline);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    Cut cut() const;

   private:
    friend class Watchdog;
    Watchdog& dog_;
    int fd_;
    Time deadline_;
    Cut cut_ = Cut::kNone;
    std::list<Watch*>::iterator at_;
  };

  /// Cuts everything under watch now and everything that comes later.
  void Cancel();
  bool cancelled() const;

 private:
  void Run();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::list<Watch*> watches_;
  bool cancelled_ = false;
  bool stopping_ = false;
  bool asleep_ = false;  ///< without a tick, until something is under watch
  std::thread thread_;
};

}  // namespace assay::broker
