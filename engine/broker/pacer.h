// Pacing: who may send now, and who waits for what. Budgets by throttle class, what the services
// say of their own limits, and as many requests at once as a host bears.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "base/time.h"
#include "broker/http_head.h"
#include "broker/pace_report.h"
#include "broker/throttle_class.h"

namespace assay::broker {

/// Whose budget a request takes, and how much of it.
struct PaceKey {
  const ThrottleClass* throttle = nullptr;
  std::string scope;  ///< subscription, or ""
  uint32_t cost = 1;
  ServiceHost host = ServiceHost::kGraph;
};

/// What a request was told when it asked to be sent.
struct PaceAnswer {
  enum class Kind {
    kGo,     ///< budget and place are taken; Done() must follow
    kWait,   ///< ask again at `at`
    kCrowd,  ///< ask again when another request has ended
  };
  Kind kind = Kind::kGo;
  Timestamp at{};
  WaitReason reason = WaitReason::kBudget;  ///< of the wait
  std::chrono::milliseconds penalty{0};     ///< part of the wait that a refusal asked for
};

/// [any thread]
class Pacer {
 public:
  /// `enforce_budgets` is off for loopback clouds: a demo or test server has no limits to respect.
  /// What a server says is respected either way. `concurrency`: requests at once for each host.
  Pacer(bool enforce_budgets, unsigned concurrency)
      : enforce_budgets_(enforce_budgets), most_(concurrency) {}

  PaceAnswer Ask(const PaceKey& key, Timestamp now);
  /// The same for a read that goes in a request which has its place already: takes budget only,
  /// and no Done() follows.
  PaceAnswer AskToJoin(const PaceKey& key, Timestamp now);
  /// The request ended, whatever became of it. `throttled`: 429 or 503.
  void Done(const PaceKey& key, bool throttled, Timestamp now);
  /// Nobody of this budget sends before `until`.
  void Hold(const PaceKey& key, Timestamp until, WaitReason reason);
  /// Reads what an answer's head says of the limits: what is left of a quota and what the request
  /// cost.
  void Learn(const PaceKey& key, const HttpHead& head, Timestamp now);
  /// Requests that `host` may have at once now.
  unsigned LimitOf(ServiceHost host) const;

 private:
  struct Budget {
    std::deque<std::pair<Timestamp, uint32_t>> taken;  ///< oldest first
    Timestamp held_until{};
    WaitReason held_for = WaitReason::kRetryAfter;
    uint32_t in_flight = 0;
  };
  /// Additive increase, multiplicative decrease.
  struct Lane {
    double limit = 0;
    uint32_t in_flight = 0;
    Timestamp lowered{};
  };

  Budget& BudgetOf(const PaceKey& key) { return budgets_[{key.throttle->name, key.scope}]; }
  Lane& LaneOf(ServiceHost host) {
    return lanes_.try_emplace(host, Lane{double(most_)}).first->second;
  }
  void HoldLocked(Budget& budget, Timestamp until, WaitReason reason);
  PaceAnswer WhenFree(const Budget& budget, const PaceKey& key, Timestamp now) const;
  void Take(Budget& budget, const PaceKey& key, Timestamp now) const;

  const bool enforce_budgets_;
  const unsigned most_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string_view, std::string>, Budget> budgets_;
  std::map<ServiceHost, Lane> lanes_;
};

/// When `cost` tokens are free in `window`, given what was `taken`. [any thread]
Timestamp FreeAt(const std::deque<std::pair<Timestamp, uint32_t>>& taken,
                 const BudgetWindow& window, uint32_t cost, Timestamp now);

}  // namespace assay::broker
