#include "ledger/pending.h"

#include <algorithm>

namespace assay::ledger {

void Acknowledgements::Add(std::span<const Appended> next) {
  const uint32_t before = durable_.load(std::memory_order_relaxed);
  std::copy(next.begin(), next.end(), appended_.begin() + before);
  {
    const std::lock_guard lock(mutex_);  // or a waiter could look before and sleep after
    durable_.store(before + static_cast<uint32_t>(next.size()), std::memory_order_release);
  }
  known_.notify_all();
}

void Acknowledgements::Fail(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = error;
  }
  known_.notify_all();
}

bool Acknowledgements::AwaitFor(uint32_t entry, std::chrono::milliseconds time) const {
  std::unique_lock lock(mutex_);
  return known_.wait_for(lock, time, [&] { return IsKnown(entry); });
}

Result<Appended> Acknowledgements::Await(uint32_t entry) const {
  if (entry < durable_.load(std::memory_order_acquire)) return appended_[entry];
  std::unique_lock lock(mutex_);
  known_.wait(lock, [&] { return IsKnown(entry); });
  if (entry < durable_.load(std::memory_order_acquire)) return appended_[entry];
  return assay::Fail(*error_);
}

PendingEntry PendingEntry::Failed(const Error& error) {
  auto shared = std::make_shared<Acknowledgements>();
  shared->Fail(error);
  return {std::move(shared), 0};
}

PendingEntry PendingEntry::Done(const Appended& appended) {
  auto shared = std::make_shared<Acknowledgements>();
  shared->Add({&appended, 1});
  return {std::move(shared), 0};
}

}  // namespace assay::ledger
