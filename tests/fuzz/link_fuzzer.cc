// Arbitrary bodies and ranges: whatever link is accepted stays within the read that it continues.
#include <cstring>

#include "base/text.h"
#include "broker/link_policy.h"

using namespace assay;
using namespace assay::broker;

namespace {

Plan MakePlan() {
  EndpointSpec spec;
  spec.id = "fuzz";
  spec.version = "v1.0";
  spec.path = "/users/{id}/owners";
  spec.params = {{"id", ParamType::kSegment}};
  spec.query = {{"$select", "id,mail"}, {"$expand", "manager($select=id)"}};
  spec.paging = Paging::kOdata;
  return BuildPlan(*BuiltInCloud("global"), spec, {{"id", "u1"}}).value();
}

void Follow(const Plan& plan, std::string_view link) {
  const auto url = CheckLink(plan, link);
  if (!url) return;
  ASSAY_ASSERT(url->SameOrigin(plan.url), "origin is kept");
  for (const char c : url->ToString())
    ASSAY_ASSERT(c > 0x20 && c < 0x7f, "nothing can split a request");
  const auto decoded = PercentDecode(url->path);
  ASSAY_ASSERT(decoded && EqualsIgnoreCase(*decoded, plan.url.path), "path is kept");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Plan plan = MakePlan();
  Follow(plan, AsText({data, size}));
  Follow(plan,
         "https://graph.microsoft.com/v1.0/users/u1/owners?" + std::string(AsText({data, size})));
  if (size < 4) return 0;
  uint16_t offset, length;
  std::memcpy(&offset, data, 2);
  std::memcpy(&length, data + 2, 2);
  const ByteSpan body(data + 4, size - 4);
  if (const auto link = ExtractLink(body, offset, length, Paging::kOdata)) Follow(plan, *link);
  // The range of every string that the key stands before.
  const std::string_view text = AsText(body);
  constexpr std::string_view kKey = "\"@odata.nextLink\":";
  if (const size_t at = text.find(kKey); at != text.npos)
    if (const auto link =
            ExtractLink(body, at + kKey.size(), text.size() - at - kKey.size(), Paging::kOdata))
      Follow(plan, *link);
  return 0;
}
