// Work on a row of items by two threads whose outcome does not depend on there being two.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <mutex>
#include <system_error>

namespace assay::ledger {

/// Items are made one after another, worked on by two threads at a time, and taken in the order in
/// which they were made. What `take` sees is what one thread would give it. Memory: one item for
/// each thread, whatever the number of items.
template <typename Item>
class TwoThreads {
 public:
  struct Steps {
    std::function<bool(Item&)> next;  ///< one call at a time; false: there are no more
    std::function<void(Item&)> work;  ///< two calls at a time, each with an item of its own
    std::function<bool(Item&)> take;  ///< one call at a time, in order; false: enough
  };
  explicit TwoThreads(Steps steps) : steps_(std::move(steps)) {}

  /// Returns when everything is taken, or `take` had enough. No thread is left then. Where the
  /// machine gives no second thread the calling one does it all.
  void Run() {
    std::future<void> helper;
    try {
      helper = std::async(std::launch::async, [this] { Loop(); });
    } catch (const std::system_error&) {
      // Alone: slower, nothing else.
    }
    Loop();
    if (helper.valid()) helper.get();
  }

 private:
  void Loop() {
    Item item;
    uint64_t number = 0;
    while (Next(item, number)) {
      steps_.work(item);
      std::unique_lock lock(turn_mutex_);
      turned_.wait(lock, [&] { return enough_ || turn_ == number; });
      if (enough_) return;
      enough_ = !steps_.take(item);
      ++turn_;
      lock.unlock();
      turned_.notify_all();
    }
  }

  bool Next(Item& item, uint64_t& number) {
    const std::lock_guard lock(next_mutex_);
    if (!ended_) ended_ = !steps_.next(item);
    number = made_++;
    return !ended_;
  }

  const Steps steps_;
  std::mutex next_mutex_, turn_mutex_;
  std::condition_variable turned_;
  uint64_t made_ = 0, turn_ = 0;
  bool ended_ = false, enough_ = false;
};

}  // namespace assay::ledger
