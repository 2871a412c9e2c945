// How long to wait before the next attempt: the service's word first, then back-off with jitter.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "base/time.h"
#include "broker/http_head.h"

namespace assay::broker {

/// Retry-After in seconds or as an HTTP date, and the largest of ARM's own retry-after fields
/// ("x-ms-ratelimit-...-retry-after"). A date is measured by the service's own clock when the head
/// has a Date: clocks that differ would else make it hours. Nothing when absent or unreadable. [any
/// thread]
std::optional<std::chrono::milliseconds> RetryAfterOf(const HttpHead& head, Timestamp now);

/// Random numbers for waits; the same seed gives the same sequence. [any thread]
class Jitter {
 public:
  /// Without a seed: one from the system.
  explicit Jitter(std::optional<uint64_t> seed = std::nullopt);
  /// From 0 to `most`, both included, evenly.
  std::chrono::milliseconds UpTo(std::chrono::milliseconds most);

 private:
  std::mutex mutex_;
  uint64_t state_ = 0;
};

inline constexpr std::chrono::milliseconds kFirstBackOff{2'000}, kLongestBackOff{120'000};

/// Back-off before attempt `attempt` + 1 (first failure: 1): anything up to `first` doubled with
/// each failure, at most 120 s, so that many readers do not come back together. [any thread]
std::chrono::milliseconds BackOff(unsigned attempt, Jitter& jitter,
                                  std::chrono::milliseconds first = kFirstBackOff);
/// The same with jitter of its own, of which half is certain: for services without budgets. [any
/// thread]
std::chrono::milliseconds BackOff(unsigned attempt);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 IMF-fixdate). [any thread]
std::optional<Timestamp> ParseHttpDate(std::string_view text);

}  // namespace assay::broker
