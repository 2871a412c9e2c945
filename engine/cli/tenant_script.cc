// assay tenant script: commands that an administrator of the tenant reads and then runs. assay
// itself writes nothing to a tenant, ever.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/tenant_common.h"

namespace assay::cli {
namespace {

constexpr const char* kGraph = "00000003-0000-0000-c000-000000000000";

/// A value inside single quotes of both shells. What comes here was checked to hold no quote.
std::string Quoted(const std::string& value) {
  std::string out = value;
  std::erase_if(out, [](char c) { return c == '\'' || c == '\n' || c == '\r'; });
  return "'" + out + "'";
}

std::string Words(const std::vector<std::string>& values, const char* separator,
                  const char* indent) {
  std::string out;
  for (size_t i = 0; i < values.size(); ++i)
    out += fmt::format("{}{}{}", indent, Quoted(values[i]), i + 1 < values.size() ? separator : "");
  return out;
}

std::string Head(const config::TenantConfig& tenant, const Wanted& wanted) {
  return fmt::format(
      "# Connects tenant {} to assay. Read it before you run it: it creates one app\n"
      "# registration, uploads a public certificate, grants {} application permissions, all of\n"
      "# them reads, and assigns the Azure role Reader. It creates no secret and changes nothing\n"
      "# else. You need the roles Privileged Role Administrator and, for Azure, User Access\n"
      "# Administrator on the scopes below.\n",
      tenant.id, wanted.permissions.size());
}

std::string Bash(const config::TenantConfig& tenant, const Wanted& wanted) {
  std::string out = "#!/usr/bin/env bash\n" + Head(tenant, wanted) + "set -euo pipefail\n";
  out += fmt::format(
      "directory={}\n"
      "[ \"$(az account show --query tenantId --output tsv)\" = \"$directory\" ] ||\n"
      "  {{ echo \"sign in first: az login --tenant $directory\" >&2; exit 1; }}\n"
      "app=$(az ad app create --display-name {} --sign-in-audience AzureADMyOrg --query appId "
      "--output tsv)\n"
      "az ad sp create --id \"$app\" >/dev/null\n",
      Quoted(tenant.directory_id->text()), Quoted("assay-" + tenant.id));
  if (!tenant.credential.certificate.empty())
    out += fmt::format("az ad app credential reset --id \"$app\" --append --cert {} >/dev/null\n",
                       Quoted("@" + tenant.credential.certificate));
  out += fmt::format(
      "for permission in{}; do\n"
      "  id=$(az ad sp show --id {} --query \"appRoles[?value=='$permission'].id | [0]\" "
      "--output tsv)\n"
      "  az ad app permission add --id \"$app\" --api {} --api-permissions \"$id=Role\"\n"
      "done\n"
      "sleep 30  # the directory needs a moment\n"
      "az ad app permission admin-consent --id \"$app\"\n",
      Words(wanted.permissions, "", " \\\n  "), kGraph, kGraph);
  for (const std::string& scope : wanted.scopes)
    out += fmt::format("az role assignment create --assignee \"$app\" --role Reader --scope {}\n",
                       Quoted(scope));
  return out + "echo \"client_id = \\\"$app\\\"\"\n";
}

std::string PowerShell(const config::TenantConfig& tenant, const Wanted& wanted) {
  std::string out = Head(tenant, wanted) + "$ErrorActionPreference = 'Stop'\n";
  out += fmt::format(
      "Connect-MgGraph -TenantId {} -Scopes "
      "'Application.ReadWrite.All','AppRoleAssignment.ReadWrite.All'\n",
      Quoted(tenant.directory_id->text()));
  std::string keys;
  if (!tenant.credential.certificate.empty()) {
    out += fmt::format(
        "$certificate = "
        "[Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPem((Get-Content "
        "-Raw {}))\n",
        Quoted(tenant.credential.certificate));
    keys =
        " -KeyCredentials @(@{ Type = 'AsymmetricX509Cert'; Usage = 'Verify'; Key = "
        "$certificate.RawData })";
  }
  out += fmt::format(
      "$graph = Get-MgServicePrincipal -Filter \"appId eq '{}'\"\n"
      "$wanted = @({})\n"
      "$roles = $graph.AppRoles | Where-Object {{ $wanted -contains $_.Value }}\n"
      "$access = @{{ ResourceAppId = $graph.AppId; ResourceAccess = @($roles | ForEach-Object {{ "
      "@{{ "
      "Id = $_.Id; Type = 'Role' }} }}) }}\n"
      "$app = New-MgApplication -DisplayName {} -SignInAudience AzureADMyOrg "
      "-RequiredResourceAccess $access{}\n"
      "$principal = New-MgServicePrincipal -AppId $app.AppId\n"
      "$roles | ForEach-Object {{ New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId "
      "$principal.Id -PrincipalId $principal.Id -ResourceId $graph.Id -AppRoleId $_.Id }}\n",
      kGraph, Words(wanted.permissions, ",", "\n  "), Quoted("assay-" + tenant.id), keys);
  if (!wanted.scopes.empty())
    out += fmt::format("Connect-AzAccount -Tenant {}\n", Quoted(tenant.directory_id->text()));
  for (const std::string& scope : wanted.scopes)
    out += fmt::format(
        "New-AzRoleAssignment -ObjectId $principal.Id -RoleDefinitionName Reader -Scope {}\n",
        Quoted(scope));
  return out + "\"client_id = `\"$($app.AppId)`\"\"\n";
}

}  // namespace

int RunTenantScript(Context& context) {
  int exit = 0;
  const config::TenantConfig* tenant = nullptr;
  const auto workspace = OpenForTenant(context, exit, false, &tenant);
  if (!workspace) return exit;
  const auto plan = assess::PlanRun(workspace->installation, workspace->config, *tenant, {});
  if (!plan) return context.Fail(plan.error());
  const Wanted wanted = WantedBy(*plan);
  const bool shell = context.options.shell != "powershell";
  const std::string text = shell ? Bash(*tenant, wanted) : PowerShell(*tenant, wanted);
  return context.Finish(text, "{\"script\":" + JsonString(text) + "}");
}

}  // namespace assay::cli
