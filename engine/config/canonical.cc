// The effective configuration as one canonical text, for digest_hex.
#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "config/load.h"

namespace assay::config {
namespace {

// Members by name: std::map keeps them in the order that RFC 8785 wants for ASCII names.
using Object = std::map<std::string, std::string>;

std::string Text(const Object& object) {
  std::string out = "{";
  for (const auto& [name, value] : object) {
    if (out.size() > 1) out += ',';
    out += JsonString(name) + ":" + value;
  }
  return out + "}";
}

template <typename Range, typename Function>
std::string List(const Range& items, Function text) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out += ',';
    out += text(item);
  }
  return out + "]";
}

std::string Texts(const std::vector<std::string>& items) { return List(items, JsonString); }
std::string Flag(bool value) { return value ? "true" : "false"; }

std::string Waiver(const std::string& what, const std::string& of, const std::string& reason,
                   const std::string& approver, const std::string& expires) {
  return Text({{what, JsonString(of)},
               {"reason", JsonString(reason)},
               {"approver", JsonString(approver)},
               {"expires", JsonString(expires)}});
}

std::string RetentionText(const RetentionConfig& r) {
  const auto seconds = [](const std::optional<std::chrono::seconds>& keep) {
    return keep ? fmt::format("{}", keep->count()) : JsonString("forever");
  };
  return Text({{"raw_bodies", seconds(r.raw_bodies)},
               {"facts", seconds(r.facts)},
               {"legal_basis", JsonString(r.legal_basis)}});
}

/// What is not given stands not there, so that a new key changes no digest of old files.
Object CredentialObject(const CredentialConfig& c) {
  Object out{{"kind", JsonString(c.kind)},
             {"client_id", JsonString(c.client_id)},
             {"ref", JsonString(c.ref)}};
  const std::pair<const char*, const std::string*> optional[] = {{"certificate", &c.certificate},
                                                                 {"algorithm", &c.algorithm},
                                                                 {"via", &c.via},
                                                                 {"directory_id", &c.directory_id}};
  for (const auto& [name, value] : optional)
    if (!value->empty()) out[name] = JsonString(*value);
  return out;
}

std::string TenantText(const TenantConfig& t) {
  const auto excess = [](const ExcessConfig& e) {
    return Waiver("permission", e.permission, e.reason, e.approver, e.expires);
  };
  const Object credential = CredentialObject(t.credential);
  Object out{{"id", JsonString(t.id)},
             {"name", JsonString(t.name)},
             {"directory_id", JsonString(t.directory_id ? t.directory_id->text() : "")},
             {"cloud", JsonString(t.cloud)},
             {"region", JsonString(t.region)},
             {"store", JsonString(t.store)},
             {"credential", Text(credential)},
             {"subscriptions", Texts(t.subscriptions)},
             {"exclude_subscriptions", Texts(t.exclude_subscriptions)},
             {"allow_excess", List(t.allow_excess, excess)},
             {"max_evidence_age", JsonString(t.max_evidence_age)},
             {"tags", Texts(t.tags)}};
  if (!t.management_groups.empty()) out["management_groups"] = Texts(t.management_groups);
  const CostConfig& cost = t.cost;
  if (!cost.path.empty()) out["cost"] = Text({{"path", JsonString(cost.path)}});
  if (!cost.container.empty())
    out["cost"] =
        Text({{"container", JsonString(cost.container)}, {"prefix", JsonString(cost.prefix)}});
  return Text(out);
}

std::string PluginText(const PluginConfig& p) {
  Object limits;
  for (const auto& [name, value] : p.limits) limits[name] = fmt::format("{}", value);
  Object bounds;
  for (const auto& [name, bound] : p.bounds) bounds[name] = Texts(bound.names);
  return Text({{"id", JsonString(p.id)},
               {"path", JsonString(p.path)},
               {"sha256", JsonString(p.sha256)},
               {"dev_pin", JsonString(p.dev_pin)},
               {"version", JsonString(p.version)},
               {"tenants", Texts(p.tenants)},
               {"trust", JsonString(p.trust)},
               {"bounds", Text(bounds)},
               {"limits", Text(limits)}});
}

std::string FrameworkText(const FrameworkConfig& f) {
  const auto exclude = [](const FrameworkConfig::Exclude& e) {
    return Waiver("control", e.control, e.reason, e.approver, e.expires);
  };
  Object members = {{"id", JsonString(f.id)},
                    {"version", JsonString(f.version)},
                    {"tenants", Texts(f.tenants)},
                    {"exclude", List(f.exclude, exclude)}};
  // Not written when absent: digests of configurations of before stay as they are.
  if (!f.csv.empty()) members["csv"] = JsonString(f.csv.string());
  return Text(members);
}

std::string CheckText(const CheckConfig& c) {
  Object params;
  for (const auto& [name, value] : c.params) params[name] = JsonString(value);
  return Text({{"severity", JsonString(c.severity ? Name(*c.severity) : "")},
               {"enabled", Flag(c.enabled)},
               {"max_age", JsonString(c.max_age)},
               {"params", Text(params)}});
}

std::string CloudText(const CloudConfig& c) {
  Object out{{"login", JsonString(c.login)},
             {"graph", JsonString(c.graph)},
             {"arm", JsonString(c.arm)},
             {"graph_scope", JsonString(c.graph_scope)},
             {"arm_scope", JsonString(c.arm_scope)},
             {"ca_file", JsonString(c.ca_file)},
             {"graph_audiences", Texts(c.graph_audiences)},
             {"arm_audiences", Texts(c.arm_audiences)}};
  if (!c.imds.empty()) out["imds"] = JsonString(c.imds);
  if (!c.blob.empty()) out["blob"] = JsonString(c.blob);
  if (!c.storage_scope.empty()) out["storage_scope"] = JsonString(c.storage_scope);
  if (!c.storage_audiences.empty()) out["storage_audiences"] = Texts(c.storage_audiences);
  return Text(out);
}

std::string StoreText(const StorageConfig& s) {
  return Text({{"kind", JsonString(s.kind)},
               {"path", JsonString(s.path.string())},
               {"region", JsonString(s.region)}});
}

std::string WitnessText(const WitnessConfig& w) {
  return Text({{"kind", JsonString(w.kind)},
               {"path", JsonString(w.path.string())},
               {"url", JsonString(w.url)},
               {"vkey", JsonString(w.vkey)},
               {"ca_file", JsonString(w.ca_file.string())},
               {"every_s", JsonString(std::to_string(w.every.count()))}});
}

std::string TimestampText(const TimestampConfig& t) {
  return Text({{"url", JsonString(t.url)},
               {"ca", JsonString(t.ca_file.string())},
               {"tls_ca", JsonString(t.tls_ca_file.string())},
               {"crl", JsonString(t.crl_file.string())}});
}

std::string ExceptionsText(const ExceptionsConfig& e) {
  const auto seconds = [](std::chrono::seconds s) { return fmt::format("{}", s.count()); };
  return Text({{"max_age", seconds(e.max_age)},
               {"approvers", Texts(e.approvers)},
               {"four_eyes", Flag(e.four_eyes)},
               {"allow_wildcard", Flag(e.allow_wildcard)},
               {"warn_before", List(e.warn_before, seconds)}});
}

std::string RoleText(const RoleConfig& r) {
  return Text({{"role", JsonString(r.role)},
               {"os_user", JsonString(r.os_user)},
               {"tenants", Texts(r.tenants)}});
}

template <typename Map, typename Function>
std::string Named(const Map& map, Function text) {
  Object object;
  for (const auto& [name, value] : map) object[name] = text(value);
  return Text(object);
}

}  // namespace

std::string CanonicalText(const Config& config) {
  Object all{{"schema", JsonString("assay.config/1")},
             {"instance_name", JsonString(config.instance_name)},
             {"origin", JsonString(config.origin)},
             {"production", Flag(config.production)},
             {"sandbox_accept", JsonString(config.sandbox_accept)},
             {"default_store", JsonString(config.default_store)},
             {"storage", Named(config.storage, StoreText)},
             {"master_key_file", JsonString(config.master_key_file.string())},
             {"ledger_key_dir", JsonString(config.ledger_key_dir.string())},
             {"clouds", Named(config.clouds, CloudText)},
             {"tenants", List(config.tenants, TenantText)},
             {"plugins", List(config.plugins, PluginText)},
             {"frameworks", List(config.frameworks, FrameworkText)},
             {"checks", Named(config.checks, CheckText)},
             {"checks_dir", JsonString(config.checks_dir.string())},
             {"witnesses", List(config.witnesses, WitnessText)},
             {"timestamp", TimestampText(config.timestamp)},
             {"evidence_raw", JsonString(config.evidence_raw)},
             {"retention", RetentionText(config.retention)}};
  if (!config.credentials.empty())
    all["credentials"] = Named(config.credentials,
                               [](const CredentialConfig& c) { return Text(CredentialObject(c)); });
  if (config.exceptions.given) all["exceptions"] = ExceptionsText(config.exceptions);
  if (!config.roles.empty()) all["roles"] = List(config.roles, RoleText);
  return Text(all);
}

}  // namespace assay::config
