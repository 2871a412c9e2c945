// Which pages belong to one read: told from their URLs, since a page names its endpoint only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/bench.h"

namespace assay::kit {

struct ReadPages {
  const EndpointSpec* endpoint = nullptr;
  broker::Params params;
  std::vector<const KeptPage*> pages;  ///< in order; they live in the trace
};

/// The reads of a trace in the order of their first pages. Refused pages are left out.
std::vector<ReadPages> ReadsOf(const Manifest& manifest, const Trace& trace);

/// The parameters when `path` (encoded) has the form of the endpoint's template.
std::optional<broker::Params> FitPath(const EndpointSpec& endpoint, const std::string& path);

/// The same, with the parameters that stand in `query` (encoded; a continuation has none of them)
/// and the list of subscriptions that the body of a query holds; nothing when the body is not one
/// of the endpoint's.
std::optional<broker::Params> FitRequest(const EndpointSpec& endpoint, const std::string& path,
                                         std::string_view query, std::string_view body);

/// "@odata.nextLink", "nextLink", "$skipToken", or nothing for endpoints of one page.
std::string_view PagingKeyOf(Paging paging);

/// A continuation of the read that began with `first_url`, as its service would write it.
std::string LinkTo(Paging paging, const std::string& first_url, const std::string& token);

}  // namespace assay::kit
