// Content is none of our business: mail bodies, files, chats and secrets are refused by path, even
// when a manifest asks, a grant allows and the token could.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/manifest.h"

namespace assay::broker {

/// kDenied with id AS-SBX-004 when a decoded path segment, an $expand or a $select reaches content.
/// `query` is decoded. [any thread]
Status CheckContent(ServiceHost host, const std::vector<std::string>& segments,
                    const std::vector<std::pair<std::string, std::string>>& query);

}  // namespace assay::broker
