// assay.toml as validated values. Parsing, validation and messages: config/load.h. Only this folder
// knows toml++.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/ids.h"
#include "model/verdict.h"

namespace assay::config {

/// Where a value stands: for messages and `config show --origin`. Lines and columns count from 1.
struct Place {
  std::string file;
  uint32_t line = 0, column = 0, end_line = 0, end_column = 0;
};

/// What proves an identity, by reference: `credential` of a tenant, or a [credentials.NAME].
struct CredentialConfig {
  std::string kind;  ///< "secret", "certificate", "managed_identity", "workload_identity"
  std::string client_id;
  std::string ref;           ///< "env:", "file:", "cred:", "keyvault:"
  std::string certificate;   ///< path of the public certificate (PEM)
  std::string algorithm;     ///< of its assertions: "PS256" or "RS256"
  std::string via;           ///< name of the credential that reads a "keyvault:" reference
  std::string directory_id;  ///< where it asks for tokens; empty: the tenant's directory
};

struct ExcessConfig {
  std::string permission, reason, approver, expires;
};

/// Where a tenant's cost exports lie: a folder of this machine (with a pattern for file names), or
/// a container and what names in it begin with.
struct CostConfig {
  std::string path, container, prefix;
};

struct TenantConfig {
  std::string id;  ///< name: directory and command line; [a-z0-9-]{1,64}
  std::string name;
  std::optional<TenantId> directory_id;  ///< always set after validation
  std::string cloud = "global";
  std::string region, store;
  CredentialConfig credential;
  std::vector<std::string> subscriptions, exclude_subscriptions;  ///< of Azure: ids or names
  std::vector<std::string> management_groups;  ///< ids; what is below them is wanted
  std::vector<ExcessConfig> allow_excess;
  CostConfig cost;  ///< empty: no cost export is read
  std::string max_evidence_age;
  std::vector<std::string> tags;
  Place place;
};

struct CloudConfig {
  std::string name, login, graph, arm, graph_scope, arm_scope, ca_file, imds;
  std::string blob, storage_scope;
  std::vector<std::string> graph_audiences, arm_audiences, storage_audiences;
  Place place;
};

/// How the network is left, for all tenants.
struct NetworkConfig {
  std::string proxy, proxy_credential, ca_file;
  std::vector<std::string> no_proxy;
  std::map<std::string, std::vector<std::string>> pins;  ///< host -> "sha256/BASE64"
  uint32_t concurrency = 8, max_pages = 20'000;
  std::chrono::seconds timeout{60}, throttle_budget{900};
  bool graph_batch = true;
};

struct StorageConfig {
  std::string name, kind = "sqlite", region;
  std::filesystem::path path;
  Place place;
};

/// One list of `grants`: what a manifest may want at most.
struct GrantBound {
  std::vector<std::string> names;
  Place place;  ///< of the list
};

struct PluginConfig {
  std::string id, path, sha256, dev_pin, version;
  std::string trust;  ///< fingerprint of the author's key; empty: built in, or pinned
  std::vector<std::string> tenants{"*"};
  std::map<std::string, GrantBound> bounds;  ///< "endpoints", "permissions", "data": those given
  std::map<std::string, int64_t> limits;     ///< "memory_bytes", "cpu_seconds", ... overrides
  Place place;
};

struct FrameworkConfig {
  struct Exclude {
    std::string control, reason, approver, expires;
  };
  std::string id, version;
  std::filesystem::path csv;  ///< a list of the administrator's own; empty: an installed framework
  std::vector<std::string> tenants{"*"};
  std::vector<Exclude> exclude;
  Place place;
};

struct CheckConfig {
  std::optional<Severity> severity;
  bool enabled = true;
  std::string max_age;
  std::map<std::string, std::string> params;  ///< as CheckSpec::params
  Place place;
};

/// `[retention]`: how long bodies are kept after their newest reference; none: forever.
struct RetentionConfig {
  std::optional<std::chrono::seconds> raw_bodies, facts;
  std::string legal_basis;  ///< shown wherever something expires
};

/// [backup]: where copies go and how old the newest of each kind may be.
struct BackupConfig {
  std::filesystem::path target;  ///< empty: none is configured
  std::chrono::seconds full_every{}, window{}, drill_every{};
};

/// Who keeps our checkpoints outside, and how often they go there.
struct WitnessConfig {
  std::string kind;            ///< "file", "http" (C2SP tlog-witness), "put"
  std::filesystem::path path;  ///< of "file": a folder, best on another volume
  std::string url, vkey;       ///< vkey: of "http"
  std::filesystem::path ca_file;
  std::chrono::seconds every{0};  ///< 0: after every run
  Place place;
};

/// RFC 3161 time-stamping authority.
struct TimestampConfig {
  std::string url;                ///< empty: only offline queries and replies
  std::filesystem::path ca_file;  ///< PEM that its certificate must lead to
  std::filesystem::path tls_ca_file;
  std::filesystem::path crl_file;  ///< PEM lists that it must not be on; empty: not asked
};

/// [exceptions]: what may be excepted, for how long, and who approves it.
struct ExceptionsConfig {
  std::chrono::seconds max_age{std::chrono::hours(24 * 180)};
  std::vector<std::string> approvers{"admin", "super_admin"};  ///< roles
  bool four_eyes = true, allow_wildcard = false;
  bool given = false;                             ///< the file has such a table
  std::vector<std::chrono::seconds> warn_before;  ///< longest first
};

/// [[roles.map]]: who has a role. Until there is a sign-in, a person is an account of this machine.
struct RoleConfig {
  std::string role, os_user;
  std::vector<std::string> tenants{"*"};
};

struct Config {
  std::filesystem::path file;  ///< the main file; relative paths count from its folder
  std::string instance_name, origin;
  bool production = false;
  std::string sandbox_accept = "strict";  ///< lowest tier that a run may use
  std::string default_store;
  std::map<std::string, StorageConfig> storage;
  std::filesystem::path master_key_file, ledger_key_dir;  ///< defaults under the storage path
  std::map<std::string, CloudConfig> clouds;
  std::map<std::string, CredentialConfig> credentials;  ///< that others name with `via`
  std::vector<std::string> include;                     ///< patterns, as written
  NetworkConfig network;
  std::vector<TenantConfig> tenants;
  std::vector<PluginConfig> plugins;
  std::vector<FrameworkConfig> frameworks;
  std::map<std::string, CheckConfig> checks;
  std::filesystem::path checks_dir;
  std::string evidence_raw = "full";
  RetentionConfig retention;
  BackupConfig backup;
  ExceptionsConfig exceptions;
  std::vector<RoleConfig> roles;
  std::vector<WitnessConfig> witnesses;
  TimestampConfig timestamp;
  std::string digest_hex;  ///< SHA-256 of the effective configuration (V20)
};

}  // namespace assay::config
