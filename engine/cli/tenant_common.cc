#include "cli/tenant_common.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace assay::cli {
namespace {

/// Words in lines of at most 74 characters, each after `indent`.
std::string Wrap(const std::vector<std::string>& words, const std::string& indent) {
  constexpr size_t kWidth = 76;
  std::string out, line = indent;
  for (const std::string& word : words) {
    if (line.size() > indent.size() && line.size() + word.size() > kWidth) {
      out += line + "\n";
      line = indent;
    }
    line += word + "  ";
  }
  while (line.ends_with(' ') && line.size() > indent.size()) line.pop_back();
  return out + line + "\n";
}

}  // namespace

std::vector<std::string> AzureScopes(const config::TenantConfig& tenant) {
  constexpr const char* kGroups = "/providers/Microsoft.Management/managementGroups/";
  std::vector<std::string> out;
  // A display name is no scope: only the directory knows which subscription it means.
  for (const std::string& one : tenant.subscriptions)
    if (IsGuid(one)) out.push_back("/subscriptions/" + one);
  for (const std::string& group : tenant.management_groups) out.push_back(kGroups + group);
  if (out.empty() && tenant.directory_id) out.push_back(kGroups + tenant.directory_id->text());
  return out;
}

Wanted WantedBy(const assess::RunPlan& plan) {
  Wanted out;
  out.graph = assess::GraphNeeds(plan.collectors, plan.checks);
  std::set<std::string> names;
  for (const std::string& name : assess::GuardPermissions()) names.insert(name);
  for (const assess::PermissionNeed& need : out.graph)
    if (!need.checks.empty()) names.insert(need.permission);
  // What no check needs is worth asking for only when nothing on the list gives it already.
  for (const assess::PermissionNeed& need : out.graph) {
    const bool given = std::any_of(need.also.begin(), need.also.end(),
                                   [&](const std::string& name) { return names.contains(name); });
    if (!given) names.insert(need.permission);
  }
  out.permissions.assign(names.begin(), names.end());
  out.azure_checks = assess::AzureChecks(plan.collectors, plan.checks);
  if (!out.azure_checks.empty()) out.scopes = AzureScopes(*plan.tenant);
  return out;
}

std::optional<Workspace> OpenForTenant(Context& context, int& exit, bool check_secrets,
                                       const config::TenantConfig** tenant) {
  if (context.options.tenant.empty()) context.options.tenant = context.options.argument;
  auto workspace = OpenWorkspace(context, exit, check_secrets);
  if (!workspace) return std::nullopt;
  const auto tenants = SelectTenants(context, *workspace, exit);
  if (!tenants) return std::nullopt;
  // The selection points into the configuration, which moves with the workspace.
  const std::string id = tenants->front()->id;
  std::optional<Workspace> out(std::move(*workspace));
  for (const config::TenantConfig& one : out->config.tenants)
    if (one.id == id) *tenant = &one;
  return out;
}

std::string ConsentSteps(const std::string& tenant, const Wanted& wanted,
                         const std::string& certificate, const std::string& thumbprint,
                         const std::string& expires) {
  int step = 0;
  std::string out = fmt::format(
      "  {}  Create an app registration (single tenant, no redirect URI), or run\n"
      "     what we print after reading it:  assay tenant script {}\n",
      ++step, tenant);
  if (!certificate.empty())
    out += fmt::format(
        "  {}  Upload this public certificate (its private key stays here, mode 0600):\n"
        "       {}\n       SHA-1 thumbprint {}   expires {}\n",
        ++step, certificate, thumbprint, expires);
  out += fmt::format("  {}  Grant exactly these {} application permissions (all read-only):\n",
                     ++step, wanted.permissions.size());
  out += Wrap(wanted.permissions, "       ");
  if (!wanted.scopes.empty())
    out += fmt::format("  {}  Assign the Azure role Reader (no write actions) on:\n{}", ++step,
                       Wrap(wanted.scopes, "       "));
  out += fmt::format("  {}  Write the application's id as client_id, then:  assay tenant test {}\n",
                     ++step, tenant);
  return out;
}

std::string PermissionPage(const std::string& client_id) {
  return "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/"
         "CallAnAPI/appId/" +
         client_id;
}

}  // namespace assay::cli
