// Requests and answers of the demo services as plain values, and what a percent-encoded query says.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "demo/world.h"

namespace assay::demo {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One request as it came in; nothing decoded.
struct Request {
  Host host = Host::kGraph;
  std::string method = "GET";
  std::string path;           ///< still percent-encoded, without the query
  std::string query;          ///< still percent-encoded, without '?'
  std::string authorization;  ///< whole header
  std::string body;
  std::string client_request_id;
  uint32_t seen = 0;  ///< how often the same method, path and query was asked before
};

/// What the services answer, before content coding.
struct Answer {
  int status = 200;
  Headers headers;
  std::string body;
};

/// Query parameters, decoded, in order. '+' is a space, as Graph reads it. [any thread]
std::vector<std::pair<std::string, std::string>> ParseQuery(std::string_view query);
/// The first value of a name (case ignored, as the services do), "" when missing. [any thread]
std::string QueryValue(std::string_view query, std::string_view name);
/// Percent-decoded; a broken escape stays as it is. [any thread]
std::string PercentDecode(std::string_view text, bool plus_is_space);
/// Percent-encodes everything but RFC 3986 unreserved characters. [any thread]
std::string PercentEncode(std::string_view text);

}  // namespace assay::demo
