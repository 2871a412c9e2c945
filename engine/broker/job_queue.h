// Pages that wait for a thread, for a time, or for a place. No page that waits holds a thread, so a
// slow corner of a service never keeps the fast ones waiting.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "broker/page_fetch.h"

namespace assay::broker {

struct Job {
  std::unique_ptr<PageTask> task;   ///< null with `ready`
  std::optional<ReadResult> ready;  ///< a refusal: only to be delivered
  Completion done;

  /// Jobs with the same text, unless it is empty, may go in one request.
  std::string_view batch_key() const { return task ? task->batch_key : std::string_view(); }
};

/// [any thread]
class JobQueue {
 public:
  explicit JobQueue(const Clock& clock) : clock_(clock) {}

  /// A job to be run, and what the queue needs back when it is parked.
  struct Taken {
    Job job;
    std::vector<Job> mates;  ///< that waited too and may go in one request with it
    uint64_t epoch = 0;
  };

  void Push(Job job);
  /// The next job that may run; blocks. Nothing when the queue was stopped and is empty. What was
  /// taken must come back by one of the three below, each job for itself.
  std::optional<Taken> Take();
  void PutOff(Job job, Timestamp until);
  /// Until another request has ended since `epoch`.
  void Park(Job job, uint64_t epoch);
  void Ended();
  /// A request has been answered or has failed: those that were parked may try.
  void Unpark();
  /// Everything may run at once: requests are cancelled.
  void Hasten();
  /// Threads that find nothing more to do leave.
  void Stop();
  /// Time in which jobs waited and none ran.
  std::chrono::milliseconds idle() const;

 private:
  void TakeDue(Timestamp now);
  Taken TakeReady();
  void WaitForDue(std::unique_lock<std::mutex>& lock);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> ready_, parked_;
  std::multimap<Timestamp, Job> put_off_;
  size_t running_ = 0;
  uint64_t epoch_ = 0;
  std::chrono::milliseconds idle_{0};
  bool someone_sleeps_ = false, hastened_ = false, stopped_ = false;
};

}  // namespace assay::broker
