// Arbitrary heads, gzip streams, tokens and dates: parsed without a crash and within their bounds.
#include "broker/body_sink.h"
#include "broker/consent.h"
#include "broker/http_head.h"
#include "broker/retry.h"

using namespace assay;
using namespace assay::broker;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteSpan bytes(data, size);
  if (const auto head = ParseHead(AsText(bytes))) {
    ASSAY_ASSERT(head->fields.size() <= kMaxFields, "fields are bounded");
    (void)FramingOf(*head);
    (void)RetryAfterOf(*head, FromUnixMs(1'700'000'000'000));
  }
  BodySink sink("gzip", 4096);
  if (sink.Append(bytes)) {
    const auto body = sink.Finish();
    ASSAY_ASSERT(!body || body->size() <= 4096, "decoded body is bounded");
  }
  (void)ReadClaims(AsText(bytes));
  return 0;
}
