// Arbitrary payloads of every message type: the first byte names the type, the rest is parsed. What
// is accepted can be written again, and reads as the same message.
#include "ipc/messages.h"
#include "ipc/row.h"

using namespace assay;
using namespace assay::ipc;

namespace {

template <typename Parse, typename Write>
void RoundTrip(ByteSpan payload, Parse parse, Write write) {
  const auto first = parse(payload);
  if (!first) return;
  const ByteVector written = write(*first);
  const auto second = parse(ByteSpan(written));
  ASSAY_ASSERT(second.has_value(), "what was accepted can be written and read");
  ASSAY_ASSERT(write(*second) == written, "and stays what it was");
}

template <typename Parse>
void RoundTrip(ByteSpan payload, Parse parse) {
  RoundTrip(payload, parse, [](const auto& message) { return Encode(message); });
}

void ReadRows(ByteSpan payload) {
  const auto rows = ParseRows(payload);
  if (!rows) return;
  Reader in(rows->rows);
  Row row;
  while (ParseRow(in, 3, row)) ASSAY_ASSERT(row.values.size() == 3, "a row has its columns");
}

void FromWorker(Type type, ByteSpan payload) {
  switch (type) {
    case Type::kHello:
      return RoundTrip(payload, ParseHello);
    case Type::kLog:
      return RoundTrip(payload, ParseLog);
    case Type::kDone:
      return RoundTrip(payload, ParseDone);
    case Type::kRequest:
      return RoundTrip(payload, ParseRequest);
    case Type::kMarks:
      return RoundTrip(payload, ParseMarks);
    case Type::kNextPage:
      return RoundTrip(payload, ParseNextPage);
    case Type::kPageDone:
      return RoundTrip(payload, ParsePageDone, EncodePageDone);
    case Type::kDatasetState:
      return RoundTrip(payload, ParseDatasetState);
    case Type::kBatch:
      return RoundTrip(payload, ParseBatch);
    case Type::kCounts:
      return RoundTrip(payload, ParseCounts);
    case Type::kSealed:
      return RoundTrip(payload, ParseSealed, EncodeSealed);
    case Type::kCheckResult:
      return RoundTrip(payload, ParseCheckResult);
    case Type::kControlResult:
      return RoundTrip(payload, ParseControlResult);
    case Type::kObservations:
      return RoundTrip(payload, ParseObservations,
                       [](const auto& m) { return EncodeObservations(m.first, m.second); });
    default:
      return;
  }
}

void FromEngine(Type type, ByteSpan payload) {
  switch (type) {
    case Type::kInit:
      return RoundTrip(payload, ParseInit);
    case Type::kPage:
      return RoundTrip(payload, ParsePage);
    case Type::kViews:
      return RoundTrip(payload, ParseViews);
    case Type::kCheck:
      return RoundTrip(payload, ParseCheck, EncodeCheck);
    case Type::kSchema:
      return RoundTrip(payload, ParseDataset,
                       [](const auto& m) { return EncodeDataset(m.first, m.second); });
    case Type::kRows:
      return ReadRows(payload);
    case Type::kControls:
      return RoundTrip(payload, ParseControls,
                       [](const auto& m) { return EncodeControls(m.first, m.second); });
    default:
      return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Type type{data[0]};
  FromWorker(type, {data + 1, size - 1});
  FromEngine(type, {data + 1, size - 1});
  return 0;
}
