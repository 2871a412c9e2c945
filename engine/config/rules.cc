#include "config/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/time.h"
#include "config/assay_schema.h"
#include "config/credential_rules.h"
#include "config/resolve.h"
#include "config/values.h"
#include "model/framework.h"
#include "model/limits.h"
#include "model/retired_controls.h"

namespace assay::config {
namespace {

template <typename Map>
std::vector<std::string> KeysOf(const Map& map) {
  std::vector<std::string> out;
  for (const auto& [key, value] : map) out.push_back(key);
  return out;
}

bool Contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::string Near(const std::string& word, const std::vector<std::string>& known) {
  const std::string near = NearestWord(word, known);
  if (!near.empty()) return fmt::format("did you mean \"{}\"?", near);
  return known.empty() ? "none is defined" : "known: " + Join(known, ", ");
}

class Rules {
 public:
  Rules(const Fields& root, const Config& config, const LoadOptions& options, Report& report)
      : root_(root), config_(config), options_(options), report_(report) {}

  void Check() {
    CheckSchemaVersion();
    CheckStores();
    CheckNetwork();
    CheckClouds();
    for (const auto& [name, fields] : root_.Named("credentials")) {
      CheckReferenceKind(fields, fields.Text("ref"), true);
      CheckCredential(fields, config_, options_, report_);
    }
    CheckCredentialCircles(root_, config_, report_);
    CheckKeys();
    CheckLedger();
    for (const Fields& tenant : root_.Items("tenants")) CheckTenant(tenant);
    CheckDirectories();
    for (const Fields& plugin : root_.Items("plugins")) CheckPlugin(plugin);
    for (const Fields& framework : root_.Items("frameworks")) CheckFramework(framework);
    for (const Fields& role : root_.Sub("roles").Items("map")) CheckTenantNames(role);
    CheckExceptions();
    for (const auto& [name, fields] : root_.Named("checks"))
      if (!options_.known_checks.empty() && !Contains(options_.known_checks, name))
        NotInstalled(fields.Where(), "check", name, options_.known_checks);
  }

 private:
  void CheckSchemaVersion() {
    const int64_t version = root_.Integer("schema");
    if (!root_.Has("schema") || version == kSchemaVersion) return;
    report_
        .Error("AS-CFG-010", root_.Where("schema"),
               version > kSchemaVersion
                   ? fmt::format("schema {} is newer than this assay, which reads schema {}",
                                 version, kSchemaVersion)
                   : fmt::format("schema {} does not exist; this assay reads schema {}", version,
                                 kSchemaVersion))
        .caret_note = version > kSchemaVersion ? "install a newer assay"
                                               : fmt::format("write {}", kSchemaVersion);
  }

  void CheckStores() {
    const Fields storage = root_.Sub("storage");
    if (storage.Has("default") && !config_.storage.contains(config_.default_store))
      report_
          .Error("AS-CFG-009", storage.Where("default"),
                 fmt::format("store {} is not defined", Quote(config_.default_store)))
          .caret_note = Near(config_.default_store, KeysOf(config_.storage));
  }

  void CheckNetwork() {
    const Fields network = root_.Sub("network");
    for (const char* key : {"proxy_credential", "no_proxy"})
      if (network.Has(key) && !network.Has("proxy"))
        report_.Error("AS-CFG-004", network.WhereKey(key),
                      fmt::format("{} without proxy says nothing", key));
    if (network.Has("timeout") && config_.network.timeout.count() == 0)
      report_.Error("AS-CFG-004", network.Where("timeout"), "a timeout of nothing ends every read");
    if (network.Has("concurrency") &&
        network.Integer("concurrency") != static_cast<int64_t>(config_.network.concurrency))
      report_.Error("AS-CFG-004", network.Where("concurrency"), "concurrency is from 1 to 64");
    const std::string credential = network.Text("proxy_credential");
    if (config_.production && credential.starts_with("env:"))
      report_.Error("AS-CFG-013", network.Where("proxy_credential"),
                    "a credential from the environment is refused in production");
  }

  void CheckClouds() {
    for (const auto& [name, cloud] : root_.Named("clouds")) {
      if (Contains(BuiltInClouds(), name))
        report_.Error("AS-CFG-008", cloud.Where(),
                      fmt::format("cloud {} is built in and cannot be redefined", Quote(name)));
      for (const char* key : {"login", "graph", "arm"}) CheckTransport(cloud, key);
      if (cloud.Has("blob")) CheckTransport(cloud, "blob");
      if (config_.production && cloud.Has("ca_file"))
        report_.Error("AS-CFG-013", cloud.WhereKey("ca_file"),
                      "an extra trust anchor is refused in production");
    }
  }

  void CheckTransport(const Fields& cloud, const char* key) {
    const auto url = ParseBaseUrl(cloud.Text(key));
    if (!url || url->scheme == "https" || IsLoopbackHost(url->host)) return;
    report_
        .Error("AS-CFG-011", cloud.Where(key), "plain http is accepted for loopback addresses only")
        .caret_note = "write https://";
  }

  void CheckKeys() {
    const Fields keys = root_.Sub("keys");
    for (const char* name : {"master", "ledger"}) {
      if (!keys.Has(name)) {
        if (config_.production)
          report_
              .Error("AS-CFG-013", root_.Sub("instance").WhereKey("production"),
                     fmt::format("production demands that the {} key is named", name))
              .notes.push_back(fmt::format(
                  "help: add  [keys] {} = {{ kind = \"file\", ref = \"cred:NAME\" }}", name));
        continue;
      }
      const Fields key = keys.Sub(name);
      const std::string ref = key.Text("ref");
      if (ref.rfind("env:", 0) == 0)
        report_.Error("AS-CFG-004", key.Where("ref"), fmt::format("the {} key is a file", name))
            .caret_note = "write \"file:/path\" or \"cred:NAME\"";
      else
        CheckReferenceKind(key, ref, false);
    }
  }

  void CheckLedger() {
    if (!root_.Has("ledger")) return;
    const Fields ledger = root_.Sub("ledger");
    for (const Fields& witness : ledger.Items("witness")) {
      const std::string kind = witness.Text("kind");
      if (kind == "file") Demand(witness, kind, "path");
      if (kind == "http" || kind == "put") Demand(witness, kind, "url");
      if (kind == "http") Demand(witness, kind, "vkey");
      CheckPlace(witness);
    }
    if (!ledger.Has("timestamp")) return;
    const Fields timestamp = ledger.Sub("timestamp");
    if (!timestamp.Has("ca"))
      report_.Error("AS-CFG-002", timestamp.Where(), "key \"ca\" is missing in [ledger.timestamp]");
    CheckPlace(timestamp);
  }

  void Demand(const Fields& witness, const std::string& kind, const char* key) {
    if (!witness.Has(key))
      report_.Error("AS-CFG-002", witness.Where(),
                    fmt::format("a witness of kind {} needs the key {}", Quote(kind), Quote(key)));
  }

  void CheckPlace(const Fields& fields) {
    if (fields.Has("url")) CheckPlaceOf(fields, "url");
  }

  void CheckPlaceOf(const Fields& fields, const char* key) {
    const std::string url = fields.Text(key);
    const auto base = ParseBaseUrl(url.substr(0, url.find('/', url.find("://") + 3)));
    if (base && base->scheme != "https" && !IsLoopbackHost(base->host))
      report_
          .Error("AS-CFG-011", fields.Where(key),
                 "plain http is accepted for loopback addresses only")
          .caret_note = "write https://";
  }

  // References of later versions, and those that production refuses.
  void CheckReferenceKind(const Fields& fields, const std::string& ref, bool vault) {
    for (const char* scheme : {"keyvault:", "pkcs11:"})
      if (ref.rfind(scheme, 0) == 0 && !(vault && ref[0] == 'k'))
        report_
            .Error("AS-CFG-030", fields.Where("ref"),
                   fmt::format("\"{}\" references are not available in this version", scheme))
            .caret_note = "available: \"env:\", \"file:\", \"cred:\"";
    if (config_.production && ref.rfind("env:", 0) == 0)
      report_
          .Error("AS-CFG-013", fields.Where("ref"),
                 "secrets in the environment are refused in production")
          .caret_note =
          "other processes of this account can read them; write \"file:/path\" or \"cred:NAME\"";
  }

  void CheckTenant(const Fields& tenant) {
    if (tenant.Text("id") == "instance" || tenant.Text("id") == "plugins")
      report_
          .Error("AS-CFG-008", tenant.Where("id"),
                 tenant.Text("id") == "instance" ? "\"instance\" is the name of the instance's log"
                                                 : "\"plugins\" is where installed plugins lie")
          .caret_note = "choose another name";
    const std::string cloud = tenant.Text("cloud");
    std::vector<std::string> clouds = BuiltInClouds();
    for (const auto& [name, value] : config_.clouds) clouds.push_back(name);
    if (!Contains(clouds, cloud))
      report_
          .Error("AS-CFG-009", tenant.Where("cloud"),
                 fmt::format("cloud {} is not defined", Quote(cloud)))
          .caret_note = Near(cloud, clouds);
    CheckTenantStore(tenant);
    if (tenant.Has("credential")) {
      const Fields credential = tenant.Sub("credential");
      CheckReferenceKind(credential, credential.Text("ref"), true);
      CheckCredential(credential, config_, options_, report_);
    }
    if (tenant.Has("cost")) CheckCost(tenant.Sub("cost"));
    // A tolerance that is over tolerates nothing: the consent guard refuses that one tenant.
    for (const Fields& item : tenant.Items("allow_excess")) CheckWaiver(item, true);
  }

  void CheckCost(const Fields& cost) {
    if (cost.Has("path") == cost.Has("container"))
      report_
          .Error("AS-CFG-004", cost.Where(),
                 cost.Has("path") ? "cost exports lie in one place: path or container"
                                  : "cost names no place: path or container is missing")
          .caret_note =
          "write { path = \"/srv/exports\" } or { container = "
          "\"https://ACCOUNT.blob.core.windows.net/CONTAINER\" }";
    if (cost.Has("prefix") && !cost.Has("container"))
      report_.Error("AS-CFG-004", cost.WhereKey("prefix"), "prefix belongs to a container");
    const std::string prefix = cost.Text("prefix");
    if (cost.Has("prefix") && (prefix.empty() || prefix.front() == '/' || prefix.size() > 512))
      report_.Error("AS-CFG-004", cost.Where("prefix"),
                    "prefix is the begin of names in the container, without a leading slash");
    if (cost.Has("path") && cost.Text("path").empty())
      report_.Error("AS-CFG-004", cost.Where("path"), "the path of cost exports is empty");
    if (cost.Has("container")) CheckPlaceOf(cost, "container");
  }

  void CheckTenantStore(const Fields& tenant) {
    const std::string name = tenant.Has("store") ? tenant.Text("store") : config_.default_store;
    const auto store = config_.storage.find(name);
    if (store == config_.storage.end()) {
      if (tenant.Has("store"))
        report_
            .Error("AS-CFG-009", tenant.Where("store"),
                   fmt::format("store {} is not defined", Quote(name)))
            .caret_note = Near(name, KeysOf(config_.storage));
      return;
    }
    const std::string region = tenant.Text("region");
    if (region.empty() || store->second.region.empty() || region == store->second.region) return;
    const Place bound = StorePlace(name);
    report_
        .Error("AS-CFG-021", tenant.Where("region"),
               fmt::format("region {} and store endpoint do not agree", Quote(region)))
        .caret_note = fmt::format(
        "tenant may only live in stores bound to {}; store {} is bound to {} ({}:{}:{})",
        Quote(region), Quote(name), Quote(store->second.region), bound.file, bound.line,
        bound.column);
  }

  Place StorePlace(const std::string& name) {
    for (const auto& [other, fields] : root_.Sub("storage").Others())
      if (other == name) return fields.Where("region");
    return {};
  }

  // A tolerance ends by itself, and soon enough that somebody looks again.
  void CheckWaiver(const Fields& fields, bool ends_by_itself = false) {
    for (const char* key : {"reason", "approver"})
      if (fields.Has(key) && Trim(fields.Text(key)).empty())
        report_.Error("AS-CFG-018", fields.Where(key), fmt::format("{} is empty", key));
    const auto expires = ParseDate(fields.Text("expires"));
    if (!expires) return;
    const auto today = std::chrono::floor<std::chrono::days>(SystemClock().Now());
    if (*expires < today) {
      const std::string text = fmt::format("expired on {}", fields.Text("expires"));
      Diagnostic& d = ends_by_itself ? report_.Warning("AS-CFG-018", fields.Where("expires"), text)
                                     : report_.Error("AS-CFG-018", fields.Where("expires"), text);
      d.caret_note = "decide again, or remove it";
    }
    if (*expires > today + std::chrono::days(366))
      report_.Error("AS-CFG-018", fields.Where("expires"), "expires more than one year from today")
          .caret_note = "choose a date within one year";
  }

  // Who may approve must be able to: a role that nobody has would let every request wait for ever.
  void CheckExceptions() {
    const Fields exceptions = root_.Sub("exceptions");
    if (exceptions.Has("max_age") && config_.exceptions.max_age.count() == 0)
      report_.Error("AS-CFG-005", exceptions.Where("max_age"), "a maximum age of nothing")
          .caret_note = "write a duration such as \"180d\"";
    if (config_.roles.empty()) return;
    const bool any = std::any_of(config_.roles.begin(), config_.roles.end(), [&](const auto& one) {
      return Contains(config_.exceptions.approvers, one.role);
    });
    if (any) return;
    report_
        .Warning("AS-CFG-009", exceptions.Where("approvers"),
                 "no [[roles.map]] gives anybody a role that approves exceptions")
        .caret_note = "map " + Join(config_.exceptions.approvers, " or ");
  }

  // Evidence of one directory belongs to one tenant.
  void CheckDirectories() {
    std::map<std::string, Fields> seen;
    for (const Fields& tenant : root_.Items("tenants")) {
      const std::string id = AsciiLower(tenant.Text("directory_id"));
      if (id.empty()) continue;
      const auto [it, fresh] = seen.try_emplace(id, tenant);
      if (fresh) continue;
      const Place first = it->second.Where("directory_id");
      report_
          .Error("AS-CFG-008", tenant.Where("directory_id"),
                 fmt::format("directory {} belongs to tenant {} already", Quote(id),
                             Quote(it->second.Text("id"))))
          .notes.push_back(
              fmt::format("first defined at {}:{}:{}", first.file, first.line, first.column));
    }
  }

  void CheckPlugin(const Fields& plugin) {
    const std::string id = plugin.Text("id");
    const bool built_in = !plugin.Has("path");
    if (built_in && plugin.Has("id") && !Contains(options_.known_plugins, id) &&
        !options_.known_plugins.empty())
      NotInstalled(plugin.Where("id"), "plugin", id, options_.known_plugins);
    CheckTenantNames(plugin);
    CheckTrust(plugin, built_in);
    if (plugin.Has("grants")) CheckGrantedLimits(plugin.Sub("grants"));
    if (built_in) return;
    if (config_.production && plugin.Has("dev_pin"))
      report_.Error("AS-CFG-013", plugin.WhereKey("dev_pin"),
                    "a developer's pin is refused in production");
    if (Contains(plugin.Texts("tenants"), "*"))
      report_
          .Error("AS-CFG-019", plugin.Has("tenants") ? plugin.Where("tenants") : plugin.Where(),
                 fmt::format("plugin {} is not built in and may not see every tenant", Quote(id)))
          .caret_note = "name its tenants";
  }

  // What is below zero is refused by its type.
  void CheckGrantedLimits(const Fields& grants) {
    for (const LimitField& field : LimitFields()) {
      const std::string key(field.grant), text = grants.Text(key);
      if (!grants.Has(key) || ParseSize(text)) continue;
      const auto time = ParseDuration(text);
      if (time ? time->count() == 0 : text.empty() && grants.Integer(key) == 0)
        report_.Error("AS-CFG-005", grants.Where(key), key + " is 0: a limit is at least 1");
    }
  }

  // Where a plugin comes from and why it may run must say the same.
  void CheckTrust(const Fields& plugin, bool built_in) {
    const std::string id = plugin.Text("id"), trust = plugin.Text("trust");
    if (built_in && plugin.Has("dev_pin"))
      report_
          .Error("AS-CFG-020", plugin.WhereKey("dev_pin"),
                 fmt::format("plugin {} has no path: a built-in plugin needs no pin", Quote(id)))
          .caret_note = "remove it, or add the path";
    if (!plugin.Has("trust")) return;
    const bool wants_built_in = trust == "builtin";
    if (wants_built_in != built_in)
      report_
          .Error("AS-CFG-020", plugin.Where("trust"),
                 fmt::format("plugin {} {}", Quote(id),
                             built_in ? "has no path, and so is built in"
                                      : "has a path, and so is not built in"))
          .caret_note = built_in ? "add the path of the signed package"
                                 : "write the fingerprint of its author's key";
    else if (plugin.Has("dev_pin"))
      report_
          .Error("AS-CFG-020", plugin.WhereKey("dev_pin"),
                 fmt::format("plugin {} is both trusted and pinned", Quote(id)))
          .caret_note = "a signed package needs no pin: keep one of the two";
  }

  // Frameworks that [[plugins]] bring are seen when a run verifies them.
  bool IsBrought(const std::string& id) const {
    return std::any_of(config_.plugins.begin(), config_.plugins.end(),
                       [&](const PluginConfig& p) { return p.id == id && !p.path.empty(); });
  }

  void CheckFramework(const Fields& framework) {
    const std::string id = framework.Text("id");
    if (framework.Has("csv")) CheckList(framework, id);
    if (framework.Has("id") && !framework.Has("csv") && !options_.known_frameworks.empty() &&
        !Contains(options_.known_frameworks, id) && !IsBrought(id))
      NoFramework(framework.Where("id"), id);
    CheckTenantNames(framework);
    for (const Fields& item : framework.Items("exclude")) {
      CheckWaiver(item);
      CheckExcluded(item, id);
    }
  }

  // A list of the administrator's own brings its framework along, under an id that is free.
  void CheckList(const Fields& framework, const std::string& id) {
    if (framework.Has("id") && Contains(options_.built_in_frameworks, id))
      report_
          .Error("AS-CFG-008", framework.Where("id"),
                 fmt::format("framework {} is installed already", Quote(id)))
          .caret_note = "give the list an id of its own";
    if (const auto wrong = options_.list_problems.find(id); wrong != options_.list_problems.end())
      report_.Error("AS-CFG-009", framework.Where("csv"), wrong->second);
  }

  // Who still asks for the edition of 2013 learns where its numbers went.
  void NoFramework(const Place& place, const std::string& id) {
    Diagnostic& d = NotInstalled(place, "framework", id, options_.known_frameworks);
    if (id.find("27001") != std::string::npos && id.find("2013") != std::string::npos)
      d.caret_note += " (A.16 became A.5.24-A.5.28: assay explain iso-2013)";
  }

  // An exclusion that meets no control would silently exclude nothing.
  void CheckExcluded(const Fields& item, const std::string& framework) {
    const auto at = options_.known_controls.find(framework);
    if (at == options_.known_controls.end() || !item.Has("control")) return;
    const std::string id = item.Text("control");
    if (std::any_of(at->second.begin(), at->second.end(),
                    [&](const std::string& control) { return ExclusionCovers(id, control); }))
      return;
    Diagnostic& d =
        report_.Error("AS-CFG-009", item.Where("control"),
                      fmt::format("framework {} has no control {}", Quote(framework), Quote(id)));
    const std::string became = Join(RetiredTargets(id), ", ");
    if (!became.empty())
      d.caret_note = fmt::format("a number of ISO/IEC 27001:2013, became {}", became);
    else if (const std::string near = NearestWord(id, at->second); !near.empty())
      d.caret_note = fmt::format("did you mean \"{}\"?", near);
  }

  void CheckTenantNames(const Fields& fields) {
    std::vector<std::string> known;
    for (const TenantConfig& tenant : config_.tenants) known.push_back(tenant.id);
    const std::vector<std::string> names = fields.Texts("tenants");
    for (size_t i = 0; i < names.size(); ++i)
      if (names[i] != "*" && !Contains(known, names[i]))
        Unknown(fields.Where("tenants", i), "tenant", names[i], known);
  }

  void Unknown(const Place& place, const char* what, const std::string& name,
               const std::vector<std::string>& known) {
    report_.Error("AS-CFG-009", place, fmt::format("{} {} is not defined", what, Quote(name)))
        .caret_note = Near(name, known);
  }

  Diagnostic& NotInstalled(const Place& place, const char* what, const std::string& id,
                           const std::vector<std::string>& known) {
    Diagnostic& d =
        report_.Error("AS-CFG-017", place, fmt::format("{} {} is not installed", what, Quote(id)));
    d.caret_note =
        NearestWord(id, known).empty() ? "installed: " + Join(known, ", ") : Near(id, known);
    return d;
  }

  static std::vector<std::string> BuiltInClouds() {
    return {"global", "usgov", "usgov-dod", "china"};
  }

  const Fields& root_;
  const Config& config_;
  const LoadOptions& options_;
  Report& report_;
};

}  // namespace

void CheckRules(const Fields& root, const Config& config, const LoadOptions& options,
                Report& report) {
  Rules(root, config, options, report).Check();
}

}  // namespace assay::config
