// Reads the head and the body of one answer from a connection, strictly.
#pragma once

#include "broker/connection.h"
#include "broker/http_head.h"

namespace assay::broker {

/// Head of the final answer; at most 8 interim (1xx) ones are skipped. kUnavailable when the
/// connection ends in it, kCorrupt, kLimitExceeded.
Result<HttpHead> ReadHead(Connection& connection);
/// Body as `framing` says. Bytes after it are kCorrupt, an end in it is kUnavailable ("cut").
Result<ByteVector> ReadBody(Connection& connection, const BodyFraming& framing, uint64_t max_bytes);

}  // namespace assay::broker
