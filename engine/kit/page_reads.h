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

/// "@odata.nextLink", "nextLink", or nothing for endpoints of one page.
std::string_view PagingKeyOf(Paging paging);

}  // namespace assay::kit
