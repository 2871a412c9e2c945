// From a declared endpoint and typed parameters to the one request that may be sent for it. The
// first lock of the read-only promise: what is not built here cannot leave the process.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "broker/broker.h"
#include "broker/read_posts.h"
#include "broker/url.h"

namespace assay::broker {

/// A request that passed the policy. `segments` and `first_query` stay with the read, so that links
/// are compared with what was asked first.
struct Plan {
  std::string endpoint;
  ServiceHost host = ServiceHost::kGraph;
  Paging paging = Paging::kSingle;
  std::string method;  ///< "GET" | "POST"
  Url url;
  const ReadPost* post = nullptr;          ///< of a POST
  std::vector<std::string> subscriptions;  ///< of a query over several, in lower case
  std::vector<std::string> segments;       ///< decoded path segments
  std::string range;                       ///< of a file read in parts, else empty
  std::string service_version;             ///< x-ms-version of storage, else empty
  std::vector<std::pair<std::string, std::string>> first_query;  ///< decoded
};

/// What one page of a read is asked with.
struct Ask {
  Url url;
  std::string skip_token{};  ///< of Resource Graph; empty for the first page
};

/// The body of a request, written here and never by a plugin; empty for a GET. [any thread]
std::string BodyOf(const Plan& plan, const Ask& ask);

/// Builds the first request of a read. kInvalidInput (parameter missing, unknown or not of its
/// type), kDenied (path, version, POST outside the compiled list; AS-SBX-004 for content),
/// kLimitExceeded. [any thread]
Result<Plan> BuildPlan(const Cloud& cloud, const EndpointSpec& spec, const Params& params);

/// The last gate before a socket: GET without a body, or POST of a read that the compiled list
/// names with a body of its form; origin as configured. kDenied. [any thread]
Status CheckOutgoing(const Cloud& cloud, const EndpointSpec& spec, std::string_view method,
                     const Url& url, std::string_view body = {});

/// A value of a parameter: what it may hold by its type. kInvalidInput. [any thread]
Status CheckParam(const ParamSpec& spec, std::string_view value);

}  // namespace assay::broker
