// assay tenant list, tenant show: what is configured and how the last run met it. No secret and no
// request.
#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"
#include "broker/self_signed.h"
#include "cli/expiry_text.h"
#include "cli/tenant_common.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

constexpr uint64_t kBlock = 2000;
constexpr size_t kMaxCertificate = 64 * 1024;

/// "connected", "disconnected (AS-CON-001)" or "not read yet", from the newest entry that tells.
std::string StateOf(const config::Config& config, const config::TenantConfig& tenant) {
  auto ledger = ledger::Ledger::OpenReadOnly(assess::LedgerOptions(config, tenant, false));
  if (!ledger) return "not read yet";
  const auto head = (*ledger)->ReadHead();
  if (!head) return "not read yet";
  std::string state;
  for (uint64_t end = ToNumber(head->size); end > 0 && state.empty();) {
    const uint64_t first = end > kBlock ? end - kBlock : 0;
    const Status read = (*ledger)->ReadLines(
        LeafIndex{first}, LeafIndex{end}, [&](LeafIndex, std::string_view line) {
          if (line.find("\"kind\":\"auth.consent\"") != line.npos) state = "connected";
          const size_t refused = line.find("\"kind\":\"auth.refused\"");
          const size_t id = line.find("\"refusal\":\"AS-");
          if (refused != line.npos && id != line.npos)
            state = fmt::format("disconnected ({})", line.substr(id + 11, 10));
          return true;
        });
    if (!read) return "not readable";
    end = first;
  }
  return state.empty() ? "not read yet" : state;
}

std::string CertificateText(const Context& context, const config::CredentialConfig& credential) {
  if (credential.certificate.empty()) return "";
  const auto pem = ReadFile(credential.certificate, kMaxCertificate);
  if (!pem) return pem.error().message;
  const auto facts = broker::ReadCertificate(AsText(*pem), context.clock->Now());
  if (!facts) return facts.error().message;
  return fmt::format("{}, expires {} ({} days left)", credential.certificate, facts->expires,
                     facts->days_left);
}

void Write(report::JsonWriter& json, const config::TenantConfig& tenant, const std::string& state) {
  json.BeginObject().Member("id", tenant.id).Member("name", tenant.name);
  json.Member("directory_id", tenant.directory_id->text()).Member("cloud", tenant.cloud);
  json.Member("region", tenant.region).Member("store", tenant.store);
  json.Member("credential", tenant.credential.kind);
  json.Member("client_id", tenant.credential.client_id).Member("ref", tenant.credential.ref);
  json.Member("state", state).Key("allow_excess").BeginArray();
  for (const config::ExcessConfig& excess : tenant.allow_excess)
    json.BeginObject()
        .Member("permission", excess.permission)
        .Member("reason", excess.reason)
        .Member("approver", excess.approver)
        .Member("expires", excess.expires)
        .EndObject();
  json.EndArray().EndObject();
}

std::string Details(const Context& context, const config::TenantConfig& t,
                    const std::string& state) {
  std::string out = fmt::format(
      "  {}  {}\n  directory    {}\n  cloud        {}\n  region       {}, store {}\n"
      "  credential   {}, application {}\n",
      t.id, t.name, t.directory_id->text(), t.cloud, t.region, t.store, t.credential.kind,
      t.credential.client_id.empty() ? "of this machine" : t.credential.client_id);
  if (!t.credential.ref.empty()) out += fmt::format("  reference    {}\n", t.credential.ref);
  if (const std::string text = CertificateText(context, t.credential); !text.empty())
    out += fmt::format("  certificate  {}\n", text);
  out += fmt::format("  azure        {}\n", Join(AzureScopes(t), ", "));
  for (const config::ExcessConfig& e : t.allow_excess)
    out += fmt::format("  tolerated    {} until {}: {} ({})\n", e.permission, e.expires, e.reason,
                       e.approver);
  return out + fmt::format("  state        {}\n", state);
}

}  // namespace

int RunTenantList(Context& context) {
  int exit = 0;
  const auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return exit;
  Table table({"TENANT", "DIRECTORY", "CLOUD", "CREDENTIAL", "STATE"});
  report::JsonWriter json;
  json.BeginObject().Key("items").BeginArray();
  for (const config::TenantConfig& tenant : workspace->config.tenants) {
    const std::string state = StateOf(workspace->config, tenant);
    table.Row(
        {tenant.id, tenant.directory_id->text(), tenant.cloud, tenant.credential.kind, state});
    Write(json, tenant, state);
  }
  json.EndArray().EndObject();
  return context.Finish(table.Format(context.terminal), json.Take());
}

int RunTenantShow(Context& context) {
  int exit = 0;
  const config::TenantConfig* tenant = nullptr;
  const auto workspace = OpenForTenant(context, exit, false, &tenant);
  if (!workspace) return exit;
  const std::string state = StateOf(workspace->config, *tenant);
  report::JsonWriter json;
  Write(json, *tenant, state);
  return context.Finish(Details(context, *tenant, state), json.Take());
}

}  // namespace assay::cli
