#include "assess/plugin_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "config/load.h"

namespace assay::assess {
namespace {

namespace fs = std::filesystem;

Result<std::string> TextOf(const LoadedPlugin& plugin, const PluginFile& file) {
  if (!IsUtf8(AsText(file.bytes)))
    return Fail(Code::kInvalidInput, (plugin.folder / file.name).string() + ": is not UTF-8");
  return std::string(AsText(file.bytes));
}

const PluginFile* Find(const LoadedPlugin& plugin, std::string_view name) {
  for (const PluginFile& file : plugin.files)
    if (file.name == name) return &file;
  return nullptr;
}

Status LoadCollectorData(LoadedPlugin& plugin) {
  for (const PluginFile& file : plugin.files) {
    if (file.name.starts_with("checks/")) {
      ASSAY_ASSIGN(const std::string text, TextOf(plugin, file));
      ASSAY_ASSIGN(auto checks, config::ParseChecks(text, (plugin.folder / file.name).string(),
                                                    plugin.manifest.id));
      std::move(checks.begin(), checks.end(), std::back_inserter(plugin.checks));
    } else if (file.name == "views.sql") {
      ASSAY_ASSIGN(plugin.views_sql, TextOf(plugin, file));
    }
  }
  return {};
}

Status LoadFrameworkData(LoadedPlugin& plugin) {
  std::string texts[2];
  const char* names[2] = {"controls.toml", "mapping.toml"};
  for (size_t i = 0; i < 2; ++i) {
    const PluginFile* file = Find(plugin, names[i]);
    if (file == nullptr)
      return Fail(Code::kNotFound, (plugin.folder / names[i]).string() + ": no such file");
    ASSAY_ASSIGN(texts[i], TextOf(plugin, *file));
  }
  ASSAY_ASSIGN(plugin.framework,
               config::ParseFramework(texts[0], texts[1], plugin.folder.string()));
  if (plugin.framework.id != plugin.manifest.id)
    return Fail(Code::kInvalidInput, fmt::format("plugin {}: its controls.toml says id {}",
                                                 plugin.manifest.id, Quote(plugin.framework.id)));
  return {};
}

/// A file that the other kind has would be signed and locked, and mean nothing.
Status RefuseForeignFiles(const LoadedPlugin& plugin) {
  const bool collector = plugin.manifest.kind == PluginKind::kCollector;
  for (size_t i = 1; i < plugin.files.size(); ++i) {
    const std::string& name = plugin.files[i].name;
    const bool of_framework = name == "controls.toml" || name == "mapping.toml";
    if (of_framework == collector)
      return Fail(Code::kInvalidInput,
                  fmt::format("plugin {}: {} does not belong to a {}", plugin.manifest.id,
                              Quote(name), collector ? "collector" : "framework"));
  }
  return {};
}

Error Refusal(const std::string& id, const std::string& what) {
  return Error{Code::kDenied, fmt::format("plugin {}: {}", id, what), {}, {}, {}, "AS-PLG-004"};
}

constexpr std::string_view kHostExtensions[] = {
    "assay.read/1",   "assay.emit/1",      "assay.log/1",    "assay.clock/1",
    "assay.cancel/1", "assay.framework/1", "assay.config/1", "assay.counts/1"};

}  // namespace

std::string_view Name(Trust trust) {
  switch (trust) {
    case Trust::kBuiltIn:
      return "builtin";
    case Trust::kSigned:
      return "signed";
    case Trust::kUnsigned:
      return "unsigned";
  }
  return "?";
}

Error AsRefusal(Error error) {
  if (error.id.empty()) error.id = error.code == Code::kUnsupported ? "AS-PLG-002" : "AS-PLG-001";
  return error;
}

Status CheckAbi(const Manifest& manifest) {
  const auto refuse = [&](const std::string& what) {
    return Fail(Error{Code::kUnsupported,
                      fmt::format("plugin {}: {}", manifest.id, what),
                      {},
                      "use a build of the plugin for this host, or a newer assay",
                      {},
                      "AS-PLG-002"});
  };
  if (manifest.abi_major != 1)
    return refuse(
        fmt::format("abi: major {} is not supported, this host has 1.0", manifest.abi_major));
  if (manifest.abi_minor > 0)
    return refuse(fmt::format("abi: needs minor {}, this host has 1.0", manifest.abi_minor));
  for (const std::string& need : manifest.needs)
    if (std::find(std::begin(kHostExtensions), std::end(kHostExtensions), need) ==
        std::end(kHostExtensions))
      return refuse(fmt::format("needs: this host has no extension {}", Quote(need)));
  return {};
}

Result<LoadedPlugin> OpenPlugin(PackageFiles files) {
  LoadedPlugin plugin;
  plugin.folder = std::move(files.folder);
  plugin.files = std::move(files.files);
  plugin.note = files.note.value_or("");
  const PluginFile& library = plugin.files.front();
  auto image = sandbox::InspectPlugin(library.bytes);
  if (!image)
    return Fail(std::move(image.error()).Context((plugin.folder / library.name).string()));
  plugin.image = std::move(*image);
  auto manifest = config::ParseManifest(plugin.image.manifest, files.id);
  if (!manifest) return Fail(std::move(manifest.error()).Context("plugin " + files.id));
  plugin.manifest = std::move(*manifest);
  if (plugin.manifest.id != files.id)
    return Fail(Code::kInvalidInput, fmt::format("plugin {}: its manifest says id {}", files.id,
                                                 Quote(plugin.manifest.id)));
  ASSAY_TRY(RefuseForeignFiles(plugin));
  plugin.reads = ReadLines(plugin.manifest);
  plugin.grant_digest = GrantDigest(plugin.manifest.id, plugin.reads);
  return plugin;
}

Status LoadData(LoadedPlugin& plugin) {
  return plugin.manifest.kind == PluginKind::kCollector ? LoadCollectorData(plugin)
                                                        : LoadFrameworkData(plugin);
}

Result<LoadedPlugin> LoadPlugin(const fs::path& folder, const std::string& id) {
  ASSAY_ASSIGN(PackageFiles files, ReadPackage(folder, id, kBuiltInFolder));
  ASSAY_ASSIGN(LoadedPlugin plugin, OpenPlugin(std::move(files)));
  ASSAY_TRY(CheckAbi(plugin.manifest));
  ASSAY_TRY(LoadData(plugin));
  return plugin;
}

LockEntry MakeLockEntry(const LoadedPlugin& plugin) {
  LockEntry entry;
  entry.id = plugin.manifest.id;
  entry.version = plugin.manifest.version;
  entry.key = plugin.vkey;
  entry.manifest_sha256 = EncodeHex(plugin.image.manifest_digest);
  entry.grant_sha256 = EncodeHex(plugin.grant_digest);
  entry.reads = plugin.reads;
  for (const PluginFile& file : plugin.files) entry.files[file.name] = EncodeHex(file.digest);
  return entry;
}

Status VerifyFiles(const LoadedPlugin& plugin, const LockEntry& lock) {
  const LockEntry found = MakeLockEntry(plugin);
  const auto refuse = [&](const std::string& what) { return Fail(Refusal(found.id, what)); };
  for (const auto& [name, digest] : found.files) {
    const auto locked = lock.files.find(name);
    if (locked == lock.files.end()) return refuse(fmt::format("{} is not in the lock", name));
    if (locked->second != digest)
      return refuse(
          fmt::format("{} has digest {}, the lock says {}", name, digest, locked->second));
  }
  for (const auto& [name, digest] : lock.files)
    if (!found.files.contains(name)) return refuse(fmt::format("{} is locked but missing", name));
  if (found.manifest_sha256 != lock.manifest_sha256)
    return refuse(fmt::format("its manifest has digest {}, the lock says {}", found.manifest_sha256,
                              lock.manifest_sha256));
  if (found.version != lock.version)
    return refuse(fmt::format("is version {}, the lock says {}", found.version, lock.version));
  return {};
}

Status VerifyAgainstLock(const LoadedPlugin& plugin, const LockEntry& lock) {
  ASSAY_TRY(VerifyFiles(plugin, lock));
  if (EncodeHex(plugin.grant_digest) != lock.grant_sha256)
    return Fail(Refusal(plugin.manifest.id,
                        "asks to read something else than was granted (grant digest differs)"));
  return {};
}

}  // namespace assay::assess
