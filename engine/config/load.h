// Loading: TOML text to validated values, with every error of every file in one pass.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "config/config.h"
#include "config/diagnostic.h"
#include "model/check.h"
#include "model/framework.h"
#include "model/manifest.h"

namespace assay::config {

struct LoadOptions {
  bool check_secrets = true;               ///< references must resolve (--no-secrets skips)
  std::vector<std::string> known_plugins;  ///< installed ids, for "is not installed"
  std::vector<std::string> known_frameworks;
  std::vector<std::string> known_checks;
  /// Adds what the configuration itself brings (plugins by path) before names are looked up; may be
  /// empty. The Config is extracted, not yet checked.
  std::function<void(const Config& config, LoadOptions& options)> bring;
  /// Ids of the controls of each known framework; of one that is missing here any id passes.
  std::map<std::string, std::vector<std::string>> known_controls{};
  std::vector<std::string> built_in_frameworks{};      ///< ids that no list may take
  std::map<std::string, std::string> list_problems{};  ///< framework -> what is wrong in its csv
};

/// `config` is usable only when no diagnostic is an error.
struct Loaded {
  Config config;
  std::vector<Diagnostic> diagnostics;
  /// Every effective value with its origin: ("tenants.contoso.cloud", "\"global\"", place or
  /// "default").
  struct Origin {
    std::string key, value;
    std::optional<Place> place;
  };
  std::vector<Origin> origins;
};
Loaded LoadConfig(const std::filesystem::path& file, const LoadOptions& options);

/// The effective configuration as canonical JSON (sorted keys, no places, no file name): what its
/// digest is taken over, so that a verdict can be tied to the configuration that made it. Holds
/// references, never secrets. [any thread]
std::string CanonicalText(const Config& config);

/// The manifest of a plugin from the text of its ELF note. kInvalidInput with "manifest:line:col:
/// ...". Untrusted input.
Result<Manifest> ParseManifest(std::string_view toml, const std::string& name);
/// One file of checks. kInvalidInput with file:line:col. `plugin`: the collector beside which it
/// lies.
Result<std::vector<CheckSpec>> ParseChecks(std::string_view toml, const std::string& file,
                                           const std::string& plugin);
/// controls.toml and mapping.toml of a framework. With `known_checks` a mapping to any other check
/// is an error that names it.
Result<FrameworkSpec> ParseFramework(std::string_view controls, std::string_view mapping,
                                     const std::string& folder,
                                     const std::vector<std::string>* known_checks = nullptr);

}  // namespace assay::config
