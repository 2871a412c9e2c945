// The first message of a plugin's worker, made in one place.
#pragma once

#include <map>
#include <string>

#include "assess/plugin_set.h"
#include "ipc/messages.h"
#include "sandbox/spawner.h"

namespace assay::assess {

/// Spec of a worker for `plugin`: limits of its manifest, place of its constructors. The memfd
/// stays the caller's.
inline sandbox::WorkerSpec PluginWorkerSpec(const LoadedPlugin& plugin, ipc::Role role,
                                            int64_t now_ms, int plugin_memfd) {
  sandbox::WorkerSpec spec;
  spec.plugin_memfd = plugin_memfd;
  spec.init.role = role;
  spec.init.plugin = plugin.manifest.id;
  spec.init.now_ms = now_ms;
  spec.init.limits = plugin.manifest.limits;
  spec.init.init_array_offset = plugin.image.init_array_offset;
  spec.init.init_array_bytes = plugin.image.init_array_bytes;
  spec.init.fini_array_offset = plugin.image.fini_array_offset;
  spec.init.fini_array_bytes = plugin.image.fini_array_bytes;
  spec.init.init_function = plugin.image.init_function;
  spec.init.fini_function = plugin.image.fini_function;
  return spec;
}

}  // namespace assay::assess
