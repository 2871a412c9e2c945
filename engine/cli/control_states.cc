#include "cli/control_states.h"

#include <filesystem>

#include "assess/excepting.h"
#include "assess/statement_chain.h"
#include "cli/workspace.h"

namespace assay::cli {
namespace {

/// What rested on an exception or an attestation that holds no more falls at once, without a run.
Status Lower(ledger::Ledger& ledger, std::vector<assess::ControlView>& controls, Timestamp now) {
  ASSAY_ASSIGN(const ledger::Head head, ledger.ReadHead());
  ASSAY_ASSIGN(const assess::Statements statements, assess::LoadStatements(ledger, head.size));
  assess::LowerControls(controls, statements, now);
  return {};
}

/// False after printing an error.
bool AddStates(Context& context, const Workspace& workspace, const config::TenantConfig& tenant,
               std::vector<TenantStates>& out, int& exit) {
  const ledger::OpenOptions options = assess::LedgerOptions(workspace.config, tenant, false);
  std::error_code ignored;
  const bool named = context.options.tenant == tenant.id;
  if (!named && !std::filesystem::exists(options.directory, ignored)) return true;
  auto ledger = ledger::Ledger::OpenReadOnly(options);
  if (!ledger)
    return exit = context.Fail(std::move(ledger.error()).Context("tenant " + tenant.id)), false;
  auto run = assess::ReadLastRun(**ledger);
  if (!run)
    return exit = context.Fail(std::move(run.error()).Context("tenant " + tenant.id)), false;
  if (!*run) return true;
  if (Status lowered = Lower(**ledger, (*run)->controls, context.Moment()); !lowered)
    return exit = context.Fail(std::move(lowered.error()).Context("tenant " + tenant.id)), false;
  TenantStates states{tenant.id, std::move(**run), {}, workspace.config.frameworks};
  for (const assess::ControlView& control : states.run.controls)
    states.results.push_back(control.result);
  out.push_back(std::move(states));
  return true;
}

}  // namespace

std::optional<std::vector<TenantStates>> ReadStates(Context& context, int& exit) {
  std::vector<TenantStates> out;
  std::error_code ignored;
  const bool configured = std::filesystem::exists(context.options.config, ignored);
  if (!configured && context.options.tenant.empty()) return out;
  const auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return std::nullopt;
  if (context.options.tenant.empty()) {
    for (const config::TenantConfig& tenant : workspace->config.tenants)
      if (!AddStates(context, *workspace, tenant, out, exit)) return std::nullopt;
    return out;
  }
  const auto tenants = SelectTenants(context, *workspace, exit);
  if (!tenants) return std::nullopt;
  for (const config::TenantConfig* tenant : *tenants)
    if (!AddStates(context, *workspace, *tenant, out, exit)) return std::nullopt;
  return out;
}

std::optional<std::vector<TenantStates>> NeedStates(Context& context, int& exit) {
  auto states = ReadStates(context, exit);
  if (states && states->empty()) {
    exit = context.Fail(
        Error{Code::kNotFound, "no finished run of any tenant yet", {}, "assay run", {}, {}});
    return std::nullopt;
  }
  return states;
}

const assess::ControlView* FindState(const TenantStates& states, const std::string& framework,
                                     const std::string& control) {
  for (const assess::ControlView& view : states.run.controls)
    if (view.result.framework == framework && view.result.control == control) return &view;
  return nullptr;
}

}  // namespace assay::cli
