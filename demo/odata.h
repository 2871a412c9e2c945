// The few OData words that the collectors use: $filter, $select, $expand, $top and continuation
// links.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "demo/http.h"
#include "demo/world.h"

namespace assay::demo {

/// `item` as a request with these $select and $expand texts sees it. [any thread]
Json Project(const Json& item, const Resource& resource, std::string_view select,
             std::string_view expand);

/// Whether `item` (or its `properties`) meets a flat filter: comparisons with eq, ne, ge or le
/// joined by `and` / `or` (and binds first), and atScope(). kInvalidInput names what is not
/// understood. [any thread]
Result<bool> Matches(const Json& item, std::string_view filter);

/// The name in World's table of what a query of Resource Graph asks for: the path, and the first
/// type that its text names. [any thread]
std::string ResourceGraphPath(const Request& request);

/// The body of one page of its answer: rows of the subscriptions that the request names. Token and
/// sizes are read where the service expects them, in the body. kInvalidInput. [any thread]
Result<std::string> ResourceGraphBody(const World& world, const Resource& resource,
                                      const Request& request);

/// The body of one page of a list for a request that stands at `base` + path. kInvalidInput:
/// filter, $top or $skiptoken is not usable. [any thread]
Result<std::string> ListBody(const World& world, const Resource& resource, const Request& request,
                             const std::string& base);

}  // namespace assay::demo
