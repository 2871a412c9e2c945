#include "config/extract.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "base/environment.h"
#include "base/text.h"
#include "config/params.h"
#include "model/limits.h"

namespace assay::config {
namespace {

namespace fs = std::filesystem;

void ExtractStorage(const Fields& storage, const fs::path& folder, Config& config) {
  config.default_store = storage.Text("default");
  for (const auto& [name, fields] : storage.Others()) {
    StorageConfig store;
    store.name = name;
    store.kind = fields.Text("kind");
    store.region = fields.Text("region");
    store.path = folder / fields.Text("path");
    store.place = fields.Where();
    config.storage.try_emplace(name, std::move(store));
  }
}

// Without [keys] the master key lies under the default store, and each ledger's key (empty folder)
// beside its ledger.
void ExtractKeys(const Fields& keys, Config& config) {
  const auto store = config.storage.find(config.default_store);
  if (store != config.storage.end()) config.master_key_file = store->second.path / "master.key";
  if (keys.Has("master")) config.master_key_file = PathOfReference(keys.Sub("master").Text("ref"));
  if (keys.Has("ledger")) config.ledger_key_dir = PathOfReference(keys.Sub("ledger").Text("ref"));
}

void ExtractBackup(const Fields& backup, const fs::path& folder, Config& config) {
  if (backup.Has("target")) config.backup.target = folder / backup.Text("target");
  const auto duration = [&](const char* key) {
    return ParseDuration(backup.Text(key)).value_or(std::chrono::seconds(0));
  };
  config.backup.full_every = duration("full_every");
  config.backup.window = duration("window");
  config.backup.drill_every = duration("drill_every");
}

void ExtractLedger(const Fields& ledger, const fs::path& folder, Config& config) {
  const auto path = [&](const Fields& fields, const char* key) {
    return fields.Has(key) ? folder / fields.Text(key) : fs::path();
  };
  for (const Fields& item : ledger.Items("witness")) {
    WitnessConfig witness;
    witness.kind = item.Text("kind");
    witness.path = path(item, "path");
    witness.url = item.Text("url");
    witness.vkey = item.Text("vkey");
    witness.ca_file = path(item, "ca_file");
    if (auto every = ParseDuration(item.Text("every"))) witness.every = *every;
    witness.place = item.Where();
    config.witnesses.push_back(std::move(witness));
  }
  if (!ledger.Has("timestamp")) return;
  const Fields timestamp = ledger.Sub("timestamp");
  config.timestamp = {timestamp.Text("url"), path(timestamp, "ca"), path(timestamp, "tls_ca"),
                      path(timestamp, "crl")};
}

/// One host of `pins`; false when its value is something else than a list of pins.
bool ReadPins(const toml::node& node, std::vector<std::string>& out) {
  const toml::array* list = node.as_array();
  if (!list || list->empty()) return false;
  for (const auto& item : *list) {
    const std::string pin = item.value_or(std::string());
    const auto digest = pin.starts_with("sha256/") ? ParseBase64(std::string_view(pin).substr(7))
                                                   : Result<ByteVector>(ByteVector{});
    if (!digest || digest->size() != 32) return false;
    out.push_back(pin);
  }
  return true;
}

void ExtractPins(const Fields& network, Report& report, NetworkConfig& out) {
  const auto [document, node] = network.Find("pins");
  const toml::table* table = node ? node->as_table() : nullptr;
  if (!table) return;
  for (const auto& [host, value] : *table)
    if (!ReadPins(value, out.pins[AsciiLower(host.str())]))
      report
          .Error("AS-CFG-004", network.Where("pins"),
                 fmt::format("pins of {} are not a list of public keys", Quote(host.str())))
          .caret_note = "write [\"sha256/BASE64\"]: the digest of a SubjectPublicKeyInfo";
}

void ExtractNetwork(const Fields& root, const fs::path& folder, Report& report, Config& config) {
  const Fields fields = root.Sub("network");
  NetworkConfig& out = config.network;
  out.proxy = fields.Text("proxy");
  out.proxy_credential = fields.Text("proxy_credential");
  out.no_proxy = fields.Texts("no_proxy");
  if (fields.Has("ca_file")) out.ca_file = (folder / fields.Text("ca_file")).string();
  out.concurrency =
      static_cast<uint32_t>(std::clamp<int64_t>(fields.Integer("concurrency"), 1, 64));
  out.max_pages =
      static_cast<uint32_t>(std::clamp<int64_t>(fields.Integer("max_pages"), 1, 10'000'000));
  out.graph_batch = fields.Bool("graph_batch");
  if (const auto timeout = ParseDuration(fields.Text("timeout"))) out.timeout = *timeout;
  if (const auto most = ParseDuration(fields.Text("throttle_budget"))) out.throttle_budget = *most;
  ExtractPins(fields, report, out);
}

void ExtractClouds(const Fields& root, const fs::path& folder, Config& config) {
  for (const auto& [name, fields] : root.Named("clouds")) {
    CloudConfig cloud;
    cloud.name = name;
    cloud.login = fields.Text("login");
    cloud.graph = fields.Text("graph");
    cloud.arm = fields.Text("arm");
    cloud.graph_scope = fields.Text("graph_scope");
    cloud.arm_scope = fields.Text("arm_scope");
    cloud.imds = fields.Text("imds");
    cloud.blob = fields.Text("blob");
    cloud.storage_scope = fields.Text("storage_scope");
    cloud.storage_audiences = fields.Texts("storage_audiences");
    if (fields.Has("ca_file")) cloud.ca_file = (folder / fields.Text("ca_file")).string();
    cloud.graph_audiences = fields.Texts("graph_audiences");
    cloud.arm_audiences = fields.Texts("arm_audiences");
    cloud.place = fields.Where();
    config.clouds.try_emplace(name, std::move(cloud));
  }
}

CredentialConfig ExtractCredential(const Fields& fields, const fs::path& folder) {
  CredentialConfig out{
      fields.Text("kind"),      fields.Text("client_id"), fields.Text("ref"),         "",
      fields.Text("algorithm"), fields.Text("via"),       fields.Text("directory_id")};
  if (fields.Has("certificate")) out.certificate = (folder / fields.Text("certificate")).string();
  // A cluster says itself where it keeps the token of a workload.
  if (out.kind == "workload_identity" && out.ref.empty())
    if (const auto file = FindEnvironment("AZURE_FEDERATED_TOKEN_FILE")) out.ref = "file:" + *file;
  return out;
}

CostConfig ExtractCost(const Fields& fields, const fs::path& folder) {
  CostConfig out{"", fields.Text("container"), fields.Text("prefix")};
  if (fields.Has("path")) out.path = (folder / fields.Text("path")).string();
  while (out.container.ends_with('/')) out.container.pop_back();
  if (!out.prefix.empty() && !out.prefix.ends_with('/')) out.prefix += '/';
  return out;
}

TenantConfig ExtractTenant(const Fields& fields, const fs::path& folder, const Config& config) {
  TenantConfig tenant;
  tenant.id = fields.Text("id");
  tenant.name = fields.Text("name");
  if (auto id = TenantId::Parse(fields.Text("directory_id"))) tenant.directory_id = std::move(*id);
  tenant.cloud = fields.Text("cloud");
  tenant.region = fields.Text("region");
  tenant.store = fields.Has("store") ? fields.Text("store") : config.default_store;
  if (fields.Has("credential"))
    tenant.credential = ExtractCredential(fields.Sub("credential"), folder);
  if (fields.Has("azure")) {
    const Fields azure = fields.Sub("azure");
    tenant.subscriptions = azure.Texts("subscriptions");
    tenant.management_groups = azure.Texts("management_groups");
    tenant.exclude_subscriptions = azure.Texts("exclude_subscriptions");
  }
  for (const Fields& item : fields.Items("allow_excess"))
    tenant.allow_excess.push_back({item.Text("permission"), item.Text("reason"),
                                   item.Text("approver"), item.Text("expires")});
  if (fields.Has("cost")) tenant.cost = ExtractCost(fields.Sub("cost"), folder);
  tenant.max_evidence_age = fields.Text("max_evidence_age");
  tenant.tags = fields.Texts("tags");
  tenant.place = fields.Where();
  return tenant;
}

/// A size or a time is text with a unit, anything else a number.
int64_t LimitValue(const Fields& grants, const std::string& key) {
  if (const auto bytes = ParseSize(grants.Text(key))) return *bytes;
  if (const auto time = ParseDuration(grants.Text(key))) return time->count();
  return grants.Integer(key);
}

PluginConfig ExtractPlugin(const Fields& fields, const fs::path& folder) {
  PluginConfig plugin;
  plugin.id = fields.Text("id");
  if (fields.Has("path")) plugin.path = (folder / fields.Text("path")).string();
  plugin.sha256 = fields.Text("sha256");
  plugin.dev_pin = fields.Text("dev_pin");
  if (fields.Text("trust") != "builtin") plugin.trust = fields.Text("trust");
  plugin.version = fields.Text("version");
  plugin.tenants = fields.Texts("tenants");
  if (fields.Has("grants")) {
    const Fields grants = fields.Sub("grants");
    for (const char* key : {"endpoints", "permissions", "data"})
      if (grants.Has(key)) plugin.bounds[key] = {grants.Texts(key), grants.Where(key)};
    for (const LimitField& field : LimitFields())
      if (const std::string key(field.grant); grants.Has(key))
        plugin.limits[std::string(field.name)] = LimitValue(grants, key);
  }
  plugin.place = fields.Where();
  return plugin;
}

FrameworkConfig ExtractFramework(const Fields& fields, const std::filesystem::path& folder) {
  FrameworkConfig framework;
  framework.id = fields.Text("id");
  framework.version = fields.Text("version");
  framework.tenants = fields.Texts("tenants");
  if (fields.Has("csv")) framework.csv = folder / fields.Text("csv");
  for (const Fields& item : fields.Items("exclude"))
    framework.exclude.push_back(
        {item.Text("control"), item.Text("reason"), item.Text("approver"), item.Text("expires")});
  framework.place = fields.Where();
  return framework;
}

void ExtractChecks(const Fields& root, Config& config, Report& report) {
  for (const auto& [name, fields] : root.Named("checks")) {
    CheckConfig check;
    check.severity = ParseSeverity(fields.Text("severity"));
    check.enabled = fields.Bool("enabled");
    check.max_age = fields.Text("max_age");
    check.params = ReadParams(fields, report);
    if (check.params.contains("previous"))
      report
          .Error("AS-CFG-004", fields.WhereKey("params"),
                 fmt::format("check {}: each run fills in the parameter \"previous\"", Quote(name)))
          .caret_note = "remove it";
    check.place = fields.Where();
    config.checks.try_emplace(name, std::move(check));
  }
}

}  // namespace

fs::path PathOfReference(std::string_view reference) {
  if (reference.rfind("file:", 0) == 0) return fs::path(reference.substr(5));
  if (reference.rfind("cred:", 0) != 0) return {};
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  return folder == nullptr ? fs::path() : fs::path(folder) / fs::path(reference.substr(5));
}

// "forever" is no duration: nothing expires.
std::optional<std::chrono::seconds> KeepFor(const std::string& text) {
  const auto keep = ParseDuration(text);
  return keep ? std::optional(*keep) : std::nullopt;
}

RetentionConfig ExtractRetention(const Fields& retention) {
  return {KeepFor(retention.Text("raw_bodies")), KeepFor(retention.Text("facts")),
          retention.Text("legal_basis")};
}

void ExtractExceptions(const Fields& root, Config& config) {
  const Fields exceptions = root.Sub("exceptions");
  ExceptionsConfig& out = config.exceptions;
  out.given = root.Has("exceptions");
  if (const auto most = ParseDuration(exceptions.Text("max_age"))) out.max_age = *most;
  out.approvers = exceptions.Texts("approvers");
  out.four_eyes = exceptions.Bool("four_eyes");
  out.allow_wildcard = exceptions.Bool("allow_wildcard");
  for (const std::string& text : exceptions.Texts("warn_before"))
    if (const auto before = ParseDuration(text)) out.warn_before.push_back(*before);
  std::sort(out.warn_before.rbegin(), out.warn_before.rend());
  for (const Fields& item : root.Sub("roles").Items("map"))
    config.roles.push_back({item.Text("role"), item.Text("os_user"), item.Texts("tenants")});
}

Config Extract(const Fields& root, const fs::path& file, Report& report) {
  Config config;
  // Absolute, so that every path below means the same wherever it is used.
  std::error_code error;
  config.file = fs::absolute(file, error);
  if (error) config.file = file;
  const fs::path folder = config.file.parent_path();
  const Fields instance = root.Sub("instance");
  config.instance_name = instance.Text("name");
  config.origin = instance.Text("origin");
  config.production = instance.Bool("production");
  config.include = instance.Texts("include");
  for (const auto& [name, fields] : root.Named("credentials"))
    config.credentials.try_emplace(name, ExtractCredential(fields, folder));
  config.sandbox_accept = root.Sub("sandbox").Text("accept");
  config.evidence_raw = root.Sub("evidence").Text("raw");
  config.retention = ExtractRetention(root.Sub("retention"));
  if (root.Has("checks_dir")) config.checks_dir = folder / root.Text("checks_dir");
  ExtractStorage(root.Sub("storage"), folder, config);
  ExtractKeys(root.Sub("keys"), config);
  ExtractBackup(root.Sub("backup"), folder, config);
  ExtractExceptions(root, config);
  if (root.Has("ledger")) ExtractLedger(root.Sub("ledger"), folder, config);
  ExtractNetwork(root, folder, report, config);
  ExtractClouds(root, folder, config);
  for (const Fields& item : root.Items("tenants"))
    config.tenants.push_back(ExtractTenant(item, folder, config));
  for (const Fields& item : root.Items("plugins"))
    config.plugins.push_back(ExtractPlugin(item, folder));
  for (const Fields& item : root.Items("frameworks"))
    config.frameworks.push_back(ExtractFramework(item, folder));
  ExtractChecks(root, config, report);
  return config;
}

}  // namespace assay::config
