// Keys of assay.config/1 that tell of the identity of the run: what its token said before the first
// read. A host that does not tell gives no values.
#pragma once

#include <string_view>

namespace assay {

/// The application (client) id; one value.
inline constexpr std::string_view kIdentityAppId = "identity.app_id";
/// Names of the permissions that the token holds or the directory has granted.
inline constexpr std::string_view kIdentityPermissions = "identity.permissions";

}  // namespace assay
