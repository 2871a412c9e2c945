// From a declared endpoint and typed parameters to the one request that may be sent for it. The
// first lock of the read-only promise: what is not built here cannot leave the process.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "broker/broker.h"
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
  std::string body;                   ///< of a POST; written here, never by a plugin
  std::vector<std::string> segments;  ///< decoded path segments
  std::string range;                  ///< of a file read in parts, else empty
  std::string service_version;        ///< x-ms-version of storage, else empty
  std::vector<std::pair<std::string, std::string>> first_query;  ///< decoded
};

/// Builds the first request of a read. kInvalidInput (parameter missing, unknown or not of its
/// type), kDenied (path, version, POST outside the compiled list; AS-SBX-004 for content),
/// kLimitExceeded. [any thread]
Result<Plan> BuildPlan(const Cloud& cloud, const EndpointSpec& spec, const Params& params);

/// The last gate before a socket: GET, or POST of a read that the compiled list names; origin as
/// configured. kDenied. [any thread]
Status CheckOutgoing(const Cloud& cloud, const EndpointSpec& spec, std::string_view method,
                     const Url& url);

/// A value of a path parameter: what it may hold by its type. kInvalidInput. [any thread]
Status CheckParam(const ParamSpec& spec, std::string_view value);

}  // namespace assay::broker
