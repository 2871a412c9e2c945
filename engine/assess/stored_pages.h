// Pages of one plugin out of the journal of an earlier run, in the order in which they came then.
// The plugin's requests are built and its links followed as the broker does, so that what it asks
// can be compared; nothing is sent.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <vector>

#include "assess/pages.h"
#include "assess/recorded_run.h"
#include "assess/replay_state.h"
#include "broker/page_fetch.h"

namespace assay::assess {

/// Used by one thread. Holds one body at a time.
class StoredPages final : public Pages {
 public:
  /// `reads` by page number. All arguments outlive it.
  StoredPages(ledger::Ledger& ledger, std::string plugin, const std::vector<RecordedRead>& reads,
              const broker::BrokerOptions& broker, ReplayState& state)
      : ledger_(ledger),
        plugin_(std::move(plugin)),
        reads_(reads),
        broker_(broker),
        state_(state) {}

  Result<uint64_t> Start(uint64_t ticket, const EndpointSpec& endpoint,
                         const broker::Params& params, broker::Completion done) override;
  void StartNext(uint64_t read, ByteSpan body, uint64_t offset, uint64_t length,
                 broker::Completion done) override;
  void Finish(uint64_t read) override { open_.erase(read); }
  void Refuse(uint64_t ticket, broker::ReadResult refusal, broker::Completion done) override;
  uint32_t TakeNumber() override;
  Timestamp Now() const override { return {}; }
  void WorkerIsSilent(std::chrono::milliseconds since) override;
  void WorkerEnded() override;

 private:
  using Place = std::pair<uint64_t, uint32_t>;  ///< ticket, index within it
  struct OpenRead {
    uint64_t ticket = 0;
    uint32_t next = 1;
    std::unique_ptr<broker::ReadState> state;
  };
  struct Asked {
    broker::ReadRecord request;  ///< endpoint, method, url, body: as asked now
    broker::Completion done;
  };

  void Ask(Place place, broker::ReadRecord request, broker::Completion done);
  void Deliver();
  void Answer(const RecordedRead& read, Asked asked);
  void AnswerLost(Asked asked);
  void OutOfOrder();
  Result<broker::ReadResult> FromJournal(const RecordedRead& read, broker::ReadRecord request);

  ledger::Ledger& ledger_;
  const std::string plugin_;
  const std::vector<RecordedRead>& reads_;
  const broker::BrokerOptions& broker_;
  ReplayState& state_;
  size_t next_ = 0;  ///< in reads_: the next one in order
  std::map<Place, Asked> asked_;
  std::map<uint64_t, OpenRead> open_;
  uint64_t last_read_ = 0;
  bool in_order_ = true;
  uint32_t last_number_ = 0;
  std::deque<uint32_t> numbers_;  ///< of pages delivered and not yet taken
};

}  // namespace assay::assess
