// Pages of an earlier run in an order of their own: whatever a plugin waits for comes in an order
// that chance decides, after pauses that chance decides.
#pragma once

#include <condition_variable>
#include <random>
#include <thread>

#include "assay/read.h"
#include "assess/journal.h"
#include "assess/pages.h"
#include "broker/page_fetch.h"

namespace assay::testing {

/// Answers by method, URL and request body.
using Answers = std::map<std::string, broker::ReadResult>;

inline std::string AskedOf(const broker::ReadRecord& record) {
  return record.method + ' ' + record.url + '\n' + record.request_body;
}

class ShuffledPages final : public assess::Pages {
 public:
  /// At least `wanted` pages are waited for before one is chosen, if so many come within a moment.
  ShuffledPages(const Answers& answers, const broker::Cloud& cloud, uint32_t seed, size_t wanted)
      : answers_(answers), cloud_(cloud), chance_(seed), wanted_(wanted), thread_([this] {
          Work();
        }) {}
  ~ShuffledPages() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

  Result<uint64_t> Start(uint64_t ticket, const EndpointSpec& endpoint,
                         const broker::Params& params, broker::Completion done) override {
    auto read = std::make_shared<broker::ReadState>();
    ASSAY_ASSIGN(read->plan, broker::BuildPlan(cloud_, endpoint, params));
    read->spec = endpoint;
    reads_[ticket] = read;
    Ask(*read, {read->plan.url}, std::move(done));
    return ticket;
  }
  void StartNext(uint64_t read, ByteSpan body, uint64_t offset, uint64_t length,
                 broker::Completion done) override {
    const broker::ReadState& state = *reads_.at(read);
    const auto next = broker::ReadLink(state, body, offset, length);
    Ask(state, next ? *next : broker::Ask{state.plan.url}, std::move(done));
  }
  void Finish(uint64_t /*read*/) override {}
  void Refuse(uint64_t /*ticket*/, broker::ReadResult refusal, broker::Completion done) override {
    done(std::move(refusal));
  }
  uint32_t TakeNumber() override { return ++number_; }
  Timestamp Now() const override { return {}; }

 private:
  using Asked = std::pair<std::string, broker::Completion>;

  void Ask(const broker::ReadState& read, const broker::Ask& ask, broker::Completion done) {
    broker::ReadRecord record;
    record.method = read.plan.method;
    record.url = ask.url.ToString();
    record.request_body = broker::BodyOf(read.plan, ask);
    const std::lock_guard lock(mutex_);
    asked_.emplace_back(AskedOf(record), std::move(done));
    wake_.notify_all();
  }
  void Work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return stopping_ || !asked_.empty(); });
      if (stopping_) return;
      wake_.wait_for(lock, std::chrono::milliseconds(5),
                     [&] { return stopping_ || asked_.size() >= wanted_; });
      std::swap(asked_[chance_() % asked_.size()], asked_.back());
      Asked one = std::move(asked_.back());
      asked_.pop_back();
      lock.unlock();
      std::this_thread::sleep_for(std::chrono::microseconds(chance_() % 500));
      const auto answer = answers_.find(one.first);
      broker::ReadResult result;
      result.outcome = ASSAY_PAGE_UNAVAILABLE;
      if (answer != answers_.end()) result = answer->second;
      one.second(std::move(result));
      lock.lock();
    }
  }

  const Answers& answers_;
  const broker::Cloud& cloud_;
  std::mt19937 chance_;
  const size_t wanted_;
  std::map<uint64_t, std::shared_ptr<broker::ReadState>> reads_;
  uint32_t number_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Asked> asked_;
  bool stopping_ = false;
  std::thread thread_;  // last: everything above is there when it begins
};

}  // namespace assay::testing
