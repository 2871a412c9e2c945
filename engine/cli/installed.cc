#include "cli/installed.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/admin_lock.h"
#include "assess/install.h"
#include "assess/list_framework.h"
#include "assess/prepare.h"
#include "proof/note.h"

namespace assay::cli {

Result<std::filesystem::path> InstalledHome() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return Fail(Code::kIo, "/proc/self/exe: " + error.message());
  return self.parent_path().parent_path() / "lib" / "assay";
}

Result<assess::Catalogue> OpenCatalogue(const Context& context) {
  ASSAY_ASSIGN(const std::filesystem::path home, InstalledHome());
  assess::Catalogue catalogue = assess::Catalogue::Scan(home, assess::ReadManifestNote);
  for (const assess::BrokenPackage& broken : catalogue.broken())
    context.Narrate(fmt::format("warning: {} cannot be used: {}\n", broken.folder.string(),
                                broken.error.ToString()));
  return catalogue;
}

namespace {

/// Plugins that the configuration names by path. False when not all of them may run: then nobody
/// knows all checks.
bool AddBrought(const config::Config& config, assess::Catalogue& catalogue) {
  const bool any = std::any_of(config.plugins.begin(), config.plugins.end(),
                               [](const auto& plugin) { return !plugin.path.empty(); });
  if (!any) return true;
  // What is wrong with the lock is said where plugins are used.
  const auto locks = assess::ReadAdminLock(assess::AdminLockPath(config));
  if (!locks) return false;
  bool all = true;
  for (const config::PluginConfig& plugin : config.plugins) {
    if (plugin.path.empty()) continue;
    assess::Examined examined = assess::ExamineForeign(plugin, *locks, nullptr);
    all = all && !examined.refusal;
    catalogue.Add(std::move(examined));
  }
  return all;
}

/// Frameworks that are lists of the administrator's own.
void AddLists(const config::Config& config, bool all_known, assess::Catalogue& catalogue,
              config::LoadOptions& known) {
  const std::vector<assess::InstalledFramework> installed = catalogue.frameworks();
  std::vector<std::string> checks = catalogue.CheckIds();
  if (const auto own = assess::ReadOwnChecks(config))
    for (const CheckSpec& check : *own) checks.push_back(check.id);
  for (const config::FrameworkConfig& one : config.frameworks) {
    if (one.csv.empty() || catalogue.FindFramework(one.id) != nullptr) continue;
    auto spec = assess::ReadList(one.csv, one.id, checks, installed);
    if (spec)
      catalogue.AddList(one.csv, std::move(*spec));
    else if (all_known)
      known.list_problems.emplace(one.id, spec.error().message);
  }
}

/// Framework -> ids of its controls.
std::map<std::string, std::vector<std::string>> ControlIds(const assess::Catalogue& catalogue) {
  std::map<std::string, std::vector<std::string>> out;
  for (const assess::InstalledFramework& framework : catalogue.frameworks())
    for (const ControlSpec& control : framework.spec.controls)
      out[framework.spec.id].push_back(control.id);
  return out;
}

/// Installed ones that no [[plugins]] table names: they are there, and do not run.
Status AddUnused(const config::Config& config, assess::Catalogue& catalogue) {
  ASSAY_ASSIGN(const auto locks, assess::ReadAdminLock(assess::AdminLockPath(config)));
  for (const LockEntry& lock : locks) {
    const bool named = std::any_of(config.plugins.begin(), config.plugins.end(),
                                   [&](const auto& plugin) { return plugin.id == lock.id; });
    if (named) continue;
    config::PluginConfig unused;
    unused.id = lock.id;
    unused.path = assess::InstallFolder(config, lock.id).string();
    const auto key = proof::Verifier::Parse(lock.key);
    if (key) unused.trust = proof::FingerprintOf(key->key);
    assess::Examined examined = assess::ExamineForeign(unused, locks, nullptr);
    if (!examined.refusal)
      examined.refusal =
          Error{Code::kDenied, "no [[plugins]] table names it", {}, {}, {}, "AS-PLG-003"};
    catalogue.Add(std::move(examined));
  }
  return {};
}

}  // namespace

config::LoadOptions LoadOptionsFor(assess::Catalogue& catalogue, bool check_secrets) {
  config::LoadOptions options;
  options.check_secrets = check_secrets;
  options.known_plugins = catalogue.PluginIds();
  options.known_frameworks = catalogue.FrameworkIds();
  options.known_controls = ControlIds(catalogue);
  options.built_in_frameworks = catalogue.FrameworkIds();
  options.known_checks = catalogue.CheckIds();
  options.bring = [&catalogue](const config::Config& config, config::LoadOptions& known) {
    const bool all = AddBrought(config, catalogue);
    AddLists(config, all, catalogue, known);
    known.known_frameworks = catalogue.FrameworkIds();
    known.known_controls = ControlIds(catalogue);
    // A plugin that lost its grant must not make the settings of its checks a mistake.
    known.known_checks = all ? catalogue.CheckIds() : std::vector<std::string>();
  };
  return options;
}

Result<assess::Catalogue> OpenFullCatalogue(const Context& context) {
  ASSAY_ASSIGN(assess::Catalogue catalogue, OpenCatalogue(context));
  std::error_code error;
  if (!std::filesystem::exists(context.options.config, error)) return catalogue;
  const config::Loaded loaded =
      config::LoadConfig(context.options.config, LoadOptionsFor(catalogue, false));
  const bool usable = std::none_of(loaded.diagnostics.begin(), loaded.diagnostics.end(),
                                   [](const config::Diagnostic& d) { return d.is_error; });
  if (!usable) {
    context.Narrate(fmt::format("warning: {} has errors: assay config check shows them\n",
                                context.options.config));
    return catalogue;
  }
  // A lock that cannot be relied on takes its plugins away, and nothing else.
  if (Status added = AddUnused(loaded.config, catalogue); !added) {
    context.Narrate(fmt::format("warning: {}\n", added.error().ToString()));
    catalogue.Add({"assay-plugins.lock", std::nullopt, std::move(added.error())});
  }
  return catalogue;
}

}  // namespace assay::cli
