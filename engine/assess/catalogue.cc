#include "assess/catalogue.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "config/load.h"

namespace assay::assess {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFileBytes = 8u << 20;
constexpr size_t kMaxCheckFiles = 500;

std::vector<fs::path> Sorted(const fs::path& folder, bool folders) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->is_directory(error) == folders) out.push_back(it->path());
  std::sort(out.begin(), out.end());
  return out;
}

Result<std::string> ReadText(const fs::path& path) {
  ASSAY_ASSIGN(const ByteVector bytes, ReadFile(path, kMaxFileBytes));
  return std::string(AsText(bytes));
}

Result<std::vector<CheckSpec>> ReadChecks(const fs::path& folder, const std::string& plugin) {
  std::vector<CheckSpec> out;
  size_t files = 0;
  for (const fs::path& path : Sorted(folder, false)) {
    if (path.extension() != ".toml") continue;
    if (++files > kMaxCheckFiles)
      return Fail(Code::kLimitExceeded,
                  fmt::format("{}: more than {} files", folder.string(), kMaxCheckFiles));
    ASSAY_ASSIGN(const std::string text, ReadText(path));
    ASSAY_ASSIGN(const auto checks, config::ParseChecks(text, path.string(), plugin));
    out.insert(out.end(), checks.begin(), checks.end());
  }
  return out;
}

Result<InstalledPlugin> ReadPlugin(const fs::path& folder, const ManifestReader& read) {
  InstalledPlugin plugin;
  const std::string id = folder.filename().string();
  plugin.folder = folder;
  plugin.file = folder / (id + ".so");
  ASSAY_ASSIGN(const std::string text, read(plugin.file));
  ASSAY_ASSIGN(plugin.manifest, config::ParseManifest(text, plugin.file.string()));
  if (plugin.manifest.id != id)
    return Fail(Code::kInvalidInput, fmt::format("plugin folder {} holds plugin {}", Quote(id),
                                                 Quote(plugin.manifest.id)));
  return plugin;
}

/// `checks`: every check that there is; null when that is not known.
Result<FrameworkSpec> ReadFramework(const fs::path& folder,
                                    const std::vector<std::string>* checks) {
  ASSAY_ASSIGN(const std::string controls, ReadText(folder / "controls.toml"));
  ASSAY_ASSIGN(const std::string mapping, ReadText(folder / "mapping.toml"));
  ASSAY_ASSIGN(FrameworkSpec spec,
               config::ParseFramework(controls, mapping, folder.string(), checks));
  if (spec.id != folder.filename().string())
    return Fail(Code::kInvalidInput,
                fmt::format("framework folder {} holds framework {}",
                            Quote(folder.filename().string()), Quote(spec.id)));
  return spec;
}

}  // namespace

Catalogue Catalogue::Scan(const fs::path& home, const ManifestReader& read) {
  Catalogue catalogue;
  for (const fs::path& folder : Sorted(home / "plugins", true))
    catalogue.AddCollector(folder, read);
  catalogue.collectors_whole_ = catalogue.broken_.empty() && !catalogue.plugins_.empty();
  for (const fs::path& folder : Sorted(home / "frameworks", true))
    catalogue.AddFramework(folder, read);
  return catalogue;
}

void Catalogue::Broken(const fs::path& folder, Error error) {
  broken_.push_back({folder.filename().string(), folder, std::move(error)});
}

void Catalogue::AddCollector(const fs::path& folder, const ManifestReader& read) {
  auto plugin = ReadPlugin(folder, read);
  if (!plugin) return Broken(folder, std::move(plugin.error()));
  auto checks = ReadChecks(folder / "checks", plugin->manifest.id);
  if (!checks) return Broken(folder, std::move(checks.error()));
  if (auto error = Collision(*checks)) return Broken(folder, std::move(*error));
  plugin->checks = std::move(*checks);
  plugins_.push_back(std::move(*plugin));
}

std::optional<Error> Catalogue::Collision(const std::vector<CheckSpec>& checks) const {
  for (const CheckSpec& check : checks)
    if (const CheckSpec* other = FindCheck(check.id))
      return Error{Code::kAlreadyExists,
                   fmt::format("check {} comes from plugin {} already", Quote(check.id),
                               Quote(other->plugin)),
                   {},
                   {},
                   {},
                   {}};
  return std::nullopt;
}

void Catalogue::Add(Examined examined) {
  if (!examined.plugin) {
    broken_.push_back({examined.id, {}, std::move(*examined.refusal)});
    return;
  }
  LoadedPlugin& loaded = *examined.plugin;
  InstalledPlugin plugin;
  plugin.folder = loaded.folder;
  plugin.file = loaded.folder / (loaded.manifest.id + ".so");
  plugin.manifest = std::move(loaded.manifest);
  plugin.trust = loaded.trust;
  plugin.vkey = std::move(loaded.vkey);
  plugin.fingerprint = std::move(loaded.fingerprint);
  for (const PluginFile& file : loaded.files) plugin.files.push_back({file.name, file.digest, {}});
  plugin.refusal = std::move(examined.refusal);
  if (!plugin.refusal && FindPlugin(plugin.manifest.id) != nullptr)
    plugin.refusal =
        Error{Code::kDenied, "has the id of a built-in plugin", {}, {}, {}, "AS-PLG-001"};
  if (!plugin.refusal) plugin.refusal = Collision(loaded.checks);
  if (!plugin.refusal) {
    plugin.checks = std::move(loaded.checks);
    if (plugin.manifest.kind == PluginKind::kFramework)
      frameworks_.push_back({plugin.folder, std::move(loaded.framework)});
  }
  plugins_.push_back(std::move(plugin));
}

void Catalogue::AddFramework(const fs::path& folder, const ManifestReader& read) {
  // With a collector that cannot be read nobody knows all checks.
  const std::vector<std::string> checks = CheckIds();
  auto spec = ReadFramework(folder, collectors_whole_ ? &checks : nullptr);
  if (!spec) return Broken(folder, std::move(spec.error()));
  auto plugin = ReadPlugin(folder, read);
  if (!plugin) return Broken(folder, std::move(plugin.error()));
  frameworks_.push_back({folder, std::move(*spec)});
  plugins_.push_back(std::move(*plugin));
}

const InstalledPlugin* Catalogue::FindPlugin(std::string_view id) const {
  const auto it = std::find_if(plugins_.begin(), plugins_.end(),
                               [&](const auto& p) { return p.manifest.id == id; });
  return it == plugins_.end() ? nullptr : &*it;
}

const InstalledFramework* Catalogue::FindFramework(std::string_view id) const {
  const auto it = std::find_if(frameworks_.begin(), frameworks_.end(),
                               [&](const auto& f) { return f.spec.id == id; });
  return it == frameworks_.end() ? nullptr : &*it;
}

const CheckSpec* Catalogue::FindCheck(std::string_view id) const {
  for (const InstalledPlugin& plugin : plugins_)
    for (const CheckSpec& check : plugin.checks)
      if (check.id == id) return &check;
  return nullptr;
}

std::vector<const CheckSpec*> Catalogue::Checks() const {
  std::vector<const CheckSpec*> out;
  for (const InstalledPlugin& plugin : plugins_)
    for (const CheckSpec& check : plugin.checks) out.push_back(&check);
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  return out;
}

std::vector<std::string> Catalogue::ControlsOf(std::string_view check) const {
  std::vector<std::string> out;
  for (const InstalledFramework& framework : frameworks_)
    for (const ControlSpec& control : framework.spec.controls)
      if (std::find(control.checks.begin(), control.checks.end(), check) != control.checks.end())
        out.push_back(framework.spec.id + ":" + control.id);
  return out;
}

std::vector<std::string> Catalogue::PluginIds() const {
  std::vector<std::string> out;
  for (const InstalledPlugin& plugin : plugins_)
    if (plugin.manifest.kind == PluginKind::kCollector) out.push_back(plugin.manifest.id);
  return out;
}

std::vector<std::string> Catalogue::FrameworkIds() const {
  std::vector<std::string> out;
  for (const InstalledFramework& framework : frameworks_) out.push_back(framework.spec.id);
  return out;
}

std::vector<std::string> Catalogue::CheckIds() const {
  std::vector<std::string> out;
  for (const CheckSpec* check : Checks()) out.push_back(check->id);
  return out;
}

}  // namespace assay::assess
