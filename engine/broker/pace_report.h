// Where a run's time went while nothing was read: what requests waited for, by throttle class.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace assay::broker {

/// Why a request is not sent at once.
enum class WaitReason : uint8_t {
  kBudget,      ///< our own budget of its throttle class
  kQuota,       ///< the service said how little is left
  kRetryAfter,  ///< the service said how long (429, 503)
  kBackOff,     ///< throttled, or failed, without a word on how long
};

/// "budget", "quota", "retry-after", "back-off". [any thread]
constexpr const char* Name(WaitReason reason) {
  switch (reason) {
    case WaitReason::kBudget:
      return "budget";
    case WaitReason::kQuota:
      return "quota";
    case WaitReason::kRetryAfter:
      return "retry-after";
    case WaitReason::kBackOff:
      return "back-off";
  }
  return "";
}

/// One wait that is worth telling.
struct WaitNote {
  std::string endpoint;
  std::string throttle;  ///< class
  WaitReason reason = WaitReason::kBudget;
  std::chrono::milliseconds wait{0};
  int http_status = 0;  ///< of the answer before, 0 without one
};

/// What became of one throttle class. Waits of requests that wait together are all counted.
struct ClassPace {
  uint64_t requests = 0;
  uint64_t throttled = 0;  ///< answers 429 and 503
  std::map<WaitReason, std::chrono::milliseconds> waited;
};

struct PaceReport {
  std::map<std::string, ClassPace> classes;
  /// Time in which nothing was under way and everything that was wanted had to wait.
  std::chrono::milliseconds idle{0};
};

}  // namespace assay::broker
