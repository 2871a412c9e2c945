// Arbitrary answers and bodies of batches: what is cut out of an answer lies in it and is an
// object, and no body but one of plain GETs passes the gate.
#include "base/text.h"
#include "broker/graph_batch.h"
#include "broker/json_scan.h"

using namespace assay;
using namespace assay::broker;

namespace {

void Read(ByteSpan bytes) {
  HttpAnswer whole;
  whole.head.status = 200;
  whole.body.assign(bytes.begin(), bytes.end());
  const auto answers = ReadBatch(whole, 3);
  if (!answers) return;
  ASSAY_ASSERT(answers->size() == 3, "one place for each read");
  for (const auto& answer : *answers) {
    if (!answer) continue;
    ASSAY_ASSERT(answer->head.status >= 200 && answer->head.status <= 599, "a final status");
    const std::string_view body = AsText(answer->body);
    ASSAY_ASSERT(AsText(bytes).find(body) != std::string_view::npos, "bytes of the answer");
    if (body.empty()) continue;
    JsonScan scan(body, 100);
    ASSAY_ASSERT(body.front() == '{' && scan.Value() == body, "one object and no more");
  }
}

void Send(ByteSpan bytes) {
  static const Cloud cloud = *BuiltInCloud("global");
  HttpRequest request;
  request.method = "POST";
  request.url = ParseBaseUrl(cloud.graph).value();
  request.url.path = "/v1.0/$batch";
  request.body = AsText(bytes);
  if (!CheckBatch(cloud, request)) return;
  JsonScan scan(request.body, 4);
  const bool gets = scan.Object([&](const std::string&) {
    return scan.Array([&] {
      return scan.Object([&](const std::string& name) {
        if (name != "method") return scan.Value().has_value();
        return scan.Text() == "GET";
      });
    });
  });
  ASSAY_ASSERT(gets && scan.AtEnd(), "every method is GET");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Read({data, size});
  Send({data, size});
  return 0;
}
