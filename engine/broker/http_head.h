// The head of an HTTP/1.1 answer, parsed strictly and within bounds, and the body framing it
// declares.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace assay::broker {

inline constexpr size_t kMaxHeadBytes = 64 * 1024;
inline constexpr size_t kMaxFieldBytes = 8 * 1024;
inline constexpr size_t kMaxFields = 100;

struct HttpHead {
  uint32_t status = 0;
  std::vector<std::pair<std::string, std::string>> fields;  ///< names as sent, values trimmed

  /// Value of the first field of that name (any case), nothing when there is none. [any thread]
  std::optional<std::string> Find(std::string_view name) const;
  /// How many fields have that name.
  size_t Count(std::string_view name) const;
};

/// Parses a head with its last empty line. kCorrupt names the fault; kLimitExceeded the bound.
/// [any thread]
Result<HttpHead> ParseHead(std::string_view text);

/// How the body ends. There is no "until the connection closes": that cannot be told from a cut.
struct BodyFraming {
  bool chunked = false;
  uint64_t length = 0;  ///< without chunked
  std::string coding;   ///< "gzip" or ""
};

/// Exactly one of Content-Length and "Transfer-Encoding: chunked"; 204 and 304 have no body.
/// kCorrupt names the contradiction; kUnsupported an unknown coding. [any thread]
Result<BodyFraming> FramingOf(const HttpHead& head);

}  // namespace assay::broker
