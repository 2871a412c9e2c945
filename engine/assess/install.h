// Putting a verified package where runs find it, and what it may read into the administrator's
// lock. Every step leaves either the old state or the new one.
#pragma once

#include <filesystem>
#include <string>

#include "assess/plugin_set.h"
#include "base/result.h"
#include "config/config.h"
#include "model/lock.h"

namespace assay::assess {

/// <default store>/plugins/<id>.
std::filesystem::path InstallFolder(const config::Config& config, const std::string& id);
/// Where the plugin of this id lies: what [[plugins]] says, else InstallFolder.
std::filesystem::path FolderInUse(const config::Config& config, const std::string& id);

/// What installing would do, decided before anything is written.
struct InstallPlan {
  LockEntry entry;           ///< as it will be, with the grant that stays in force
  std::string old_version;   ///< empty: not installed before
  bool key_changed = false;  ///< signed by another key than the installed version
};
/// `plugin` as OpenOffered gave it, with its signature. kDenied: AS-PLG-001 (id of a built-in
/// plugin), AS-PLG-007 (signed by another key than the one that the configuration trusts or, where
/// it does not say, than the installed one), AS-PLG-010 (older than the installed one).
Result<InstallPlan> PlanInstall(const LoadedPlugin& plugin, const config::Config& config,
                                const std::vector<LockEntry>& locks, bool is_built_in,
                                bool accept_older);

/// Writes the package from the buffers that were verified, then its lock entry. The installed
/// version is replaced whole, at once; a crash in between leaves a plugin that does not run until
/// it is installed again. Codes as ChangeAdminLock.
Status Install(const LoadedPlugin& plugin, const config::Config& config, const InstallPlan& plan);

/// Grants `plugin`, which was verified, the reads of its manifest. kDenied (AS-PLG-004) when it is
/// not the locked one, kNotFound when none is locked.
Status Grant(const LoadedPlugin& plugin, const config::Config& config);
/// Takes the grant away; true when there was one. kNotFound when none is locked.
Result<bool> Revoke(const std::string& id, const config::Config& config);

}  // namespace assay::assess
