// Pacing by throttle bucket: the slow corners of Graph and ARM get their own minimum distance
// between requests, and what one request was told to wait holds for all others of its bucket.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "base/time.h"
#include "broker/url_policy.h"

namespace assay::broker {

/// One throttle bucket of a service; facts from the services' published limits.
struct PaceRule {
  std::string_view name;
  std::chrono::milliseconds distance;  ///< least time between two requests
};

/// The rule for a request: by service and decoded path. Never fails: the widest bucket takes the
/// rest. [any thread]
const PaceRule& PaceRuleOf(ServiceHost host, const std::vector<std::string>& segments);

/// [any thread]
class Pacer {
 public:
  /// `enforce_distance` is off for loopback clouds: a demo or test server has no limits to respect.
  explicit Pacer(bool enforce_distance) : enforce_distance_(enforce_distance) {}

  /// Takes the bucket's next slot and says how long to wait for it. `penalty` gets the part of the
  /// wait that the service asked for.
  std::chrono::milliseconds Reserve(const PaceRule& rule, Timestamp now,
                                    std::chrono::milliseconds* penalty);
  /// Nobody of this bucket sends before `until`.
  void Hold(const PaceRule& rule, Timestamp until);

 private:
  struct Bucket {
    Timestamp next{}, held_until{};
  };
  const bool enforce_distance_;
  std::mutex mutex_;
  std::map<std::string_view, Bucket> buckets_;
};

}  // namespace assay::broker
