// How long to wait before the next attempt: the service's word first, then back-off with jitter.
#pragma once

#include <chrono>
#include <optional>

#include "base/time.h"
#include "broker/http_head.h"

namespace assay::broker {

/// Retry-After in seconds or as an HTTP date, and the largest of ARM's own retry-after fields
/// ("x-ms-ratelimit-...-retry-after"). Nothing when absent or unreadable. [any thread]
std::optional<std::chrono::milliseconds> RetryAfterOf(const HttpHead& head, Timestamp now);

/// Back-off before attempt `attempt` + 1 (first failure: 1): 2 s doubling, at most 120 s, of which
/// the upper half is random, so that many readers do not come back together. [any thread]
std::chrono::milliseconds BackOff(unsigned attempt);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 IMF-fixdate). [any thread]
std::optional<Timestamp> ParseHttpDate(std::string_view text);

}  // namespace assay::broker
