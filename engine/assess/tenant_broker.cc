#include "assess/tenant_broker.h"

#include "config/values.h"

namespace assay::assess {
namespace {

// More than anybody chains; the configuration refuses circles before.
constexpr int kMaxChain = 8;

broker::CredentialKind KindOf(const std::string& word) {
  if (word == "certificate") return broker::CredentialKind::kCertificate;
  if (word == "managed_identity") return broker::CredentialKind::kManagedIdentity;
  if (word == "workload_identity") return broker::CredentialKind::kWorkloadIdentity;
  return broker::CredentialKind::kSecret;
}

Result<broker::Credential> CredentialOf(const config::Config& config,
                                        const config::CredentialConfig& from, int depth) {
  if (depth > kMaxChain)
    return Fail(Code::kInvalidInput, "credentials lean on each other more than 8 deep");
  broker::Credential out{from.client_id, from.ref, KindOf(from.kind), from.certificate};
  if (!from.algorithm.empty()) out.algorithm = from.algorithm;
  out.directory_id = from.directory_id;
  if (!from.ref.starts_with("keyvault:")) return out;
  // Without a name the machine's own identity reads the vault.
  broker::Credential reader{"", "", broker::CredentialKind::kManagedIdentity};
  if (!from.via.empty()) {
    const auto named = config.credentials.find(from.via);
    if (named == config.credentials.end())
      return Fail(Code::kInvalidInput, "credential " + Quote(from.via) + ": not defined");
    ASSAY_ASSIGN(reader, CredentialOf(config, named->second, depth + 1));
  }
  out.via = std::make_shared<const broker::Credential>(std::move(reader));
  return out;
}

/// The day after `day`, at its beginning: the day that is named still counts.
Timestamp EndOf(const std::string& day) {
  const auto date = config::ParseDate(day);
  return date ? Timestamp(*date + std::chrono::days(1)) : Timestamp::min();
}

Result<broker::Cloud> CloudOf(const config::Config& config, const std::string& name) {
  const auto own = config.clouds.find(name);
  if (own == config.clouds.end()) {
    const auto cloud = broker::BuiltInCloud(name);
    if (!cloud) return Fail(Code::kInvalidInput, "cloud " + Quote(name) + ": unknown");
    return *cloud;
  }
  const config::CloudConfig& c = own->second;
  broker::Cloud out = *broker::BuiltInCloud("global");
  out.name = name;
  out.login = c.login;
  out.graph = c.graph;
  out.arm = c.arm;
  out.ca_file = c.ca_file;
  out.issuers.push_back(c.login + "/{tid}/v2.0");
  if (!c.graph_scope.empty()) out.graph_scope = c.graph_scope;
  if (!c.arm_scope.empty()) out.arm_scope = c.arm_scope;
  if (!c.graph_audiences.empty()) out.graph_audiences = c.graph_audiences;
  if (!c.arm_audiences.empty()) out.arm_audiences = c.arm_audiences;
  if (!c.imds.empty()) out.imds = c.imds;
  out.blob = c.blob;
  if (!c.storage_scope.empty()) out.storage_scope = c.storage_scope;
  if (!c.storage_audiences.empty()) out.storage_audiences = c.storage_audiences;
  return out;
}

}  // namespace

broker::NetworkSettings NetworkOf(const config::Config& config) {
  const config::NetworkConfig& net = config.network;
  return {
      {net.proxy, net.proxy_credential, net.no_proxy, config.production}, net.ca_file, net.pins};
}

Result<broker::BrokerOptions> BrokerFor(const config::Config& config,
                                        const config::TenantConfig& tenant) {
  broker::BrokerOptions out{*tenant.directory_id, {}, {}, {}};
  out.production = config.production;
  out.user_agent = "assay/" ASSAY_VERSION;
  ASSAY_ASSIGN(out.credential, CredentialOf(config, tenant.credential, 0));
  const config::NetworkConfig& net = config.network;
  out.network = NetworkOf(config);
  out.concurrency = net.concurrency;
  out.max_pages = net.max_pages;
  out.graph_batch = net.graph_batch;
  out.timeout = net.timeout;
  out.throttle_budget = net.throttle_budget;
  for (const auto& excess : tenant.allow_excess)
    out.allow_excess.push_back({excess.permission, EndOf(excess.expires)});
  out.subscriptions = tenant.subscriptions;
  out.exclude_subscriptions = tenant.exclude_subscriptions;
  out.management_groups = tenant.management_groups;
  ASSAY_ASSIGN(out.cloud, CloudOf(config, tenant.cloud));
  out.cloud.exports = {tenant.cost.path, tenant.cost.container, tenant.cost.prefix};
  return out;
}

}  // namespace assay::assess
