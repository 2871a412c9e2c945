// The plugins of a run as loaded from disk: checked file, manifest, checks, views, framework data
// and their digests. Everything is read once and hashed; what was hashed is what is used.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "model/check.h"
#include "model/framework.h"
#include "model/lock.h"
#include "model/manifest.h"
#include "sandbox/spawner.h"

namespace assay::assess {

/// One file of a plugin's folder. `name` is relative to it: "checks/users.toml".
struct PluginFile {
  std::string name;
  Digest digest{};
};

struct LoadedPlugin {
  Manifest manifest;
  sandbox::PluginImage image;
  std::filesystem::path folder;
  std::vector<PluginFile> files;  ///< the .so first, then by name
  std::vector<CheckSpec> checks;  ///< collectors
  std::string views_sql;          ///< collectors
  FrameworkSpec framework;        ///< frameworks
  Digest grant_digest{};          ///< of the canonical read set
};

/// The read set of a manifest as canonical text, one line for each endpoint, sorted: what an admin
/// grants.
std::string CanonicalReadSet(const Manifest& manifest);

/// A plugin's files wherever they lie: a folder, or the evidence of an old run.
struct PluginSource {
  std::string place;               ///< for messages
  std::vector<std::string> names;  ///< as in PluginFile
  std::function<Result<ByteVector>(const std::string& name)> read;
};

/// As below, from any source; `folder` of the result stays empty.
Result<LoadedPlugin> LoadPlugin(const PluginSource& source, const std::string& id);
/// Loads one plugin folder (holds <id>.so). Every failure names the plugin and is kInvalidInput,
/// kUnsupported (ABI: names the field) or kIo; the caller treats them as "plugin refused" (exit 8).
Result<LoadedPlugin> LoadPlugin(const std::filesystem::path& folder, const std::string& id);

/// Checks a loaded plugin against its lock entry: file digests, manifest digest, grant digest.
/// kDenied naming the file and both digests, or what it wants to read beyond its grant.
Status VerifyAgainstLock(const LoadedPlugin& plugin, const LockEntry& lock);
/// The lock entry that describes `plugin` as it is.
LockEntry MakeLockEntry(const LoadedPlugin& plugin);

}  // namespace assay::assess
