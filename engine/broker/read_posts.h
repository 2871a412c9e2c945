// The closed list of POSTs that only read. A manifest can name one of them, never add one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/manifest.h"

namespace assay::broker {

/// A query that its service takes as POST. The broker writes its body.
struct ReadPost {
  std::string_view id;  ///< "policy-states-query"
  ServiceHost host;
  std::string_view path;  ///< template; "{}" stands for one parameter
  std::string_view api_version;
  std::string_view query;  ///< of Resource Graph; empty: no body, Content-Length 0
};

/// The entry of that id, null when there is none. Lives as long as the process. [any thread]
const ReadPost* FindReadPost(std::string_view id);

/// What changes in the body of a Resource Graph query from one request to the next.
struct QueryParts {
  std::vector<std::string> subscriptions;  ///< GUIDs in lower case
  std::string skip_token;                  ///< of the page before; empty for the first page
};

/// The body of a request: empty for a post without a query. [any thread]
std::string WriteQuery(const ReadPost& post, const QueryParts& parts);

/// The parts of a body that WriteQuery wrote for this post; nothing when it wrote no such body.
/// [any thread]
std::optional<QueryParts> ReadQuery(const ReadPost& post, std::string_view body);

/// The longest continuation token that is carried on.
inline constexpr size_t kMaxSkipTokenBytes = 8192;

/// A continuation token is opaque: visible ASCII that needs no escape in JSON. kDenied. [any
/// thread]
Status CheckSkipToken(std::string_view token);

/// The GUIDs of a list with commas between, in lower case, none twice, at most kMaxGuids.
/// kInvalidInput. [any thread]
Result<std::vector<std::string>> SplitGuids(std::string_view list);

}  // namespace assay::broker
