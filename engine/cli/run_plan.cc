#include "cli/run_plan.h"

#include <fmt/format.h>

#include "assess/plan_diff.h"
#include "base/text.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

constexpr size_t kShownOfAKind = 12;  ///< without --verbose; --json has all

std::string LinesText(const assess::PlanDiff& diff, bool all) {
  std::map<std::string, size_t> shown, hidden;
  std::string out;
  for (const assess::PlanChange& change : diff.changes) {
    const std::string kind = change.mark + change.what;
    if (!all && ++shown[kind] > kShownOfAKind) {
      ++hidden[fmt::format("{} {}", change.mark, change.what)];
      continue;
    }
    out += fmt::format("  {} {:<10} {:<40} {}\n", change.mark, change.what, change.id, change.note);
  }
  for (const auto& [kind, n] : hidden)
    out += fmt::format("  {:<12} and {} more: --verbose shows them\n", kind, n);
  return out;
}

std::string PlanText(const std::string& tenant, const assess::RunPlan& plan,
                     const assess::PlanDiff& diff, bool all) {
  std::string out = fmt::format("  {}  {}\n", tenant,
                                diff.since.empty() ? "first run" : "compared with " + diff.since);
  out += LinesText(diff, all);
  if (diff.changes.empty()) out += "  the same as before\n";
  if (diff.since.empty())
    out += fmt::format(
        "  ~ run        {} checks, at least {} requests; what is granted is known "
        "after: assay tenant test\n",
        plan.checks.size(), diff.requests);
  else
    out += fmt::format("  ~ run        {} checks{}, about {} requests ({} made {})\n",
                       plan.checks.size(), plan.only ? ", limited by --only" : "", diff.requests,
                       diff.since, diff.requests_then);
  for (const std::string& permission : diff.missing)
    out +=
        fmt::format("  ! missing    {:<40} checks that need it will not be assessed\n", permission);
  return out +
         "  Nothing has been run: no tenant was asked, nothing was written. Apply with: assay "
         "run\n";
}

std::string PlanJson(const std::string& tenant, const assess::RunPlan& plan,
                     const assess::PlanDiff& diff) {
  report::JsonWriter json;
  std::vector<std::string> endpoints;
  for (const assess::LoadedPlugin& plugin : plan.collectors)
    for (const EndpointSpec& endpoint : plugin.manifest.endpoints) endpoints.push_back(endpoint.id);
  json.BeginObject().Member("tenant", tenant).Key("since");
  diff.since.empty() ? json.Null() : json.String(diff.since);
  json.Key("endpoints").Strings(endpoints).Member("checks", plan.checks.size());
  json.Member("frameworks", plan.frameworks.size()).Key("changes").BeginArray();
  for (const assess::PlanChange& change : diff.changes)
    json.BeginObject()
        .Member("mark", std::string(1, change.mark))
        .Member("what", change.what)
        .Member("id", change.id)
        .Member("note", change.note)
        .EndObject();
  json.EndArray().Key("missing_permissions").Strings(diff.missing);
  json.Member("estimated_requests", diff.requests).Member("last_requests", diff.requests_then);
  return json.EndObject().Take();
}

/// What the tenant's ledger says of earlier runs, set against the plan.
Result<assess::PlanDiff> AgainstLedger(const Context& context, const Workspace& workspace,
                                       const config::TenantConfig& tenant,
                                       const assess::RunPlan& plan) {
  auto ledger =
      ledger::Ledger::OpenReadOnly(assess::LedgerOptions(workspace.config, tenant, false));
  if (!ledger && ledger.error().code != Code::kNotFound) return Fail(std::move(ledger.error()));
  return assess::ComparePlan(ledger ? ledger->get() : nullptr, plan,
                             !context.options.frameworks.empty());
}

}  // namespace

void ReportRefusal(const Context& context, const Error& error,
                   const std::vector<config::Diagnostic>& refusals) {
  if (refusals.empty())
    Report(context, error);
  else
    ShowDiagnostics(context, refusals);
}

int ShowPlans(Context& context, const Workspace& workspace,
              const std::vector<const config::TenantConfig*>& tenants) {
  std::string items;
  std::vector<ExitCode> exits{ExitCode::kOk};
  for (const config::TenantConfig* tenant : tenants) {
    std::vector<config::Diagnostic> refusals;
    auto plan =
        assess::PlanRun(workspace.installation, workspace.config, *tenant,
                        {context.options.only_checks, context.options.frameworks, &refusals});
    auto diff = plan ? AgainstLedger(context, workspace, *tenant, *plan) : Fail(plan.error());
    if (!diff) {
      ReportRefusal(context, diff.error(), refusals);
      exits.push_back(ExitFor(diff.error()));
      continue;
    }
    items += (items.empty() ? "" : ",") + PlanJson(tenant->id, *plan, *diff);
    if (!context.options.json)
      Say(context, PlanText(tenant->id, *plan, *diff, context.options.verbose > 0));
  }
  const int worst = ToInt(Worst(exits));
  if (context.options.json) PrintJson(context, "run", worst == 0, "{\"plans\":[" + items + "]}");
  return worst;
}

}  // namespace assay::cli
