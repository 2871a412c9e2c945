#include "config/assay_schema.h"

namespace assay::config {
namespace {

const Schema& InstanceSchema() {
  static const Schema schema{.title = "[instance]",
                             .keys = {{.name = "name", .required = true},
                                      {.name = "origin", .type = &kOrigin, .required = true},
                                      {.name = "production", .type = &kBool, .fallback = "false"},
                                      {.name = "include", .type = &kTextList}}};
  return schema;
}

const Schema& StoreSchema() {
  static const Schema schema{.title = "[storage.NAME]",
                             .keys = {{.name = "kind",
                                       .fallback = "\"sqlite\"",
                                       .words = "sqlite",
                                       .later_words = "postgres"},
                                      {.name = "path", .required = true},
                                      {.name = "region", .type = &kName, .required = true},
                                      {.name = "dsn", .later = true},
                                      {.name = "tls", .later = true},
                                      {.name = "row_security", .later = true}},
                             .noun = "store"};
  return schema;
}

const Schema& KeySchema() {
  static const Schema schema{.title = "a key of [keys]",
                             .keys = {{.name = "kind",
                                       .fallback = "\"file\"",
                                       .words = "file",
                                       .later_words = "keyvault|pkcs11"},
                                      {.name = "ref", .type = &kReference, .required = true},
                                      {.name = "certificate", .later = true}}};
  return schema;
}

const Schema& KeysSchema() {
  static const Schema schema{.title = "[keys]",
                             .keys = {{.name = "master", .type = &kTable, .table = KeySchema},
                                      {.name = "ledger", .type = &kTable, .table = KeySchema},
                                      {.name = "report", .later = true}}};
  return schema;
}

const Schema& SandboxSchema() {
  static const Schema schema{
      .title = "[sandbox]",
      .keys = {{.name = "accept", .fallback = "\"strict\"", .words = "strict|reduced|minimal"}}};
  return schema;
}

const Schema& BackupSchema() {
  static const Schema schema{
      .title = "[backup]",
      .keys = {{.name = "target", .required = true},
               {.name = "full_every", .type = &kDuration, .fallback = "\"7d\""},
               {.name = "window", .type = &kDuration, .fallback = "\"35d\""},
               {.name = "drill_every", .type = &kDuration, .fallback = "\"365d\""}}};
  return schema;
}

const Schema& EvidenceSchema() {
  static const Schema schema{
      .title = "[evidence]",
      .keys = {{.name = "raw", .fallback = "\"full\"", .words = "full|redacted|none"},
               {.name = "personal_fields", .later = true}}};
  return schema;
}

const Schema& RetentionSchema() {
  static const Schema schema{
      .title = "[retention]",
      .keys = {{.name = "raw_bodies", .type = &kKeepFor, .fallback = "\"forever\""},
               {.name = "facts", .type = &kKeepFor, .fallback = "\"forever\""},
               {.name = "ledger", .fallback = "\"forever\"", .words = "forever"},
               {.name = "legal_basis"},
               {.name = "audit_log", .later = true},
               {.name = "after_removal", .later = true}}};
  return schema;
}

const Schema& CloudSchema() {
  static const Schema schema{.title = "[clouds.NAME]",
                             .keys = {{.name = "login", .type = &kUrl, .required = true},
                                      {.name = "graph", .type = &kUrl, .required = true},
                                      {.name = "arm", .type = &kUrl, .required = true},
                                      {.name = "graph_scope"},
                                      {.name = "arm_scope"},
                                      {.name = "graph_audiences", .type = &kTextList},
                                      {.name = "arm_audiences", .type = &kTextList},
                                      {.name = "ca_file"},
                                      {.name = "imds"},
                                      {.name = "blob", .type = &kUrl},
                                      {.name = "storage_scope"},
                                      {.name = "storage_audiences", .type = &kTextList}},
                             .noun = "cloud"};
  return schema;
}

const Schema& NetworkSchema() {
  static const Schema schema{
      .title = "[network]",
      .keys = {{.name = "proxy", .type = &kProxyUrl},
               {.name = "proxy_credential", .type = &kReference},
               {.name = "no_proxy", .type = &kTextList},
               {.name = "ca_file"},
               {.name = "pins", .type = &kFreeTable},
               {.name = "concurrency", .type = &kCount, .fallback = "8"},
               {.name = "timeout", .type = &kDuration, .fallback = "\"60s\""},
               {.name = "max_pages", .type = &kCount, .fallback = "20000"},
               {.name = "throttle_budget", .type = &kDuration, .fallback = "\"15m\""},
               {.name = "graph_batch", .type = &kBool, .fallback = "true"}}};
  return schema;
}

const Schema& CredentialSchema() {
  static const Schema schema{
      .title = "credential",
      .keys = {{.name = "kind",
                .required = true,
                .words = "secret|certificate|managed_identity|workload_identity"},
               {.name = "client_id", .type = &kGuid},
               {.name = "ref", .type = &kReference},
               {.name = "certificate"},
               {.name = "algorithm", .words = "PS256|RS256"},
               {.name = "via", .type = &kName},
               {.name = "directory_id", .type = &kGuid}},
      .noun = "credential"};
  return schema;
}

const Schema& AzureSchema() {
  static const Schema schema{.title = "azure",
                             .keys = {{.name = "management_groups", .type = &kGroupList},
                                      {.name = "subscriptions", .type = &kTextList},
                                      {.name = "exclude_subscriptions", .type = &kTextList}}};
  return schema;
}

const Schema& CostSchema() {
  static const Schema schema{
      .title = "cost",
      .keys = {{.name = "path"}, {.name = "container", .type = &kPlaceUrl}, {.name = "prefix"}}};
  return schema;
}

const Schema& ExcessSchema() {
  static const Schema schema{.title = "allow_excess",
                             .keys = {{.name = "permission", .type = &kId, .required = true},
                                      {.name = "reason", .required = true},
                                      {.name = "approver", .required = true},
                                      {.name = "expires", .type = &kDate, .required = true}},
                             .noun = "tolerated permission",
                             .identity = "permission"};
  return schema;
}

const Schema& TenantSchema() {
  static const Schema schema{
      .title = "[[tenants]]",
      .keys = {{.name = "id", .type = &kName, .required = true},
               {.name = "name", .required = true},
               {.name = "directory_id", .type = &kGuid, .required = true},
               {.name = "cloud", .type = &kName, .fallback = "\"global\""},
               {.name = "region", .type = &kName, .required = true},
               {.name = "store", .type = &kName},
               {.name = "credential", .type = &kTable, .required = true, .table = CredentialSchema},
               {.name = "tags", .type = &kIdList},
               {.name = "azure", .type = &kTable, .table = AzureSchema},
               {.name = "allow_excess", .type = &kTables, .table = ExcessSchema},
               {.name = "max_evidence_age", .type = &kDuration},
               {.name = "schedule", .later = true},
               {.name = "contacts", .later = true},
               {.name = "cost", .type = &kTable, .table = CostSchema}},
      .noun = "tenant",
      .identity = "id"};
  return schema;
}

const Schema& GrantsSchema() {
  static const Schema schema{.title = "grants",
                             .keys = {{.name = "endpoints", .type = &kTextList},
                                      {.name = "memory", .type = &kSize},
                                      {.name = "cpu", .type = &kDuration},
                                      {.name = "wall", .type = &kDuration},
                                      {.name = "requests", .type = &kCount},
                                      {.name = "rows", .type = &kCount},
                                      {.name = "row_bytes", .type = &kSize},
                                      {.name = "outstanding", .type = &kCount},
                                      {.name = "frames", .type = &kCount},
                                      {.name = "log_bytes", .type = &kSize},
                                      {.name = "denied_calls", .type = &kCount},
                                      {.name = "records_per_body", .type = &kCount},
                                      {.name = "threads", .type = &kCount},
                                      {.name = "permissions", .type = &kIdList},
                                      {.name = "data", .type = &kIdList}}};
  return schema;
}

const Schema& PluginSchema() {
  static const Schema schema{
      .title = "[[plugins]]",
      .keys = {{.name = "id", .type = &kName, .required = true},
               {.name = "version", .type = &kVersion},
               {.name = "path"},
               {.name = "sha256", .type = &kSha256},
               {.name = "dev_pin", .type = &kSha256},
               {.name = "trust", .type = &kTrust},
               {.name = "tenants", .type = &kNameOrStarList, .fallback = "[\"*\"]"},
               {.name = "grants", .type = &kTable, .table = GrantsSchema}},
      .noun = "plugin",
      .identity = "id"};
  return schema;
}

const Schema& ExcludeSchema() {
  static const Schema schema{.title = "exclude",
                             .keys = {{.name = "control", .required = true},
                                      {.name = "reason", .required = true},
                                      {.name = "approver", .required = true},
                                      {.name = "expires", .type = &kDate, .required = true}},
                             .noun = "exclusion of control",
                             .identity = "control"};
  return schema;
}

const Schema& FrameworkSchema() {
  static const Schema schema{
      .title = "[[frameworks]]",
      .keys = {{.name = "id", .type = &kName, .required = true},
               {.name = "version", .type = &kVersion},
               {.name = "tenants", .type = &kNameOrStarList, .fallback = "[\"*\"]"},
               {.name = "csv"},
               {.name = "exclude", .type = &kTables, .table = ExcludeSchema}},
      .noun = "framework",
      .identity = "id"};
  return schema;
}

const Schema& CheckSchema() {
  static const Schema schema{
      .title = "[checks.NAME]",
      .keys = {{.name = "enabled", .type = &kBool, .fallback = "true"},
               {.name = "severity", .words = "critical|high|medium|low|info"},
               {.name = "max_age", .type = &kDuration},
               {.name = "params", .type = &kFreeTable}},
      .noun = "check",
      .names = &kId};
  return schema;
}

const Schema& ExceptionsSchema() {
  static const Schema schema{
      .title = "[exceptions]",
      .keys = {{.name = "max_age", .type = &kDuration, .fallback = "\"180d\""},
               {.name = "approvers",
                .type = &kTextList,
                .fallback = "[\"admin\", \"super_admin\"]",
                .words = "super_admin|admin|ops_user|operator|viewer|auditor"},
               {.name = "four_eyes", .type = &kBool, .fallback = "true"},
               {.name = "allow_wildcard", .type = &kBool, .fallback = "false"},
               {.name = "warn_before",
                .type = &kDurationList,
                .fallback = "[\"30d\", \"7d\", \"1d\"]"}}};
  return schema;
}

const Schema& RoleSchema() {
  static const Schema schema{
      .title = "[[roles.map]]",
      .keys = {{.name = "role",
                .required = true,
                .words = "super_admin|admin|ops_user|operator|viewer|auditor"},
               {.name = "os_user", .required = true},
               {.name = "tenants", .type = &kNameOrStarList, .fallback = "[\"*\"]"},
               {.name = "app_role", .later = true},
               {.name = "group", .later = true},
               {.name = "units", .later = true}}};
  return schema;
}

const Schema& RolesSchema() {
  static const Schema schema{.title = "[roles]",
                             .keys = {{.name = "map", .type = &kTables, .table = RoleSchema}}};
  return schema;
}

const Schema& WitnessSchema() {
  static const Schema schema{
      .title = "[[ledger.witness]]",
      .keys = {{.name = "kind", .required = true, .words = "file|http|put", .later_words = "mail"},
               {.name = "path"},
               {.name = "url", .type = &kPlaceUrl},
               {.name = "vkey"},
               {.name = "ca_file"},
               {.name = "every", .type = &kDuration, .fallback = "\"0s\""},
               {.name = "to", .later = true}}};
  return schema;
}

const Schema& TimestampSchema() {
  static const Schema schema{.title = "[ledger.timestamp]",
                             .keys = {{.name = "url", .type = &kPlaceUrl},
                                      {.name = "ca"},
                                      {.name = "tls_ca"},
                                      {.name = "crl"}}};
  return schema;
}

const Schema& LedgerSchema() {
  static const Schema schema{
      .title = "[ledger]",
      .keys = {{.name = "witness", .type = &kTables, .table = WitnessSchema},
               {.name = "timestamp", .type = &kTable, .table = TimestampSchema},
               {.name = "checkpoint_every", .later = true},
               {.name = "verify_every", .later = true}}};
  return schema;
}

const Schema& StorageSchema() {
  static const Schema schema{.title = "[storage]",
                             .keys = {{.name = "default", .type = &kName, .required = true}},
                             .others = StoreSchema};
  return schema;
}

}  // namespace

const Schema& AssaySchema() {
  static const Schema schema{
      .title = "assay.toml",
      .keys = {{.name = "schema", .type = &kCount, .required = true},
               {.name = "instance", .type = &kTable, .required = true, .table = InstanceSchema},
               {.name = "storage", .type = &kTable, .required = true, .table = StorageSchema},
               {.name = "keys", .type = &kTable, .table = KeysSchema},
               {.name = "sandbox", .type = &kTable, .table = SandboxSchema},
               {.name = "evidence", .type = &kTable, .table = EvidenceSchema},
               {.name = "network", .type = &kTable, .table = NetworkSchema},
               {.name = "clouds", .type = &kNamedTables, .table = CloudSchema},
               {.name = "credentials", .type = &kNamedTables, .table = CredentialSchema},
               {.name = "tenants", .type = &kTables, .table = TenantSchema},
               {.name = "plugins", .type = &kTables, .table = PluginSchema},
               {.name = "frameworks", .type = &kTables, .table = FrameworkSchema},
               {.name = "checks", .type = &kNamedTables, .table = CheckSchema},
               {.name = "checks_dir"},
               {.name = "ledger", .type = &kTable, .table = LedgerSchema},
               {.name = "residency", .later = true},
               {.name = "retention", .type = &kTable, .table = RetentionSchema},
               {.name = "schedules", .later = true},
               {.name = "exceptions", .type = &kTable, .table = ExceptionsSchema},
               {.name = "web", .later = true},
               {.name = "metrics", .later = true},
               {.name = "telemetry", .later = true},
               {.name = "auth", .later = true},
               {.name = "roles", .type = &kTable, .table = RolesSchema},
               {.name = "alerts", .later = true},
               {.name = "packs", .later = true},
               {.name = "backup", .type = &kTable, .table = BackupSchema},
               {.name = "trust", .later = true}}};
  return schema;
}

}  // namespace assay::config
