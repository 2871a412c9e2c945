// Arbitrary text as canonical JSON: whatever is accepted is exactly what would be written.
#include "base/bytes.h"
#include "proof/canonical_json.h"

using namespace assay;
using namespace assay::proof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = AsText({data, size});
  if (const auto json = ReadJson(text)) {
    const auto written = WriteJson(*json);
    ASSAY_ASSERT(written && *written == text, "JSON that is read has one form");
  }
  if (const auto literal = WriteJsonString(text)) {
    const auto again = ReadJson(*literal);
    ASSAY_ASSERT(again && again->text() && *again->text() == text, "a string survives");
  }
  return 0;
}
