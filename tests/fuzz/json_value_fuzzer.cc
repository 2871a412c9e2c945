// Arbitrary bytes as one JSON value: no crash, and what our own strict reader takes is taken.
#include "proof/canonical_json.h"
#include "proof/json_value.h"

using namespace assay;
using namespace assay::proof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteSpan bytes(data, size);
  const Status one = CheckOneJsonValue(bytes);
  if (ReadJson(AsText(bytes))) ASSAY_ASSERT(one, "canonical JSON is one value");
  if (!one) return 0;
  // One value with anything before or behind it is none.
  const std::string text(AsText(bytes));
  ASSAY_ASSERT(!CheckOneJsonValue(AsBytes(text + "]")), "nothing may follow");
  ASSAY_ASSERT(!CheckOneJsonValue(AsBytes("{" + text)), "nothing may stand before");
  ASSAY_ASSERT(!CheckOneJsonValue(AsBytes(text + " ")), "white space does not belong to it");
  return 0;
}
