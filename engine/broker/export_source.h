// Where the tenant's cost exports lie: a container of Azure Storage, or a folder of this machine
// that answers as one. What host "blob" of a manifest means.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "broker/broker.h"
#include "broker/http_head.h"
#include "broker/url.h"

namespace assay::broker {

/// The origin that stands for the folder of this machine; no name server knows it.
inline constexpr std::string_view kFolderHost = "exports.invalid";

/// Whether the exports lie in a folder of this machine. [any thread]
bool IsFolder(const ExportSource& exports);

/// The container's address: origin, and its name as the one path segment. kUnsupported when no
/// export is configured; kInvalidInput, kDenied when the address is not one of the cloud's storage.
/// [any thread]
Result<Url> ContainerUrl(const Cloud& cloud);

/// Makes `cloud` one whose container is `url`, as ContainerUrl gave it before: for a replay, that
/// opens nothing. [any thread]
void RestoreExports(Cloud& cloud, const std::string& url, const std::string& prefix);

/// Base URL of a service of the cloud, without a path. Errors as ContainerUrl. [any thread]
Result<Url> BaseOf(const Cloud& cloud, ServiceHost host);

/// Name of a file within the container: at most 1,024 bytes, below the configured prefix, no empty
/// or dot segments. kInvalidInput, kDenied. [any thread]
Status CheckBlobName(const ExportSource& exports, std::string_view name);

/// The bytes to ask for from `offset`, a multiple of kRangeBytes in digits: "bytes=0-8388607".
/// kInvalidInput. [any thread]
Result<std::string> RangeAt(std::string_view offset);

/// Whether an answer with 206 (or 200, when that is the whole) holds exactly the bytes that were
/// asked for. kUnavailable says why not. [any thread]
Status CheckRangeAnswer(std::string_view range, const HttpHead& head, uint64_t body_bytes);

/// The value of the <NextMarker> element that stands at [offset, offset + length) of a listing.
/// kDenied says why it is none; never quotes it. [any thread]
Result<std::string> ExtractMarker(ByteSpan body, uint64_t offset, uint64_t length);

}  // namespace assay::broker
