// The plugins of a run as loaded from disk: checked file, manifest, checks, views, framework data
// and their digests. Everything is read once and hashed; what was hashed is what is used.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "assess/package_files.h"
#include "assess/read_set.h"
#include "base/result.h"
#include "config/config.h"
#include "model/check.h"
#include "model/framework.h"
#include "model/lock.h"
#include "model/manifest.h"
#include "sandbox/spawner.h"

namespace assay::assess {

/// Why a plugin may run.
enum class Trust : uint8_t {
  kBuiltIn = 1,  ///< the installation's lock
  kSigned = 2,   ///< the administrator's lock, the author's signature and a grant
  kUnsigned = 3  ///< a developer's pin
};
std::string_view Name(Trust trust);  ///< "builtin", "signed", "unsigned"

struct LoadedPlugin {
  Manifest manifest;
  sandbox::PluginImage image;
  std::filesystem::path folder;
  std::vector<PluginFile> files;   ///< the .so first, then by name
  std::vector<CheckSpec> checks;   ///< collectors
  std::string views_sql;           ///< collectors
  FrameworkSpec framework;         ///< frameworks
  std::vector<std::string> reads;  ///< lines of the canonical read set
  Digest grant_digest{};           ///< of the canonical read set
  Trust trust = Trust::kBuiltIn;
  std::string vkey;         ///< of who signed it; empty unless kSigned
  std::string fingerprint;  ///< of that key
  std::string note;         ///< the signed note as it was read; empty when there is none
};

// The steps of loading, in their order (docs/formats/plugin-package.md, "Order of verification").

/// Steps 2 and 3: shared object and manifest. kInvalidInput, naming the plugin.
Result<LoadedPlugin> OpenPlugin(PackageFiles files);
/// Step 7. kUnsupported (AS-PLG-002) naming the field that differs.
Status CheckAbi(const Manifest& manifest);
/// Step 8: checks and views, or controls and mapping. kInvalidInput.
Status LoadData(LoadedPlugin& plugin);

/// All of these for a folder that is trusted otherwise. Every failure names the plugin; the caller
/// treats it as "plugin refused" (exit 8).
Result<LoadedPlugin> LoadPlugin(const std::filesystem::path& folder, const std::string& id);

/// Checks a loaded plugin against its lock entry: version, file digests, manifest digest. kDenied
/// (AS-PLG-004) naming the file and both digests.
Status VerifyFiles(const LoadedPlugin& plugin, const LockEntry& lock);
/// The same, and the grant digest exactly: built-in plugins.
Status VerifyAgainstLock(const LoadedPlugin& plugin, const LockEntry& lock);
/// The lock entry that describes `plugin` as it is, with its own reads as the grant.
LockEntry MakeLockEntry(const LoadedPlugin& plugin);

/// Any failure to load as a refusal: AS-PLG-001 or AS-PLG-002 where it has no code yet.
Error AsRefusal(Error error);

}  // namespace assay::assess
