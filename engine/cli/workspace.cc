#include "cli/workspace.h"

#include <fmt/format.h>

#include "cli/installed.h"
#include "proof/sha256.h"

namespace assay::cli {

std::optional<Workspace> OpenWorkspace(Context& context, int& exit, bool check_secrets) {
  auto installation = assess::LocateInstallation();
  if (!installation) return exit = Report(context, installation.error()), std::nullopt;
  auto catalogue = OpenCatalogue(context);
  if (!catalogue) return exit = Report(context, catalogue.error()), std::nullopt;
  const config::LoadOptions options = LoadOptionsFor(*catalogue, check_secrets);
  config::Loaded loaded = config::LoadConfig(context.options.config, options);
  if (!ShowDiagnostics(context, loaded.diagnostics))
    return exit = ToInt(ExitCode::kConfig), std::nullopt;
  Workspace out{std::move(*installation), std::move(loaded.config)};
  out.config.digest_hex = EncodeHex(proof::Sha256(AsBytes(config::CanonicalText(out.config))));
  return out;
}

std::optional<std::vector<const config::TenantConfig*>> SelectTenants(Context& context,
                                                                      const Workspace& workspace,
                                                                      int& exit) {
  std::vector<const config::TenantConfig*> out;
  const auto& tenants = workspace.config.tenants;
  const std::string& wanted = context.options.tenant;
  for (const config::TenantConfig& tenant : tenants)
    if (context.options.all || (wanted.empty() && tenants.size() == 1) || tenant.id == wanted)
      out.push_back(&tenant);
  if (!out.empty()) return out;
  Error error{Code::kNotFound, "", {}, {}, {}, {}};
  if (!wanted.empty()) {
    error.message = "tenant " + Quote(wanted) + ": not in the configuration";
    exit = Report(context, error);
  } else {
    error.code = Code::kInvalidInput;
    error.message = tenants.empty() ? "no [[tenants]] in the configuration"
                                    : "several tenants: say --tenant NAME or --all";
    Report(context, error);
    exit = ToInt(ExitCode::kUsage);
  }
  return std::nullopt;
}

namespace {

/// Prints and gives null when the ledger does not open.
std::unique_ptr<ledger::Ledger> OpenForReading(Context& context, const Workspace& workspace,
                                               const config::TenantConfig& tenant, int& exit) {
  auto ledger =
      ledger::Ledger::OpenReadOnly(assess::LedgerOptions(workspace.config, tenant, false));
  if (ledger) return std::move(*ledger);
  exit = Report(context, std::move(ledger.error()).Context("tenant " + tenant.id));
  return nullptr;
}

}  // namespace

std::optional<OpenedLedger> SelectOne(Context& context, int& exit) {
  OpenedLedger out;
  out.workspace = OpenWorkspace(context, exit);
  if (!out.workspace) return std::nullopt;
  const auto tenants = SelectTenants(context, *out.workspace, exit);
  if (!tenants) return std::nullopt;
  out.tenant = tenants->front();
  out.name = out.tenant->id;
  return out;
}

std::optional<OpenedLedger> OpenOneForReading(Context& context, int& exit) {
  auto out = SelectOne(context, exit);
  if (!out) return std::nullopt;
  out->ledger = OpenForReading(context, *out->workspace, *out->tenant, exit);
  if (!out->ledger) return std::nullopt;
  return out;
}

bool VisitLedgers(
    Context& context, int& exit,
    const std::function<int(const Workspace& workspace, const config::TenantConfig& tenant,
                            ledger::Ledger& ledger)>& visit) {
  auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return false;
  if (context.options.tenant.empty()) context.options.all = true;
  const auto tenants = SelectTenants(context, *workspace, exit);
  if (!tenants) return false;
  for (const config::TenantConfig* tenant : *tenants) {
    int one = 0;
    const auto ledger = OpenForReading(context, *workspace, *tenant, one);
    if (ledger) one = visit(*workspace, *tenant, *ledger);
    exit = exit == ToInt(ExitCode::kVerification) ? exit : std::max(exit, one);
  }
  return true;
}

}  // namespace assay::cli
