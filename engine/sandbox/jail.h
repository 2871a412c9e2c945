// The worker's private root: a read-only tmpfs that holds the plugin and nothing else.
#pragma once

#include "base/result.h"

namespace assay::sandbox {

/// Where the plugin lies in the jail.
inline constexpr const char* kJailPluginPath = "/plugin.so";

/// Makes a tmpfs, copies the sealed memfd `plugin_fd` into it (none when negative), makes it the
/// root, read-only, and drops every other mount. Needs CAP_SYS_ADMIN in a user and mount namespace
/// of its own. kDenied naming the step.
Status EnterJail(int plugin_fd);

}  // namespace assay::sandbox
