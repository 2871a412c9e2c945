#include "assess/list_framework.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "config/control_list.h"
#include "proof/sha256.h"

namespace assay::assess {
namespace {

std::string ManifestText(const std::string& id, const WorkerLimits& limits) {
  return fmt::format(
      "id = \"{}\"\nversion = \"1\"\nkind = \"framework\"\nabi = \"1.0\"\n"
      "title = \"Own list of controls\"\nneeds = [\"assay.framework/1\"]\n[limits]\n"
      "memory_bytes = {}\ncpu_seconds = {}\nwall_seconds = {}\n",
      id, limits.memory_bytes, limits.cpu_seconds, limits.wall_seconds);
}

PluginFile FileOf(std::string name, ByteVector bytes) {
  const Digest digest = proof::Sha256(bytes);
  return {std::move(name), digest, std::move(bytes)};
}

ByteVector BytesOf(std::string_view text) {
  const ByteSpan bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Result<FrameworkSpec> ReadList(const std::filesystem::path& csv, const std::string& id,
                               const std::vector<std::string>& checks,
                               const std::vector<InstalledFramework>& frameworks) {
  ASSAY_ASSIGN(const ByteVector text, ReadFile(csv, 4u << 20));
  config::ListWorld world{checks, {}};
  for (const InstalledFramework& framework : frameworks)
    world.frameworks.push_back(&framework.spec);
  return config::ParseControlList(AsText(text), csv.string(), id, world);
}

Result<LoadedPlugin> Rededicate(const LoadedPlugin& base, const FrameworkSpec& spec,
                                const std::filesystem::path& csv) {
  ByteVector library = base.files.front().bytes;
  const std::string& old = base.image.manifest;
  std::string manifest = ManifestText(spec.id, base.manifest.limits);
  if (manifest.size() > old.size())
    return Fail(Code::kInvalidInput,
                fmt::format("framework {}: its id is too long", Quote(spec.id)));
  manifest.resize(old.size(), '\n');
  const ByteSpan wanted = AsBytes(old);
  const auto at = std::search(library.begin(), library.end(), wanted.begin(), wanted.end());
  if (at == library.end())
    return Fail(Code::kCorrupt, base.manifest.id + ".so: its manifest is not in one piece");
  std::copy(AsBytes(manifest).begin(), AsBytes(manifest).end(), at);
  PackageFiles files{csv, spec.id, {}, {}};
  files.files.push_back(FileOf(spec.id + ".so", std::move(library)));
  files.files.push_back(FileOf("controls.toml", BytesOf(config::FormatControls(spec))));
  files.files.push_back(FileOf("mapping.toml", BytesOf(config::FormatMapping(spec))));
  ASSAY_ASSIGN(LoadedPlugin plugin, OpenPlugin(std::move(files)));
  ASSAY_TRY(CheckAbi(plugin.manifest));
  ASSAY_TRY(LoadData(plugin));
  return plugin;
}

}  // namespace assay::assess
