// Arbitrary text as each of the TOML files that come with a plugin: refused with a reason, or
// within its bounds.
#include "config/load.h"
#include "config/manifest_schema.h"

using namespace assay;
using namespace assay::config;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = AsText({data, size});
  if (const auto manifest = ParseManifest(text, "fuzz")) {
    ASSAY_ASSERT(manifest->endpoints.size() <= kMaxEndpoints, "endpoints are bounded");
    ASSAY_ASSERT(manifest->datasets.size() <= kMaxDatasets, "datasets are bounded");
  } else {
    ASSAY_ASSERT(!manifest.error().message.empty(), "a refusal has a reason");
  }
  (void)ParseChecks(text, "checks.toml", "fuzz");
  (void)ParseFramework(text, text, "fuzz");
  return 0;
}
