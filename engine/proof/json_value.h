// Is this exactly one JSON value? Asked of a record before it is shown alone: marks are a
// collector's claim (docs/decisions/0031-record-check-without-worker.md). Nothing is built and
// nothing is kept: the bytes are looked at once, without recursion.
#pragma once

#include "base/bytes.h"

namespace assay::proof {

constexpr size_t kMaxValueDepth = 512;

/// kInvalidInput with the byte offset unless `bytes` is one JSON value (RFC 8259, UTF-8 without a
/// byte order mark) and nothing else, white space around it included. Names that stand twice are
/// not looked for. kLimitExceeded above kMaxValueDepth. [any thread]
Status CheckOneJsonValue(ByteSpan bytes);

}  // namespace assay::proof
