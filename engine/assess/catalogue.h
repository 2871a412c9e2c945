// What is installed: plugins, frameworks and checks, from the folders beside the binary and those
// that the configuration names. Data only: nothing is loaded or run, and what cannot be read is
// kept with its reason instead of hiding the rest.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "assess/plugin_trust.h"
#include "base/result.h"
#include "model/check.h"
#include "model/framework.h"
#include "model/manifest.h"

namespace assay::assess {

/// Gives the manifest's TOML text of a plugin file.
using ManifestReader = std::function<Result<std::string>(const std::filesystem::path& file)>;
/// The reader for real plugins: the bounded ELF pass (sandbox::InspectPlugin). kInvalidInput,
/// kNotFound, kIo.
Result<std::string> ReadManifestNote(const std::filesystem::path& file);

struct InstalledPlugin {
  std::filesystem::path folder, file;  ///< file: <folder>/<id>.so
  Manifest manifest;
  std::vector<CheckSpec> checks;  ///< of a collector
  Trust trust = Trust::kBuiltIn;
  std::string vkey, fingerprint;  ///< of who signed it
  std::vector<PluginFile> files;  ///< of one that is not built in; without bytes
  std::optional<Error> refusal;   ///< why it does not run; its checks are not read then
};

struct InstalledFramework {
  std::filesystem::path folder;
  FrameworkSpec spec;
};

/// A folder that cannot be used, and why.
struct BrokenPackage {
  std::string id;
  std::filesystem::path folder;
  Error error;
};

class Catalogue {
 public:
  /// Scans <home>/plugins and <home>/frameworks, in order of name. A missing folder is an empty
  /// one. Never fails as a whole. [any thread]
  static Catalogue Scan(const std::filesystem::path& home, const ManifestReader& read);

  /// A plugin that is not built in, as its examination ended. One that is refused is listed, but
  /// gives no checks and no framework. [before it is shared]
  void Add(Examined examined);

  /// A list of the administrator's own, made a framework. [before it is shared]
  void AddList(const std::filesystem::path& csv, FrameworkSpec spec) {
    frameworks_.push_back({csv, std::move(spec)});
  }

  const std::vector<InstalledPlugin>& plugins() const {
    return plugins_;
  }  ///< collectors and frameworks
  const std::vector<InstalledFramework>& frameworks() const { return frameworks_; }
  const std::vector<BrokenPackage>& broken() const { return broken_; }

  /// nullptr when there is none. Valid as long as the catalogue.
  const InstalledPlugin* FindPlugin(std::string_view id) const;
  const InstalledFramework* FindFramework(std::string_view id) const;
  const CheckSpec* FindCheck(std::string_view id) const;
  /// All checks of all collectors, by id.
  std::vector<const CheckSpec*> Checks() const;
  /// "iso27001-2022:A.8.5" of every control that maps the check.
  std::vector<std::string> ControlsOf(std::string_view check) const;

  std::vector<std::string> PluginIds() const;
  std::vector<std::string> FrameworkIds() const;
  std::vector<std::string> CheckIds() const;

 private:
  void AddCollector(const std::filesystem::path& folder, const ManifestReader& read);
  void AddFramework(const std::filesystem::path& folder, const ManifestReader& read);
  void Broken(const std::filesystem::path& folder, Error error);
  /// The check of `checks` that another plugin has already; nothing when all are new.
  std::optional<Error> Collision(const std::vector<CheckSpec>& checks) const;

  std::vector<InstalledPlugin> plugins_;
  std::vector<InstalledFramework> frameworks_;
  std::vector<BrokenPackage> broken_;
  bool collectors_whole_ = false;  ///< every built-in collector was read: all checks are known
};

}  // namespace assay::assess
