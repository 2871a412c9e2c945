// One page from first attempt to final outcome: token, pacing, sending, retries, the journal record.
#pragma once

#include <set>

#include "broker/broker.h"
#include "broker/http_client.h"
#include "broker/pacer.h"
#include "broker/token_source.h"
#include "broker/url_policy.h"

namespace assay::broker {

/// A read in progress. One page of it is outstanding at a time.
struct ReadState {
  EndpointSpec spec;
  Plan plan;
  std::set<std::string> seen;  ///< URLs that were asked for
  uint32_t pages = 0;
  std::chrono::milliseconds waited{0};  ///< for throttling, over all pages
};

/// Fetches pages for the broker's threads. [any thread]
class PageFetcher {
 public:
  PageFetcher(const BrokerOptions& options, HttpClient& client, TokenSource& tokens, Pacer& pacer)
      : options_(options), client_(client), tokens_(tokens), pacer_(pacer) {}

  /// Runs until there is a final outcome; never fails otherwise. `read` is touched by one thread at a time.
  ReadResult Fetch(ReadState& read, const Url& url);

 private:
  struct Attempt;
  /// One request. True when the result in `attempt` is final.
  bool Try(Attempt& attempt);
  bool TakeAnswer(Attempt& attempt, HttpAnswer answer);
  bool TakeError(Attempt& attempt, const Error& error);
  bool WaitForSlot(Attempt& attempt);
  /// Holds the bucket for `wait`; false when budget or attempts are used up.
  bool PlanRetry(Attempt& attempt, std::chrono::milliseconds wait, uint32_t status);

  const BrokerOptions& options_;
  HttpClient& client_;
  TokenSource& tokens_;
  Pacer& pacer_;
};

/// A result that never left the process.
ReadResult Refusal(const ReadState& read, const Url& url, Reason reason, std::string detail);

}  // namespace assay::broker
