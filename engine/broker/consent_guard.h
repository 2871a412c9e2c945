// The consent guard as a state: judges every token before it may be used, and once, before the
// first read, what directory and Azure say. Nothing of a service is read before it has passed.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "broker/consent.h"
#include "broker/guard_reads.h"
#include "broker/page_fetch.h"
#include "broker/token_source.h"

namespace assay::broker {

class ConsentGuard {
 public:
  /// All four must outlive it.
  ConsentGuard(const BrokerOptions& options, TokenSource& tokens, PageFetcher& fetcher,
               HttpClient& client)
      : options_(options), tokens_(tokens), fetcher_(fetcher), client_(client) {}

  /// The token source's vet: judges one token by itself. A token that cannot be read is let through
  /// for the guard's own reads only. [any thread]
  Status Vet(ServiceHost host, std::string_view token);
  /// As Broker::CheckConsent. [one thread]
  Result<Consent> Check(bool needs_arm);
  /// As Broker::TakeGuardReads. [one thread]
  std::vector<ReadResult> TakeReads() { return std::move(reads_); }
  /// Whether reads of this service may start. [any thread]
  bool passed(ServiceHost host) const {
    return host == ServiceHost::kArm ? arm_passed_ : graph_passed_;
  }

 private:
  Status VetResource(ServiceHost host, std::string_view token);
  Result<Consent> JudgeGraph(GuardReads& reads);
  Status JudgeAzure(GuardReads& reads, Consent& consent);

  const BrokerOptions& options_;
  TokenSource& tokens_;
  PageFetcher& fetcher_;
  HttpClient& client_;

  std::mutex mutex_;
  std::optional<TokenClaims> claims_;  ///< of the newest Graph token; none: not readable
  std::string unreadable_;             ///< why not
  std::atomic<bool> graph_passed_ = false, arm_passed_ = false;
  std::vector<ReadResult> reads_;
};

}  // namespace assay::broker
