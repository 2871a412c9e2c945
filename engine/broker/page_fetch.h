// One page from first attempt to final outcome: token, pacing, sending, retries, the journal
// record.
#pragma once

#include <atomic>
#include <set>

#include "broker/broker.h"
#include "broker/http_client.h"
#include "broker/pacer.h"
#include "broker/token_source.h"
#include "broker/url_policy.h"

namespace assay::broker {

/// A read in progress. Normally one page of it is outstanding at a time; nothing breaks when a
/// caller asks for more.
struct ReadState {
  EndpointSpec spec;                   ///< fixed after Start
  Plan plan;                           ///< fixed after Start
  std::set<std::string> seen;          ///< URLs that were asked for; under the broker's mutex
  uint32_t pages = 0;                  ///< under the broker's mutex
  std::atomic<int64_t> waited_ms = 0;  ///< for throttling, over all pages
};

/// Fetches pages for the broker's threads. [any thread]
class PageFetcher {
 public:
  PageFetcher(const BrokerOptions& options, HttpClient& client, TokenSource& tokens, Pacer& pacer)
      : options_(options), client_(client), tokens_(tokens), pacer_(pacer) {}

  /// Runs until there is a final outcome; never fails otherwise.
  ReadResult Fetch(ReadState& read, const Url& url);

 private:
  struct Attempt;
  /// One request. True when the result in `attempt` is final.
  bool Try(Attempt& attempt);
  bool TakeAnswer(Attempt& attempt, HttpAnswer answer);
  bool TakeError(Attempt& attempt, const Error& error);
  /// True when the result is final: cancelled, or the wait exceeds the budget.
  bool WaitForSlot(Attempt& attempt);
  bool FitsBudget(const Attempt& attempt, std::chrono::milliseconds wait) const;
  /// Holds the bucket for `wait`; false when budget or attempts are used up.
  bool PlanRetry(Attempt& attempt, std::chrono::milliseconds wait, uint32_t status);

  const BrokerOptions& options_;
  HttpClient& client_;
  TokenSource& tokens_;
  Pacer& pacer_;
};

/// The URL of the link that a worker points at, when it goes on with this read (link_policy.h).
Result<Url> ReadLink(const ReadState& read, ByteSpan body, uint64_t offset, uint64_t length);
/// Counts a link that is to be followed. kDenied when it was seen before in this read,
/// kLimitExceeded above `max_pages`.
Status CountLink(ReadState& read, const Url& url, uint32_t max_pages);

/// A result that never left the process.
ReadResult Refusal(const ReadState& read, const Url& url, Reason reason, std::string detail);

}  // namespace assay::broker
