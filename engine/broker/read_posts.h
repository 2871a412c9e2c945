// The closed list of POSTs that only read. A manifest can name one of them, never add one.
#pragma once

#include <string>
#include <string_view>

#include "model/manifest.h"

namespace assay::broker {

/// A query that its service takes as POST. The broker writes its body.
struct ReadPost {
  std::string_view id;  ///< "policy-states-query"
  ServiceHost host;
  std::string_view path;  ///< template; "{}" stands for one parameter
  std::string_view api_version;
  std::string_view body;  ///< constant; empty: Content-Length 0
};

/// The entry of that id, null when there is none. Lives as long as the process. [any thread]
const ReadPost* FindReadPost(std::string_view id);

}  // namespace assay::broker
