// The consent guard as a state: judges every token before it may be used, and once, before the
// first read, what directory and Azure say. Nothing of a service is read before it has passed.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
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
  /// The token source's admission: a token that came after the guard had passed and tells nothing
  /// by itself is judged by what directory says of it now, before any read goes on with it. Others
  /// wait meanwhile. [any thread]
  Status Admit(ServiceHost host);
  /// As Broker::CheckConsent. [one thread]
  Result<Consent> Check(bool needs_arm);
  /// As Broker::TakeGuardReads. [one thread]
  std::vector<ReadResult> TakeReads() {
    const std::lock_guard lock(mutex_);
    return std::exchange(reads_, {});
  }
  /// Whether reads of this service may start. [any thread]
  bool passed(ServiceHost host) const {
    return host == ServiceHost::kArm ? arm_passed_ : graph_passed_;
  }
  /// Subscriptions that the management groups of the configuration come down to; nothing before
  /// the guard has passed. [any thread]
  const std::set<std::string>* scope() const { return arm_passed_ ? &scope_ : nullptr; }

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
  std::atomic<bool> unjudged_ = false;  ///< a renewed token is opaque
  std::mutex admission_;
  std::atomic<std::thread::id> asker_{};  ///< who judges it
  std::vector<ReadResult> reads_;
  std::set<std::string> scope_;  ///< fixed once arm_passed_
};

}  // namespace assay::broker
