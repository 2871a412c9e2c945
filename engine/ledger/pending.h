// What Ledger::Append gives back: an entry that is queued and will be durable or fail. The entries
// queued one after another share one object that says how far durability has come, so that a commit
// tells a thousand of them at the price of a few.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "model/ids.h"

namespace assay::ledger {

struct Appended {
  LeafIndex index{};
  Digest leaf{};
};

/// How far the durability of up to kEntries entries has come: the first so many are, in the order
/// in which they were queued, or none will be any more. Safe from any thread.
class Acknowledgements {
 public:
  static constexpr uint32_t kEntries = 256;

  /// The next entries are durable: at most room() of them. Called by one thread.
  void Add(std::span<const Appended> next);
  uint32_t room() const { return kEntries - durable_.load(std::memory_order_relaxed); }
  /// Those that are not durable yet never will be.
  void Fail(const Error& error);

  /// False when the time is over before it is known what becomes of that entry.
  bool AwaitFor(uint32_t entry, std::chrono::milliseconds time) const;
  Result<Appended> Await(uint32_t entry) const;

 private:
  bool IsKnown(uint32_t entry) const {
    return entry < durable_.load(std::memory_order_acquire) || error_;
  }

  std::array<Appended, kEntries> appended_;  ///< the first durable_ of them
  std::atomic<uint32_t> durable_{0};
  mutable std::mutex mutex_;
  mutable std::condition_variable known_;
  std::optional<Error> error_;  ///< guarded by mutex_
};

/// Called as a std::future is, but it may be copied and asked again. [any thread]
class PendingEntry {
 public:
  /// Of no entry: only valid() may be called.
  PendingEntry() = default;
  PendingEntry(std::shared_ptr<const Acknowledgements> shared, uint32_t entry)
      : shared_(std::move(shared)), entry_(entry) {}
  /// Of an entry that was refused.
  static PendingEntry Failed(const Error& error);
  /// Of an entry that nobody has to wait for.
  static PendingEntry Done(const Appended& appended);

  bool valid() const { return shared_ != nullptr; }
  /// Waits until the entry is durable (committed and synced) or the ledger has stopped.
  Result<Appended> get() const { return shared_->Await(entry_); }
  void wait() const { (void)shared_->Await(entry_); }
  /// True when get() would not wait any more.
  bool WaitFor(std::chrono::milliseconds time) const { return shared_->AwaitFor(entry_, time); }

 private:
  std::shared_ptr<const Acknowledgements> shared_;
  uint32_t entry_ = 0;
};

}  // namespace assay::ledger
