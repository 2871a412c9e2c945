// Work that several threads finish in any order and whose outcome is taken in order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace assay {

/// Nobody waits for an item of another thread that is behind: whoever gives the one whose turn it
/// is takes those that follow and are there, too. Memory: kAhead items and one for each thread.
/// Safe from any thread.
template <typename Item>
class InOrder {
 public:
  static constexpr size_t kAhead = 8;

  /// One that was taken, to be filled again, or a new one.
  std::unique_ptr<Item> Spare() {
    const std::lock_guard lock(mutex_);
    if (spare_.empty()) return std::make_unique<Item>();
    auto item = std::move(spare_.back());
    spare_.pop_back();
    return item;
  }

  /// The item with this number, counted from 0 on. `take(item)` is called for it or for others, one
  /// call at a time, in the order of their numbers; false from it means enough. False when no more
  /// are wanted.
  template <typename Take>
  bool Give(uint64_t number, std::unique_ptr<Item> item, const Take& take) {
    std::unique_lock lock(mutex_);
    done_[number] = std::move(item);
    changed_.wait(lock, [&] { return stopped_ || done_.size() < kAhead || CanTake(); });
    while (!stopped_ && CanTake()) {
      item = std::move(done_.extract(turn_).mapped());
      taking_ = true;
      lock.unlock();
      const bool more = take(*item);
      lock.lock();
      taking_ = false;
      ++turn_;
      stopped_ = stopped_ || !more;
      spare_.push_back(std::move(item));
    }
    changed_.notify_all();
    return !stopped_;
  }

  /// Nothing more is taken.
  void Stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  bool CanTake() const { return !taking_ && done_.contains(turn_); }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint64_t, std::unique_ptr<Item>> done_;
  std::vector<std::unique_ptr<Item>> spare_;
  uint64_t turn_ = 0;
  bool taking_ = false, stopped_ = false;
};

}  // namespace assay
