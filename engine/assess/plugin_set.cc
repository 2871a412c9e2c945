#include "assess/plugin_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "config/load.h"
#include "proof/sha256.h"

namespace assay::assess {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxDataFile = 4u << 20;  // checks, views, controls: text that people write

std::string PlaceOf(const PluginSource& source, const std::string& name) {
  return (fs::path(source.place) / name).string();
}

bool Has(const PluginSource& source, const std::string& name) {
  return std::find(source.names.begin(), source.names.end(), name) != source.names.end();
}

Result<std::string> ReadText(const PluginSource& source, const std::string& name,
                             LoadedPlugin& plugin) {
  ASSAY_ASSIGN(const ByteVector bytes, source.read(name));
  if (bytes.size() > kMaxDataFile)
    return Fail(Code::kLimitExceeded, PlaceOf(source, name) + ": is larger than 4 MiB");
  plugin.files.push_back({name, proof::Sha256(bytes)});
  if (!IsUtf8(AsText(bytes)))
    return Fail(Code::kInvalidInput, PlaceOf(source, name) + ": is not UTF-8");
  return std::string(AsText(bytes));
}

Status LoadChecks(const PluginSource& source, LoadedPlugin& plugin) {
  std::vector<std::string> names;
  for (const std::string& name : source.names)
    if (name.starts_with("checks/") && name.ends_with(".toml")) names.push_back(name);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    ASSAY_ASSIGN(const std::string text, ReadText(source, name, plugin));
    ASSAY_ASSIGN(auto checks, config::ParseChecks(text, PlaceOf(source, name), plugin.manifest.id));
    std::move(checks.begin(), checks.end(), std::back_inserter(plugin.checks));
  }
  if (Has(source, "views.sql")) {
    ASSAY_ASSIGN(plugin.views_sql, ReadText(source, "views.sql", plugin));
  }
  return {};
}

Status LoadFrameworkData(const PluginSource& source, LoadedPlugin& plugin) {
  ASSAY_ASSIGN(const std::string controls, ReadText(source, "controls.toml", plugin));
  ASSAY_ASSIGN(const std::string mapping, ReadText(source, "mapping.toml", plugin));
  ASSAY_ASSIGN(plugin.framework, config::ParseFramework(controls, mapping, source.place));
  return {};
}

Status CheckAbi(const Manifest& manifest) {
  if (manifest.abi_major != 1)
    return Fail(Code::kUnsupported,
                fmt::format("plugin {}: abi: major {} is not supported, this host has 1.0",
                            manifest.id, manifest.abi_major));
  if (manifest.abi_minor > 0)
    return Fail(Code::kUnsupported, fmt::format("plugin {}: abi: needs minor {}, this host has 1.0",
                                                manifest.id, manifest.abi_minor));
  return {};
}

}  // namespace

std::string CanonicalReadSet(const Manifest& manifest) {
  std::vector<std::string> lines;
  for (const EndpointSpec& e : manifest.endpoints) {
    std::string query;
    for (const auto& [name, value] : e.query) query += fmt::format("&{}={}", name, value);
    lines.push_back(fmt::format("{} {} {}{}{} {}{} permission={}\n", e.id,
                                e.read_post.empty() ? "GET" : "POST:" + e.read_post,
                                e.host == ServiceHost::kGraph ? "graph:/" : "arm:",
                                e.host == ServiceHost::kGraph ? e.version : "", e.path,
                                e.api_version.empty() ? "" : "api-version=" + e.api_version, query,
                                e.permission));
  }
  std::sort(lines.begin(), lines.end());
  return fmt::format("assay grant v1\n{}\n{}", manifest.id, fmt::join(lines, ""));
}

Result<LoadedPlugin> LoadPlugin(const PluginSource& source, const std::string& id) {
  LoadedPlugin plugin;
  const std::string library = id + ".so";
  ASSAY_ASSIGN(const ByteVector file, source.read(library));
  auto image = sandbox::InspectPlugin(file);
  if (!image) return Fail(std::move(image.error()).Context(PlaceOf(source, library)));
  plugin.image = std::move(*image);
  plugin.files.push_back({library, plugin.image.file_digest});
  auto manifest = config::ParseManifest(plugin.image.manifest, id);
  if (!manifest) return Fail(std::move(manifest.error()).Context("plugin " + id));
  plugin.manifest = std::move(*manifest);
  if (plugin.manifest.id != id)
    return Fail(Code::kInvalidInput,
                fmt::format("plugin {}: its manifest says id {}", id, Quote(plugin.manifest.id)));
  ASSAY_TRY(CheckAbi(plugin.manifest));
  plugin.grant_digest = proof::Sha256(AsBytes(CanonicalReadSet(plugin.manifest)));
  ASSAY_TRY(plugin.manifest.kind == PluginKind::kCollector ? LoadChecks(source, plugin)
                                                           : LoadFrameworkData(source, plugin));
  return plugin;
}

Result<LoadedPlugin> LoadPlugin(const fs::path& folder, const std::string& id) {
  PluginSource source{folder.string(), {}, [&](const std::string& name) {
                        const bool library = name == id + ".so";
                        return library ? ReadFile(folder / name)
                                       : ReadFile(folder / name, kMaxDataFile);
                      }};
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder / "checks", error))
    source.names.push_back("checks/" + file.path().filename().string());
  if (fs::exists(folder / "views.sql")) source.names.emplace_back("views.sql");
  ASSAY_ASSIGN(LoadedPlugin plugin, LoadPlugin(source, id));
  plugin.folder = folder;
  return plugin;
}

LockEntry MakeLockEntry(const LoadedPlugin& plugin) {
  LockEntry entry;
  entry.id = plugin.manifest.id;
  entry.version = plugin.manifest.version;
  entry.manifest_sha256 = EncodeHex(plugin.image.manifest_digest);
  entry.grant_sha256 = EncodeHex(plugin.grant_digest);
  for (const PluginFile& file : plugin.files) entry.files[file.name] = EncodeHex(file.digest);
  return entry;
}

Status VerifyAgainstLock(const LoadedPlugin& plugin, const LockEntry& lock) {
  const LockEntry found = MakeLockEntry(plugin);
  const auto refuse = [&](std::string what) {
    return Fail(
        Error{Code::kDenied, fmt::format("plugin {}: {}", found.id, what), {}, {}, {}, {}}.Id(
            "AS-PLG-004"));
  };
  for (const auto& [name, digest] : found.files) {
    const auto locked = lock.files.find(name);
    if (locked == lock.files.end()) return refuse(fmt::format("{} is not in the lock", name));
    if (locked->second != digest)
      return refuse(
          fmt::format("{} has digest {}, the lock says {}", name, digest, locked->second));
  }
  for (const auto& [name, digest] : lock.files)
    if (!found.files.contains(name)) return refuse(fmt::format("{} is locked but missing", name));
  if (found.grant_sha256 != lock.grant_sha256)
    return refuse("asks to read something else than was granted (grant digest differs)");
  return {};
}

}  // namespace assay::assess
