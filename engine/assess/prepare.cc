#include "assess/prepare.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "config/load.h"
#include "config/lock_file.h"
#include "proof/sha256.h"

namespace assay::assess {
namespace {

namespace fs = std::filesystem;

Error Refusal(std::string id, std::string message) {
  return Error{Code::kDenied, std::move(message), {}, {}, {}, std::move(id)};
}

/// Any failure to load is a refusal: nothing of the plugin ran.
Error AsRefusal(Error error) {
  if (error.id.empty()) error.id = error.code == Code::kUnsupported ? "AS-PLG-002" : "AS-PLG-001";
  return error;
}

Result<std::vector<LockEntry>> ReadLock(const fs::path& path) {
  auto bytes = ReadFile(path, 4u << 20);
  if (!bytes && bytes.error().code == Code::kNotFound) return std::vector<LockEntry>();
  if (!bytes) return Fail(std::move(bytes.error()));
  return config::ParseLock(AsText(*bytes), path.string());
}

const LockEntry* FindLock(const std::vector<LockEntry>& locks, const std::string& id) {
  for (const LockEntry& lock : locks)
    if (lock.id == id) return &lock;
  return nullptr;
}

bool Applies(const std::vector<std::string>& tenants, const std::string& tenant) {
  return std::find(tenants.begin(), tenants.end(), "*") != tenants.end() ||
         std::find(tenants.begin(), tenants.end(), tenant) != tenants.end();
}

/// "graph:GET /v1.0/users", as grants are written in TOML.
std::string GrantName(const EndpointSpec& endpoint) {
  const bool graph = endpoint.host == ServiceHost::kGraph;
  return fmt::format("{}:{} {}{}", graph ? "graph" : "arm",
                     endpoint.read_post.empty() ? "GET" : "POST",
                     graph ? "/" + endpoint.version : "", endpoint.path);
}

Status CheckGrant(const LoadedPlugin& plugin, const config::PluginConfig& wanted) {
  const auto& granted = wanted.granted_endpoints;
  if (granted.empty()) return {};
  for (const EndpointSpec& endpoint : plugin.manifest.endpoints) {
    const std::string name = GrantName(endpoint);
    const bool ok = std::find(granted.begin(), granted.end(), name) != granted.end() ||
                    std::find(granted.begin(), granted.end(), endpoint.id) != granted.end();
    if (!ok)
      return Fail(
          Refusal("AS-PLG-005", fmt::format("plugin {}: asks for more than it was granted: {}",
                                            plugin.manifest.id, name)));
  }
  return {};
}

void ApplyLimits(WorkerLimits& limits, const std::map<std::string, int64_t>& overrides) {
  const auto set = [&](const char* name, auto& field) {
    const auto at = overrides.find(name);
    if (at != overrides.end())
      field = static_cast<std::remove_reference_t<decltype(field)>>(at->second);
  };
  set("memory_bytes", limits.memory_bytes);
  set("cpu_seconds", limits.cpu_seconds);
  set("wall_seconds", limits.wall_seconds);
  set("rows", limits.rows);
  set("row_bytes", limits.row_bytes);
  set("frames", limits.frames);
  set("reads", limits.reads);
  set("outstanding", limits.outstanding);
  set("log_bytes", limits.log_bytes);
  set("denied_calls", limits.denied_calls);
  set("records_per_body", limits.records_per_body);
}

/// A plugin that the configuration names by path: pinned by the lock beside assay.toml or by
/// dev_pin.
Status VerifyForeign(const LoadedPlugin& plugin, const config::PluginConfig& wanted,
                     const std::vector<LockEntry>& locks) {
  const std::string digest = EncodeHex(plugin.image.file_digest);
  if (!wanted.sha256.empty() && AsciiLower(wanted.sha256) != digest)
    return Fail(
        Refusal("AS-PLG-004", fmt::format("plugin {}: file has digest {}, assay.toml says {}",
                                          wanted.id, digest, wanted.sha256)));
  if (const LockEntry* lock = FindLock(locks, wanted.id)) return VerifyAgainstLock(plugin, *lock);
  if (!wanted.dev_pin.empty()) {
    if (AsciiLower(wanted.dev_pin) == digest) return {};
    return Fail(Refusal("AS-PLG-004", fmt::format("plugin {}: file has digest {}, dev_pin says {}",
                                                  wanted.id, digest, wanted.dev_pin)));
  }
  return Fail(
      Refusal("AS-PLG-003", fmt::format("plugin {}: is neither locked nor pinned", wanted.id)));
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

Result<LoadedPlugin> LoadWanted(const Installation& installation, const config::Config& config,
                                const config::PluginConfig& wanted,
                                const std::vector<LockEntry>& built_in) {
  if (wanted.path.empty()) return LoadBuiltIn(installation.plugins(), wanted.id, built_in);
  const fs::path file = config.file.parent_path() / wanted.path;
  auto plugin = LoadPlugin(file.parent_path(), wanted.id);
  if (!plugin) return Fail(AsRefusal(std::move(plugin.error())));
  ASSAY_ASSIGN(const auto locks, ReadLock(config.file.parent_path() / "assay-plugins.lock"));
  ASSAY_TRY(VerifyForeign(*plugin, wanted, locks));
  return std::move(*plugin);
}

Result<std::vector<LoadedPlugin>> LoadCollectors(const Installation& installation,
                                                 const config::Config& config,
                                                 const std::string& tenant,
                                                 const std::vector<LockEntry>& built_in) {
  std::vector<config::PluginConfig> wanted = config.plugins;
  if (wanted.empty()) {
    std::error_code error;
    for (const auto& folder : fs::directory_iterator(installation.plugins(), error)) {
      config::PluginConfig one;
      one.id = folder.path().filename().string();
      wanted.push_back(one);
    }
    std::sort(wanted.begin(), wanted.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
  }
  std::vector<LoadedPlugin> out;
  for (const config::PluginConfig& one : wanted) {
    if (!Applies(one.tenants, tenant)) continue;
    ASSAY_ASSIGN(LoadedPlugin plugin, LoadWanted(installation, config, one, built_in));
    ASSAY_TRY(CheckGrant(plugin, one));
    ApplyLimits(plugin.manifest.limits, one.limits);
    out.push_back(std::move(plugin));
  }
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
    used.push_back({std::string(kOwnChecks), file, EncodeHex(proof::Sha256(text))});
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

Result<std::vector<LoadedPlugin>> LoadFrameworks(const Installation& installation,
                                                 const config::Config& config,
                                                 const std::string& tenant,
                                                 const Selection& selection,
                                                 const std::vector<LockEntry>& built_in) {
  std::vector<LoadedPlugin> out;
  for (const config::FrameworkConfig& wanted : config.frameworks) {
    if (!Applies(wanted.tenants, tenant)) continue;
    const auto& only = selection.frameworks;
    if (!only.empty() && std::find(only.begin(), only.end(), wanted.id) == only.end()) continue;
    ASSAY_ASSIGN(LoadedPlugin plugin, LoadBuiltIn(installation.frameworks(), wanted.id, built_in));
    auto& controls = plugin.framework.controls;
    for (const auto& exclude : wanted.exclude)
      std::erase_if(controls, [&](const ControlSpec& c) { return c.id == exclude.control; });
    out.push_back(std::move(plugin));
  }
  for (const std::string& id : selection.frameworks)
    if (std::none_of(out.begin(), out.end(), [&](const auto& p) { return p.manifest.id == id; }))
      return Fail(Code::kNotFound, "framework " + Quote(id) + ": not enabled for this tenant");
  return out;
}

Result<broker::BrokerOptions> BrokerFor(const config::Config& config,
                                        const config::TenantConfig& tenant) {
  broker::BrokerOptions out{*tenant.directory_id, {}, {}, {}};
  out.production = config.production;
  out.user_agent = "assay/" ASSAY_VERSION;
  out.credential = {tenant.credential.client_id, tenant.credential.ref};
  for (const auto& excess : tenant.allow_excess) out.allow_excess.push_back({excess.permission});
  const auto own = config.clouds.find(tenant.cloud);
  if (own == config.clouds.end()) {
    const auto cloud = broker::BuiltInCloud(tenant.cloud);
    if (!cloud) return Fail(Code::kInvalidInput, "cloud " + Quote(tenant.cloud) + ": unknown");
    out.cloud = *cloud;
    return out;
  }
  const config::CloudConfig& c = own->second;
  out.cloud = *broker::BuiltInCloud("global");
  out.cloud.name = tenant.cloud;
  out.cloud.login = c.login;
  out.cloud.graph = c.graph;
  out.cloud.arm = c.arm;
  out.cloud.ca_file = c.ca_file;
  if (!c.graph_scope.empty()) out.cloud.graph_scope = c.graph_scope;
  if (!c.arm_scope.empty()) out.cloud.arm_scope = c.arm_scope;
  if (!c.graph_audiences.empty()) out.cloud.graph_audiences = c.graph_audiences;
  if (!c.arm_audiences.empty()) out.cloud.arm_audiences = c.arm_audiences;
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
  ASSAY_ASSIGN(const auto built_in, ReadLock(installation.lock()));
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
  ASSAY_ASSIGN(plan.collectors, LoadCollectors(installation, config, tenant.id, built_in));
  ASSAY_ASSIGN(plan.frameworks,
               LoadFrameworks(installation, config, tenant.id, selection, built_in));
  ASSAY_ASSIGN(plan.checks, SelectChecks(config, plan.collectors, selection, plan.own_checks));
  plan.config_sha256 = config.digest_hex;
  return plan;
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
