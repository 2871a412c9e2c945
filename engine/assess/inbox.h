// A queue that one thread polls together with its channel: an eventfd tells that something is
// there.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <deque>
#include <mutex>
#include <optional>

#include "base/files.h"

namespace assay::assess {

/// Several writers, one reader. Kept by shared_ptr, because a broker thread may deliver after the
/// reader gave up. [any thread]
template <typename T>
class Inbox {
 public:
  Inbox() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    ASSAY_ASSERT(event_.valid(), "eventfd is available");
  }
  void Put(T item) {
    {
      std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
    }
    const uint64_t one = 1;
    (void)!::write(event_.get(), &one, sizeof one);  // full only after 2^64 - 2 wake-ups
  }
  std::optional<T> Take() {
    std::lock_guard lock(mutex_);
    if (items_.empty()) {
      uint64_t count;
      (void)!::read(event_.get(), &count, sizeof count);
      return std::nullopt;
    }
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  int fd() const { return event_.get(); }

 private:
  UniqueFd event_;
  std::mutex mutex_;
  std::deque<T> items_;
};

}  // namespace assay::assess
