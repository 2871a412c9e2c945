// Where the pages of one collector come from: the tenant's services in a run, the journal of an
// earlier run in a replay. All else of a collector's session is the same for both.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "broker/broker.h"

namespace assay::assess {

/// One for each collector. Called by its session's thread; completions come on any thread.
class Pages {
 public:
  virtual ~Pages() = default;

  /// First page of a read, as Broker::Start. `ticket` counts the requests of the plugin from 1.
  virtual Result<uint64_t> Start(uint64_t ticket, const EndpointSpec& endpoint,
                                 const broker::Params& params, broker::Completion done) = 0;
  /// As Broker::StartNext and Broker::Finish.
  virtual void StartNext(uint64_t read, ByteSpan body, uint64_t offset, uint64_t length,
                         broker::Completion done) = 0;
  virtual void Finish(uint64_t read) = 0;
  /// The session answers this request itself: nothing is asked of a service.
  virtual void Refuse(uint64_t ticket, broker::ReadResult refusal, broker::Completion done) = 0;
  /// The number, unique over the run, of the page that came longest ago and has none yet.
  virtual uint32_t TakeNumber() = 0;
  virtual Timestamp Now() const = 0;
  /// The worker has said nothing for so long, and nothing came for it.
  virtual void WorkerIsSilent(std::chrono::milliseconds /*since*/) {}
  /// No more will be asked: what was asked and did not come yet may come in any order.
  virtual void WorkerEnded() {}
};

/// The tenant's own pages, by the broker.
class BrokerPages final : public Pages {
 public:
  /// `next_page` is shared by all collectors of the run.
  BrokerPages(broker::Broker& broker, std::atomic<uint32_t>& next_page)
      : broker_(broker), next_page_(next_page) {}

  Result<uint64_t> Start(uint64_t /*ticket*/, const EndpointSpec& endpoint,
                         const broker::Params& params, broker::Completion done) override {
    return broker_.Start(endpoint, params, std::move(done));
  }
  void StartNext(uint64_t read, ByteSpan body, uint64_t offset, uint64_t length,
                 broker::Completion done) override {
    broker_.StartNext(read, body, offset, length, std::move(done));
  }
  void Finish(uint64_t read) override { broker_.Finish(read); }
  void Refuse(uint64_t /*ticket*/, broker::ReadResult refusal, broker::Completion done) override {
    done(std::move(refusal));
  }
  uint32_t TakeNumber() override { return next_page_++; }
  Timestamp Now() const override { return broker_.Now(); }

 private:
  broker::Broker& broker_;
  std::atomic<uint32_t>& next_page_;
};

}  // namespace assay::assess
