// assay status: the last finished run of each selected tenant, as its ledger holds it.
#include <fmt/format.h>

#include "assess/history.h"
#include "base/text.h"
#include "cli/backup_common.h"
#include "cli/summary.h"
#include "cli/workspace.h"

namespace assay::cli {
namespace {

std::string StatusJson(const config::TenantConfig& tenant, const assess::RunView& run,
                       const std::map<Verdict, int>& counts, const std::string& backup) {
  std::string numbers;
  for (const auto& [verdict, n] : counts)
    numbers += fmt::format("{}\"{}\":{}", numbers.empty() ? "" : ",", Name(verdict), n);
  return fmt::format(
      "{{\"tenant\":{},\"run\":{},\"outcome\":{},\"started\":{},\"finished\":{},\"tier\":{},"
      "\"reads\":{},\"counts\":{{{}}},\"backup\":{}}}",
      JsonString(tenant.id), JsonString(run.run), JsonString(run.outcome), JsonString(run.started),
      JsonString(run.finished), JsonString(run.tier), run.reads, numbers, backup);
}

void ShowStatus(Context& context, const config::TenantConfig& tenant, const assess::RunView& run,
                std::map<Verdict, int> counts) {
  const Style style = StyleOf(context);
  Say(context, fmt::format("  {}  run {} {}  {}  sandbox {}\n", tenant.id, run.run, run.outcome,
                           run.finished, run.tier));
  Say(context,
      fmt::format("    {} {} fail   {} {} pass   {} {} manual   {} {} not assessed   {} {} not "
                  "applicable\n",
                  Mark(Verdict::kFail, style), counts[Verdict::kFail], Mark(Verdict::kPass, style),
                  counts[Verdict::kPass], Mark(Verdict::kManual, style), counts[Verdict::kManual],
                  Mark(Verdict::kNotAssessed, style), counts[Verdict::kNotAssessed],
                  Mark(Verdict::kNotApplicable, style), counts[Verdict::kNotApplicable]));
  std::vector<ControlResult> controls;
  for (const auto& control : run.controls) controls.push_back(control.result);
  Say(context, ControlSummary(controls, style));
  for (const auto& dataset : run.datasets)
    if (dataset.completeness != "complete")
      Say(context,
          fmt::format("    {} {}: {} ({}) {}\n", Mark(Verdict::kNotAssessed, style),
                      dataset.dataset, dataset.completeness, dataset.reason, dataset.detail));
  for (const std::string& note : run.notes) Say(context, fmt::format("    {}\n", note));
}

// Ages of the tenant's copies: said in text, given back as JSON ("null" when none are configured).
std::string ShowBackups(Context& context, const Workspace& workspace,
                        const config::TenantConfig& tenant) {
  if (workspace.config.backup.target.empty()) return "null";
  const auto ages = AgesOf(workspace, tenant);
  if (!context.options.json)
    Say(context, fmt::format("    {}\n", ages ? AgesText(*ages, workspace.config.backup)
                                              : "backup: " + ages.error().ToString()));
  return ages ? AgesJson(*ages) : "null";
}

}  // namespace

int RunStatus(Context& context) {
  int exit = 0;
  auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return exit;
  if (context.options.tenant.empty()) context.options.all = true;
  const auto tenants = SelectTenants(context, *workspace, exit);
  if (!tenants) return exit;
  std::string items;
  for (const config::TenantConfig* tenant : *tenants) {
    int opened = 0;
    auto ledger = OpenForReading(context, *workspace, *tenant, opened);
    if (!ledger) {
      exit = std::max(exit, opened);
      continue;
    }
    auto run = assess::ReadLastRun(*ledger);
    if (!run) {
      exit = Report(context, run.error());
      continue;
    }
    if (!*run) {
      if (!context.options.json)
        Say(context, fmt::format("  {}  no finished run yet\n", tenant->id));
      ShowBackups(context, *workspace, *tenant);
      continue;
    }
    std::map<Verdict, int> counts;
    for (const auto& check : (*run)->checks) ++counts[check.result.verdict];
    if (!context.options.json) ShowStatus(context, *tenant, **run, counts);
    items += (items.empty() ? "" : ",") +
             StatusJson(*tenant, **run, counts, ShowBackups(context, *workspace, *tenant));
  }
  if (context.options.json)
    PrintJson(context, "status", exit == 0, "{\"tenants\":[" + items + "]}");
  return exit;
}

}  // namespace assay::cli
