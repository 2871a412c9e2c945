// The worker's private root: a read-only tmpfs that holds the plugin and nothing else.
#pragma once

#include "base/result.h"

namespace assay::sandbox {

/// Where the plugin lies in the jail.
inline constexpr const char* kJailPluginPath = "/plugin.so";

/// Makes a tmpfs the root and drops every other mount. Needs CAP_SYS_ADMIN in a user and mount
/// namespace of its own, as FillJail does. kDenied naming the step.
Status EnterJail();
/// Copies the sealed memfd `plugin_fd` into the jail (none when negative) and makes it read-only.
/// kDenied naming the step.
Status FillJail(int plugin_fd);

}  // namespace assay::sandbox
