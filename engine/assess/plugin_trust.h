// Whether a plugin that is not built in may run: every step of "Order of verification" in
// docs/formats/plugin-package.md. Nothing is loaded and no process is started here.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "assess/plugin_set.h"
#include "base/result.h"
#include "config/config.h"
#include "config/diagnostic.h"
#include "model/lock.h"

namespace assay::assess {

/// What became of a plugin that the configuration names by path.
struct Examined {
  std::string id;
  std::optional<LoadedPlugin> plugin;  ///< when shared object and manifest are in order
  std::optional<Error> refusal;        ///< AS-PLG-*: why it does not run; none: it may
};

/// All steps. Checks, views and controls are parsed only when nothing was refused. `places` gets
/// AS-PLG-005 with its place when `grants` of the configuration are exceeded; may be null.
Examined ExamineForeign(const config::PluginConfig& wanted, const std::vector<LockEntry>& locks,
                        std::vector<config::Diagnostic>* places);
/// The same as a result: the plugin, or the refusal.
Result<LoadedPlugin> LoadForeign(const config::PluginConfig& wanted,
                                 const std::vector<LockEntry>& locks,
                                 std::vector<config::Diagnostic>* places);

/// The part of step 6 that the configuration's `grants` are: built-in plugins too. kDenied
/// (AS-PLG-005).
Status CheckBounds(const LoadedPlugin& plugin, const config::PluginConfig& wanted,
                   std::vector<config::Diagnostic>* places);
/// Step 3: kDenied (AS-PLG-010).
Status CheckVersion(const LoadedPlugin& plugin, const config::PluginConfig& wanted);

/// A package that somebody hands over, read and checked in itself: steps 1 to 3, 7 and 8, and with
/// `signed_only` its signature, by whatever key. Codes as ExamineForeign.
Result<LoadedPlugin> OpenOffered(const std::filesystem::path& path, bool signed_only);

}  // namespace assay::assess
