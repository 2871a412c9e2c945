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

std::unique_ptr<ledger::Ledger> OpenForReading(Context& context, const Workspace& workspace,
                                               const config::TenantConfig& tenant, int& exit) {
  auto ledger =
      ledger::Ledger::OpenReadOnly(assess::LedgerOptions(workspace.config, tenant, false));
  if (ledger) return std::move(*ledger);
  exit = Report(context, std::move(ledger.error()).Context("tenant " + tenant.id));
  return nullptr;
}

}  // namespace assay::cli
