// Loads the one plugin of this worker. load.cc is the only file of the project that opens a
// library.
#pragma once

#include <string>

#include "assay/plugin.h"
#include "ipc/messages.h"

namespace assay::worker {

/// A plugin that is mapped and relocated and has not run an instruction yet. Never unloaded.
struct LoadedPlugin {
  const assay_plugin_v1_t* descriptor = nullptr;
  uintptr_t base = 0;  ///< where the image was mapped
};

/// Maps the library at `path` and checks its descriptor. kInvalidInput with the loader's words, or
/// CheckDescriptor's failure. To be called between the two stages of confinement.
Result<LoadedPlugin> LoadPlugin(const std::string& path);

/// Calls DT_INIT and DT_INIT_ARRAY, whose tags the engine took out of the image: under full
/// confinement the library's constructors are code like any other. kInvalidInput when the array
/// cannot be one.
Status RunConstructors(const LoadedPlugin& plugin, const ipc::Init& init);

}  // namespace assay::worker
