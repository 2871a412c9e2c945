// One thread at a time looks after the times; the others wait for work.
#include "broker/job_queue.h"

#include <algorithm>

#include "broker/graph_batch.h"

namespace assay::broker {
namespace {

constexpr std::chrono::milliseconds kStep{20};

}  // namespace

void JobQueue::Push(Job job) {
  const std::lock_guard lock(mutex_);
  ready_.push_back(std::move(job));
  wake_.notify_one();
}

void JobQueue::TakeDue(Timestamp now) {
  const auto end = hastened_ ? put_off_.end() : put_off_.upper_bound(now);
  for (auto at = put_off_.begin(); at != end; at = put_off_.erase(at))
    ready_.push_back(std::move(at->second));
}

/// The first, and all that may go with it.
JobQueue::Taken JobQueue::TakeReady() {
  Taken taken{std::move(ready_.front()), {}, epoch_};
  ready_.pop_front();
  const std::string key(taken.job.batch_key());
  const auto joins = [&](const Job& job) {
    return taken.mates.size() + 1 < kMostInBatch && job.batch_key() == key;
  };
  if (!key.empty()) {
    std::deque<Job> rest;
    for (Job& job : ready_)
      if (joins(job))
        taken.mates.push_back(std::move(job));
      else
        rest.push_back(std::move(job));
    ready_ = std::move(rest);
  }
  running_ += 1 + taken.mates.size();
  return taken;
}

/// Sleeps on the clock only while nothing runs: with a simulated clock no time passes beside a
/// request, and what passes is idle.
void JobQueue::WaitForDue(std::unique_lock<std::mutex>& lock) {
  if (running_ > 0) {
    wake_.wait_for(lock, kStep);
    return;
  }
  const Timestamp before = clock_.Now();
  const auto step =
      std::clamp(put_off_.begin()->first - before, std::chrono::milliseconds(1), kStep);
  lock.unlock();
  clock_.SleepFor(step);
  lock.lock();
  if (running_ == 0) idle_ += clock_.Now() - before;
}

std::optional<JobQueue::Taken> JobQueue::Take() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!put_off_.empty()) TakeDue(clock_.Now());
    if (!ready_.empty()) {
      Taken taken = TakeReady();
      // Someone else looks after the rest.
      if (!ready_.empty() || !put_off_.empty()) wake_.notify_one();
      return taken;
    }
    if (stopped_ && put_off_.empty() && parked_.empty() && running_ == 0) {
      wake_.notify_all();
      return std::nullopt;
    }
    if (put_off_.empty() || someone_sleeps_) {
      wake_.wait(lock);
      continue;
    }
    someone_sleeps_ = true;
    WaitForDue(lock);
    someone_sleeps_ = false;
  }
}

void JobQueue::PutOff(Job job, Timestamp until) {
  const std::lock_guard lock(mutex_);
  put_off_.emplace(until, std::move(job));
  --running_;
  wake_.notify_one();
}

void JobQueue::Park(Job job, uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  --running_;
  if (epoch != epoch_ || hastened_)
    ready_.push_back(std::move(job));
  else
    parked_.push_back(std::move(job));
  wake_.notify_one();
}

void JobQueue::Ended() {
  const std::lock_guard lock(mutex_);
  --running_;
  // The one that ended takes the next itself; only those that are to leave must hear of it.
  if (stopped_) wake_.notify_all();
}

void JobQueue::Unpark() {
  const std::lock_guard lock(mutex_);
  ++epoch_;
  if (parked_.empty()) return;
  for (Job& job : ready_) parked_.push_back(std::move(job));
  ready_ = std::move(parked_);
  parked_.clear();
  wake_.notify_all();
}

void JobQueue::Hasten() {
  const std::lock_guard lock(mutex_);
  hastened_ = true;
  for (Job& job : parked_) ready_.push_back(std::move(job));
  parked_.clear();
  wake_.notify_all();
}

void JobQueue::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  wake_.notify_all();
}

std::chrono::milliseconds JobQueue::idle() const {
  const std::lock_guard lock(mutex_);
  return idle_;
}

}  // namespace assay::broker
