// Arbitrary parameters and templates: whatever is built stays on the configured origin and splits
// nothing.
#include <algorithm>

#include "broker/url_policy.h"

using namespace assay;
using namespace assay::broker;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Cloud cloud = *BuiltInCloud("global");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t cut = std::min(text.find('\n'), text.size());
  EndpointSpec spec;
  spec.id = "fuzz";
  spec.version = "v1.0";
  const bool own_template = size > 0 && (data[0] & 1);
  spec.path = own_template ? std::string(text.substr(0, cut)) : "/users/{id}/owners";
  spec.params = {{"id", ParamType::kSegment}};
  spec.query = {{"$filter", std::string(text.substr(cut))}};
  const auto plan = BuildPlan(cloud, spec, {{"id", std::string(text.substr(0, cut))}});
  if (!plan) return 0;
  const Url& url = plan->url;
  ASSAY_ASSERT(url.tls && url.host == "graph.microsoft.com" && url.port == 443, "origin is kept");
  for (const char c : url.ToString())
    ASSAY_ASSERT(c > 0x20 && c < 0x7f, "nothing can split a request");
  ASSAY_ASSERT(url.path.starts_with("/v1.0/"), "version is kept");
  ASSAY_ASSERT(url.path.find("/../") == url.path.npos, "no dot segment");
  ASSAY_ASSERT(url.path.find("//") == url.path.npos, "no empty segment");
  // What was built must be acceptable to the stricter reader of foreign URLs.
  ASSAY_ASSERT(ParseForeignUrl(url.ToString()).has_value(), "own URLs are plain");
  return 0;
}
