// The continuation link that a worker points at: whether these bytes are one, and whether it may be
// followed. Here, for listings of storage in export_source.h and for batches in graph_batch.h, the
// engine looks into a response body; nowhere else.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "broker/url_policy.h"

namespace assay::broker {

/// The text of the JSON string literal at [offset, offset + length) of `body`, escapes undone, when
/// the paging key of `paging` stands directly before it. kDenied says why not; never quotes the
/// body. [any thread]
Result<std::string> ExtractLink(ByteSpan body, uint64_t offset, uint64_t length, Paging paging);

/// The URL of `link` when it goes on with the read of `plan`: same origin, same path (ASCII case
/// ignored), nothing more selected or expanded. kDenied, kLimitExceeded. [any thread]
Result<Url> CheckLink(const Plan& plan, std::string_view link);

}  // namespace assay::broker
