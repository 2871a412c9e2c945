// Several reads of Microsoft Graph in one request: what may be written into it, and what of its
// answer belongs to which read. The one POST of Graph that may leave the process, and it holds
// nothing but GETs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "broker/http_client.h"
#include "broker/url_policy.h"

namespace assay::broker {

/// As many as Graph takes.
inline constexpr size_t kMostInBatch = 20;
/// What an answer may hold together; each page of one that holds more is asked for alone.
inline constexpr uint64_t kMaxBatchBytes = 8u << 20;

/// One read inside.
struct BatchPart {
  Url url;  ///< as it would be asked for alone
  std::string client_request_id;
};

/// The address of the batch that carries `part`: of its version. [any thread]
Url BatchUrl(const Url& part);

/// The body: GETs with ids from 1. kDenied when a part is not of the version and origin of `batch`,
/// or holds a character that has no place in it. [any thread]
Result<std::string> WriteBatch(const Url& batch, const std::vector<BatchPart>& parts);

/// The last gate before a socket, which trusts nothing that was written: origin as configured, a
/// batch of Graph, and a body of the one form, each member of it a GET. kDenied. [any thread]
Status CheckBatch(const Cloud& cloud, const HttpRequest& request);

/// What the answer to a batch holds for each part, in their order: an answer as if it had come
/// alone, its body byte for byte as it stands inside; nothing where the part has none that can be
/// told from others'. kCorrupt when the whole is not an answer to this batch. [any thread]
Result<std::vector<std::optional<HttpAnswer>>> ReadBatch(const HttpAnswer& whole, size_t parts);

}  // namespace assay::broker
