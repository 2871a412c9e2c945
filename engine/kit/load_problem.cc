// Loading alone: what the file exports against what its manifest says.
#include <fmt/format.h>

#include <algorithm>

#include "assay/cancel.h"
#include "assay/clock.h"
#include "assay/config.h"
#include "assay/emit.h"
#include "assay/framework.h"
#include "assay/log.h"
#include "assay/read.h"
#include "assess/worker_spec.h"
#include "base/files.h"
#include "kit/examine.h"

namespace assay::kit {
namespace {

std::string MissingExtension(const Manifest& manifest) {
  std::vector<std::string_view> offered = {ASSAY_EXT_LOG, ASSAY_EXT_CLOCK, ASSAY_EXT_CANCEL};
  if (manifest.kind == PluginKind::kCollector)
    offered.insert(offered.end(), {ASSAY_EXT_READ, ASSAY_EXT_EMIT, ASSAY_EXT_CONFIG});
  else
    offered.push_back(ASSAY_EXT_FRAMEWORK);
  for (const std::string& id : manifest.needs)
    if (std::find(offered.begin(), offered.end(), id) == offered.end())
      return fmt::format("needs: this host offers no {} to a {}", id,
                         manifest.kind == PluginKind::kCollector ? "collector" : "framework");
  return "";
}

}  // namespace

std::string LoadProblem(const Bench& bench) {
  const assess::LoadedPlugin& plugin = bench.plugin();
  const Manifest& manifest = plugin.manifest;
  if (std::string missing = MissingExtension(manifest); !missing.empty()) return missing;
  const auto image = SealedMemfd("plugin", plugin.image.sealed_image);
  if (!image) return image.error().ToString();
  const auto role =
      manifest.kind == PluginKind::kCollector ? ipc::Role::kCollector : ipc::Role::kFramework;
  sandbox::WorkerSpec spec = assess::PluginWorkerSpec(plugin, role, 0, image->get());
  const auto worker = bench.spawner().Spawn(spec, bench.tier());
  if (!worker) return worker.error().ToString();
  const ipc::Hello& hello = (*worker)->hello();
  if (hello.abi_major != manifest.abi_major || hello.abi_minor != manifest.abi_minor)
    return fmt::format("the manifest says abi {}.{}, the plugin was built with {}.{}",
                       manifest.abi_major, manifest.abi_minor, hello.abi_major, hello.abi_minor);
  return "";
}

}  // namespace assay::kit
