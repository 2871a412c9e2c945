// One page from first attempt to final outcome: token, pacing, sending, retries, the journal
// record. Never sleeps: it says when it wants to go on.
#pragma once

#include <atomic>
#include <memory>
#include <set>

#include "broker/broker.h"
#include "broker/http_client.h"
#include "broker/pacer.h"
#include "broker/retry.h"
#include "broker/token_source.h"
#include "broker/url_policy.h"

namespace assay::broker {

/// A read in progress. Normally one page of it is outstanding at a time; nothing breaks when a
/// caller asks for more.
struct ReadState {
  EndpointSpec spec;                   ///< fixed after Start
  Plan plan;                           ///< fixed after Start
  std::set<std::string> seen;          ///< what was asked for; under the broker's mutex
  uint32_t pages = 0;                  ///< under the broker's mutex
  std::atomic<int64_t> waited_ms = 0;  ///< for throttling, over all pages
};

/// One page under way. Used by one thread at a time.
struct PageTask {
  std::shared_ptr<ReadState> read;
  std::string body;  ///< what `request` views
  HttpRequest request;
  PaceKey pace;
  ReadResult result;
  Token token;
  Timestamp not_before{};  ///< of the next attempt
  unsigned number = 0;     ///< attempts
  unsigned network_failures = 0;
  bool renewed = false;
  /// Tasks with the same text may go in one request; empty: alone.
  std::string batch_key;
  unsigned misses = 0;  ///< requests that carried it and brought nothing for it
};

/// What a page needs next.
struct PageStep {
  enum class Kind {
    kDone,   ///< the task's result is final
    kWait,   ///< step again at `at`
    kCrowd,  ///< step again when another request has ended
  };
  Kind kind = Kind::kDone;
  Timestamp at{};
  bool sent = false;  ///< a request has ended: its place is free
};

/// Fetches pages for the broker's threads. [any thread]
class PageFetcher {
 public:
  PageFetcher(const BrokerOptions& options, HttpClient& client, TokenSource& tokens, Pacer& pacer);

  std::unique_ptr<PageTask> Begin(std::shared_ptr<ReadState> read, const Ask& ask) const;
  /// At most one request. Never fails: what goes wrong is the task's result.
  PageStep Step(PageTask& task);
  /// The same for several that may go in one request; the steps stand in their order.
  std::vector<PageStep> StepTogether(const std::vector<PageTask*>& tasks);
  /// What was waited for so far; idle time is the broker's to know.
  PaceReport Report() const;

 private:
  /// Nothing when a request may be sent now; a place and budget are taken then.
  std::optional<PageStep> WaitForPlace(PageTask& task, bool joins = false);
  PageStep StepAfter(PageTask& task, bool done) const;
  bool SendOnce(PageTask& task);
  static bool FailToken(PageTask& task, const Error& error);
  static void FailMemory(PageTask& task);
  Status CheckGate(const PageTask& task) const;
  void CountRequest(const PageTask& task);
  std::string BatchKeyOf(const ReadState& read, const Ask& ask,
                         const ThrottleClass& throttle) const;
  std::vector<bool> SendAll(const std::vector<PageTask*>& tasks);
  std::vector<bool> Apart(const std::vector<PageTask*>& tasks) const;
  std::vector<bool> SendTogether(const std::vector<PageTask*>& tasks);
  std::vector<bool> ReadTogether(const std::vector<PageTask*>& tasks, Result<HttpAnswer> answer);
  void TakeRefusal(const std::vector<PageTask*>& tasks, const Result<HttpAnswer>& answer);
  void TellAnswer(const PageTask& task, const HttpAnswer& answer) const;
  void TellFailure(const PageTask& task, Code why) const;
  static AccessRecord AccessOf(const PageTask& task);
  bool TakeAnswer(PageTask& task, HttpAnswer answer);
  bool TakeError(PageTask& task, const Error& error);
  /// The parts of a file must be of one version: the first that is seen.
  void AskForVersion(PageTask& task) const;
  Status CheckPart(const PageTask& task, const HttpAnswer& answer);
  bool AskAgainLater(PageTask& task, const HttpAnswer& answer);
  bool FitsBudget(const PageTask& task, std::chrono::milliseconds wait) const;
  bool PlanRetry(PageTask& task, std::chrono::milliseconds wait, WaitReason reason, bool for_all);
  void CountWait(PageTask& task, WaitReason reason, std::chrono::milliseconds wait);
  std::chrono::milliseconds BackOffFor(const PageTask& task, unsigned failures);

  const BrokerOptions& options_;
  HttpClient& client_;
  TokenSource& tokens_;
  Pacer& pacer_;
  Jitter jitter_;
  mutable std::mutex mutex_;
  std::map<std::string, ClassPace> classes_;     ///< under mutex_
  std::atomic<bool> batch_off_ = false;          ///< the service takes none
  std::atomic<unsigned> bad_batches_ = 0;        ///< in a row whose answers could not be used
  std::map<std::string, std::string> versions_;  ///< ETag of a file by its URL; under mutex_
};

/// The link or token that a worker points at, when it goes on with this read (link_policy.h).
Result<Ask> ReadLink(const ReadState& read, ByteSpan body, uint64_t offset, uint64_t length);
/// Counts a page that is to be asked for. kDenied when it was asked for before in this read,
/// kLimitExceeded above `max_pages`.
Status CountLink(ReadState& read, const Ask& ask, uint32_t max_pages);

/// Statuses that ask for slowing down, and all that may be answered better the next time.
bool IsThrottle(uint32_t status);
bool IsWorthAnother(uint32_t status);

/// A result that never left the process.
ReadResult Refusal(const ReadState& read, const Url& url, Reason reason, std::string detail);

}  // namespace assay::broker
