// What a plugin wants, as an administrator grants it: one canonical line for each read, for each
// class of data that no read gives, and for each limit above the default
// (docs/formats/plugin-package.md, "Read set"). Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "model/manifest.h"

namespace assay::assess {

/// "graph:GET /v1.0/users": an endpoint as `grants` in assay.toml names it. [any thread]
std::string ReadName(const EndpointSpec& endpoint);

/// The lines of a manifest's read set: sorted by bytes, none twice. [any thread]
std::vector<std::string> ReadLines(const Manifest& manifest);
/// The whole text that a grant digest is of. [any thread]
std::string CanonicalReadSet(const std::string& id, const std::vector<std::string>& lines);
/// SHA-256 of that text. [any thread]
Digest GrantDigest(const std::string& id, const std::vector<std::string>& lines);

/// What stands between a grant and a wish. Both lists are sorted, as ReadLines gives them. A limit
/// is within the grant of the same one or a larger.
struct ReadDifference {
  std::vector<std::string> added;    ///< wanted, not granted
  std::vector<std::string> kept;     ///< wanted and granted
  std::vector<std::string> removed;  ///< granted, not wanted any more
};
/// "LIMIT memory_bytes=2147483648" as a name and a number; nothing for any other line.
std::optional<std::pair<std::string_view, uint64_t>> LimitOf(std::string_view line);
ReadDifference CompareReads(const std::vector<std::string>& granted,
                            const std::vector<std::string>& wanted);

}  // namespace assay::assess
