#include "assess/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "assay/config.h"
#include "assess/admin_lock.h"
#include "assess/catalogue.h"
#include "assess/elsewhere.h"
#include "assess/list_framework.h"
#include "assess/plugin_trust.h"
#include "assess/tenant_broker.h"
#include "base/files.h"
#include "base/text.h"
#include "config/load.h"
#include "config/lock_file.h"
#include "model/limits.h"
#include "proof/sha256.h"

namespace assay::assess {
namespace {

namespace fs = std::filesystem;

Error Refusal(std::string id, std::string message) {
  return Error{Code::kDenied, std::move(message), {}, {}, {}, std::move(id)};
}

Result<std::vector<LockEntry>> ReadLock(const fs::path& path) {
  auto bytes = ReadFile(path, 4u << 20);
  if (!bytes && bytes.error().code == Code::kNotFound) return std::vector<LockEntry>();
  if (!bytes) return Fail(std::move(bytes.error()));
  return config::ParseLock(AsText(*bytes), path.string());
}

/// Both locks of a run: the installation's and the administrator's.
struct Locks {
  std::vector<LockEntry> built_in, admin;
};

bool Applies(const std::vector<std::string>& tenants, const std::string& tenant) {
  return std::find(tenants.begin(), tenants.end(), "*") != tenants.end() ||
         std::find(tenants.begin(), tenants.end(), tenant) != tenants.end();
}

/// What assay.toml says goes, up or down: whoever writes it decides.
void ApplyLimits(WorkerLimits& limits, const std::map<std::string, int64_t>& overrides) {
  for (const LimitField& field : LimitFields())
    if (const auto at = overrides.find(std::string(field.name)); at != overrides.end())
      field.set(limits, static_cast<uint64_t>(at->second));
}

Result<LoadedPlugin> LoadBuiltIn(const fs::path& home, const std::string& id,
                                 const std::vector<LockEntry>& locks) {
  auto plugin = LoadPlugin(home / id, id);
  if (!plugin) return Fail(AsRefusal(std::move(plugin.error())));
  const LockEntry* lock = FindLock(locks, id);
  if (lock == nullptr)
    return Fail(
        Refusal("AS-PLG-003", fmt::format("plugin {}: is not in the installation's lock", id)));
  ASSAY_TRY(VerifyAgainstLock(*plugin, *lock));
  return std::move(*plugin);
}

bool IsBuiltIn(const Installation& installation, const std::string& id) {
  std::error_code error;
  return fs::exists(installation.plugins() / id, error) ||
         fs::exists(installation.frameworks() / id, error);
}

Result<LoadedPlugin> LoadWanted(const Installation& installation,
                                const config::PluginConfig& wanted, const Locks& locks,
                                std::vector<config::Diagnostic>* places) {
  if (!wanted.path.empty()) {
    if (IsBuiltIn(installation, wanted.id))
      return Fail(Refusal("AS-PLG-001",
                          fmt::format("plugin {}: has the id of a built-in plugin", wanted.id)));
    return LoadForeign(wanted, locks.admin, places);
  }
  ASSAY_ASSIGN(LoadedPlugin plugin, LoadBuiltIn(installation.plugins(), wanted.id, locks.built_in));
  ASSAY_TRY(CheckVersion(plugin, wanted));
  ASSAY_TRY(CheckBounds(plugin, wanted, places));
  return plugin;
}

/// Without [[plugins]]: every built-in collector.
std::vector<config::PluginConfig> WantedPlugins(const Installation& installation,
                                                const config::Config& config) {
  if (!config.plugins.empty()) return config.plugins;
  std::vector<config::PluginConfig> out;
  std::error_code error;
  for (const auto& folder : fs::directory_iterator(installation.plugins(), error)) {
    config::PluginConfig one;
    one.id = folder.path().filename().string();
    out.push_back(one);
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return out;
}

bool BringsPlugins(const config::Config& config) {
  return std::any_of(config.plugins.begin(), config.plugins.end(),
                     [](const config::PluginConfig& p) { return !p.path.empty(); });
}

/// A table or a check of one name can come from one plugin only.
Status CheckNames(const std::vector<LoadedPlugin>& plugins) {
  std::map<std::string, std::string> owners;
  const auto own = [&](const char* what, const std::string& name, const LoadedPlugin& plugin) {
    const auto [at, fresh] =
        owners.emplace(fmt::format("{} {}", what, Quote(name)), plugin.manifest.id);
    if (fresh || plugin.trust == Trust::kBuiltIn) return Status{};
    return Status(
        Fail(Refusal("AS-PLG-001", fmt::format("plugin {}: {} comes from plugin {} already",
                                               plugin.manifest.id, at->first, at->second))));
  };
  for (const LoadedPlugin& plugin : plugins) {
    for (const DatasetSpec& dataset : plugin.manifest.datasets)
      ASSAY_TRY(own("dataset", dataset.id, plugin));
    for (const CheckSpec& check : plugin.checks) ASSAY_TRY(own("check", check.id, plugin));
  }
  return {};
}

/// What [[plugins]] names for this tenant, collectors and frameworks.
Result<std::vector<LoadedPlugin>> LoadPlugins(const Installation& installation,
                                              const config::Config& config,
                                              const std::string& tenant, const Locks& locks,
                                              std::vector<config::Diagnostic>* places) {
  std::vector<LoadedPlugin> out;
  for (const config::PluginConfig& one : WantedPlugins(installation, config)) {
    if (!Applies(one.tenants, tenant)) continue;
    ASSAY_ASSIGN(LoadedPlugin plugin, LoadWanted(installation, one, locks, places));
    ApplyLimits(plugin.manifest.limits, one.limits);
    out.push_back(std::move(plugin));
  }
  // Built-in ones first: where two want one name, the other one loses.
  std::stable_partition(out.begin(), out.end(),
                        [](const LoadedPlugin& p) { return p.trust == Trust::kBuiltIn; });
  ASSAY_TRY(CheckNames(out));
  return out;
}

/// Moves the frameworks out of `plugins`, by id.
std::map<std::string, LoadedPlugin> TakeFrameworks(std::vector<LoadedPlugin>& plugins) {
  std::map<std::string, LoadedPlugin> out;
  for (LoadedPlugin& plugin : plugins)
    if (plugin.manifest.kind == PluginKind::kFramework)
      out.emplace(plugin.manifest.id, std::move(plugin));
  std::erase_if(plugins, [](const LoadedPlugin& plugin) {
    return plugin.manifest.kind == PluginKind::kFramework;
  });
  return out;
}

Result<std::vector<CheckSpec>> OwnChecks(const config::Config& config,
                                         std::vector<UsedFile>& used) {
  std::vector<CheckSpec> out;
  if (config.checks_dir.empty()) return out;
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(config.checks_dir, error))
    if (file.path().extension() == ".toml") files.push_back(file.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    ASSAY_ASSIGN(const ByteVector text, ReadFile(file, 4u << 20));
    used.push_back(
        {std::string(kOwnChecks), file.filename().string(), EncodeHex(proof::Sha256(text)), text});
    ASSAY_ASSIGN(auto checks,
                 config::ParseChecks(AsText(text), file.string(), std::string(kOwnChecks)));
    std::move(checks.begin(), checks.end(), std::back_inserter(out));
  }
  return out;
}

Result<std::vector<CheckSpec>> SelectChecks(const config::Config& config,
                                            const std::vector<LoadedPlugin>& collectors,
                                            const Selection& selection,
                                            std::vector<UsedFile>& own) {
  ASSAY_ASSIGN(std::vector<CheckSpec> all, OwnChecks(config, own));
  for (const LoadedPlugin& plugin : collectors)
    all.insert(all.end(), plugin.checks.begin(), plugin.checks.end());
  std::vector<CheckSpec> out;
  for (CheckSpec& check : all) {
    const auto settings = config.checks.find(check.id);
    if (settings != config.checks.end()) {
      if (!settings->second.enabled) continue;
      if (settings->second.severity) check.severity = *settings->second.severity;
      for (const auto& [name, value] : settings->second.params) check.params[name] = value;
    }
    const auto& only = selection.checks;
    if (!only.empty() && std::find(only.begin(), only.end(), check.id) == only.end()) continue;
    out.push_back(std::move(check));
  }
  for (const std::string& id : selection.checks)
    if (std::none_of(out.begin(), out.end(), [&](const CheckSpec& c) { return c.id == id; }))
      return Fail(Code::kNotFound, "check " + Quote(id) + ": not installed or switched off");
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (size_t i = 1; i < out.size(); ++i)
    if (out[i].id == out[i - 1].id)
      return Fail(Code::kAlreadyExists, fmt::format("check {}: defined by {} and by {}", out[i].id,
                                                    out[i - 1].plugin, out[i].plugin));
  return out;
}

/// A list of controls, held against what the installation has and the plugins that are named.
Result<LoadedPlugin> LoadList(const Installation& installation, const config::Config& config,
                              const config::FrameworkConfig& wanted, const Locks& locks) {
  Catalogue catalogue = Catalogue::Scan(installation.root / "lib" / "assay", ReadManifestNote);
  for (const config::PluginConfig& one : config.plugins)
    if (!one.path.empty()) catalogue.Add(ExamineForeign(one, locks.admin, nullptr));
  std::vector<std::string> checks = catalogue.CheckIds();
  ASSAY_ASSIGN(const std::vector<CheckSpec> own, ReadOwnChecks(config));
  for (const CheckSpec& check : own) checks.push_back(check.id);
  ASSAY_ASSIGN(const FrameworkSpec spec,
               ReadList(wanted.csv, wanted.id, checks, catalogue.frameworks()));
  ASSAY_ASSIGN(const LoadedPlugin base,
               LoadBuiltIn(installation.frameworks(), "iso27001-2022", locks.built_in));
  return Rededicate(base, spec, wanted.csv);
}

Result<std::vector<LoadedPlugin>> LoadFrameworks(const Installation& installation,
                                                 const config::Config& config,
                                                 const std::string& tenant,
                                                 const Selection& selection, const Locks& locks,
                                                 std::map<std::string, LoadedPlugin> brought) {
  std::vector<LoadedPlugin> out;
  for (const config::FrameworkConfig& wanted : config.frameworks) {
    if (!Applies(wanted.tenants, tenant)) continue;
    const auto& only = selection.frameworks;
    if (!only.empty() && std::find(only.begin(), only.end(), wanted.id) == only.end()) continue;
    LoadedPlugin plugin;
    if (!wanted.csv.empty()) {
      ASSAY_ASSIGN(plugin, LoadList(installation, config, wanted, locks));
    } else if (const auto at = brought.find(wanted.id); at != brought.end()) {
      plugin = std::move(at->second);
    } else {
      ASSAY_ASSIGN(plugin, LoadBuiltIn(installation.frameworks(), wanted.id, locks.built_in));
    }
    auto& controls = plugin.framework.controls;
    for (const auto& exclude : wanted.exclude)
      std::erase_if(controls, [&](const ControlSpec& control) {
        return ExclusionCovers(exclude.control, control.id);
      });
    out.push_back(std::move(plugin));
  }
  for (const std::string& id : selection.frameworks)
    if (std::none_of(out.begin(), out.end(), [&](const auto& p) { return p.manifest.id == id; }))
      return Fail(Code::kNotFound, "framework " + Quote(id) + ": not enabled for this tenant");
  return out;
}

/// Every check that there is: those of collectors that this tenant does not use too.
Result<std::set<std::string>> KnownChecks(const Installation& installation, const RunPlan& plan) {
  std::set<std::string> known;
  for (const LoadedPlugin& plugin : plan.collectors)
    for (const CheckSpec& check : plugin.checks) known.insert(check.id);
  ASSAY_ASSIGN(const std::vector<CheckSpec> own, ReadOwnChecks(*plan.config));
  for (const CheckSpec& check : own) known.insert(check.id);
  const fs::path home = installation.root / "lib" / "assay";
  for (const std::string& id : Catalogue::Scan(home, ReadManifestNote).CheckIds()) known.insert(id);
  return known;
}

/// A mapping to a check that nobody has would leave its control unknown for ever. The packages of
/// the installation are held against it by the tests; what another tenant's plugins bring is not
/// known here.
Status CheckMappings(const Installation& installation, const RunPlan& plan) {
  const auto built_in = [](const LoadedPlugin& p) { return p.trust == Trust::kBuiltIn; };
  const auto elsewhere = [&](const config::PluginConfig& p) {
    return !p.path.empty() && !Applies(p.tenants, plan.tenant->id);
  };
  if (std::all_of(plan.frameworks.begin(), plan.frameworks.end(), built_in)) return {};
  if (std::any_of(plan.config->plugins.begin(), plan.config->plugins.end(), elsewhere)) return {};
  ASSAY_ASSIGN(const std::set<std::string> known, KnownChecks(installation, plan));
  for (const LoadedPlugin& plugin : plan.frameworks)
    for (const ControlSpec& control : plugin.framework.controls)
      for (const std::string& check : control.checks)
        if (!built_in(plugin) && !known.contains(check))
          return Fail(Refusal(
              "AS-PLG-001",
              fmt::format("plugin {}: control {} is mapped to check {}, which does not exist",
                          plugin.manifest.id, Quote(control.id), Quote(check))));
  return {};
}

/// What collectors may ask for of a tenant's configuration.
ipc::Settings SettingsOf(const config::TenantConfig& tenant) {
  ipc::Settings out;
  if (!tenant.subscriptions.empty()) out[ASSAY_CONFIG_SUBSCRIPTIONS] = tenant.subscriptions;
  if (!tenant.exclude_subscriptions.empty())
    out[ASSAY_CONFIG_EXCLUDE_SUBSCRIPTIONS] = tenant.exclude_subscriptions;
  return out;
}

}  // namespace

Result<Installation> LocateInstallation() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) return Fail(Code::kIo, "/proc/self/exe: " + error.message());
  return Installation{self.parent_path().parent_path()};
}

Result<RunPlan> PlanRun(const Installation& installation, const config::Config& config,
                        const config::TenantConfig& tenant, const Selection& selection) {
  Locks locks;
  ASSAY_ASSIGN(locks.built_in, ReadLock(installation.lock()));
  if (BringsPlugins(config)) {
    ASSAY_ASSIGN(locks.admin, ReadAdminLock(AdminLockPath(config)));
  }
  ASSAY_ASSIGN(broker::BrokerOptions broker, BrokerFor(config, tenant));
  RunPlan plan{&config,
               &tenant,
               {},
               {},
               {},
               std::move(broker),
               nullptr,
               sandbox::Tier::kStrict,
               nullptr,
               nullptr,
               &SystemClock(),
               nullptr,
               "",
               "",
               "",
               "cli",
               "",
               {}};
  ASSAY_ASSIGN(plan.collectors,
               LoadPlugins(installation, config, tenant.id, locks, selection.refusals));
  ASSAY_ASSIGN(plan.frameworks, LoadFrameworks(installation, config, tenant.id, selection, locks,
                                               TakeFrameworks(plan.collectors)));
  ASSAY_ASSIGN(plan.checks, SelectChecks(config, plan.collectors, selection, plan.own_checks));
  ASSAY_TRY(CheckMappings(installation, plan));
  NameElsewhere(installation.plugins(), plan.collectors, plan.checks);
  plan.config_sha256 = config.digest_hex;
  plan.settings = SettingsOf(tenant);
  plan.only = !selection.checks.empty();
  return plan;
}

Result<std::vector<CheckSpec>> ReadOwnChecks(const config::Config& config) {
  std::vector<UsedFile> unused;
  return OwnChecks(config, unused);
}

ledger::OpenOptions LedgerOptions(const config::Config& config, const config::TenantConfig& tenant,
                                  bool create) {
  const fs::path store = config.storage.at(tenant.store).path;
  ledger::OpenOptions out{
      store / tenant.id, *tenant.directory_id, {}, {}, {}, create, {}, {}, nullptr};
  out.origin = config.origin + "/" + tenant.id;
  out.master_key_file =
      (config.master_key_file.empty() ? store / "master.key" : config.master_key_file).string();
  out.ledger_key_file =
      (config.ledger_key_dir.empty() ? store / tenant.id / "ledger.key"
                                     : config.ledger_key_dir / (tenant.id + ".key"))
          .string();
  out.production = config.production;
  out.clock = &SystemClock();
  return out;
}

Result<sandbox::Tier> ChooseTier(const config::Config& config, const sandbox::TierReport& offered) {
  const auto accepted = sandbox::ParseTier(config.sandbox_accept).value_or(sandbox::Tier::kStrict);
  if (offered.best <= accepted) return offered.best;
  Error error =
      Refusal("AS-SBX-001",
              fmt::format("sandbox: this machine offers tier \"{}\", the configuration accepts "
                          "\"{}\" at least: {}",
                          Name(offered.best), Name(accepted), offered.why));
  error.hint =
      fmt::format("to accept it, write  [sandbox]  accept = \"{}\"  (assay doctor tells more)",
                  Name(offered.best));
  return Fail(std::move(error));
}

}  // namespace assay::assess
