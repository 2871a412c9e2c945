// assay run: one run for each selected tenant. Findings do not change the exit code unless
// --fail-on.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "base/text.h"
#include "cli/command.h"
#include "cli/expiry_text.h"
#include "cli/progress_events.h"
#include "cli/progress_lines.h"
#include "cli/run_plan.h"
#include "cli/run_tenant.h"
#include "cli/workspace.h"

namespace assay::cli {
namespace {

std::atomic<bool> g_cancelled{false};

void OnInterrupt(int) {
  if (g_cancelled.exchange(true)) ::_exit(130);  // the second time: stop now, the ledger is whole
}

bool FailsOn(const TenantRun& run, const std::string& level) {
  const auto limit = ParseSeverity(level);
  if (!limit) return false;
  for (const CheckResult& check : run.report.checks) {
    const auto spec = run.checks.find(check.check);
    if (check.verdict == Verdict::kFail && spec != run.checks.end() &&
        spec->second.severity <= *limit)
      return true;
  }
  return false;
}

void ShowRun(Context& context, const config::TenantConfig& tenant, const TenantRun& run,
             const std::string& legal_basis) {
  const assess::RunReport& report = run.report;
  if (context.options.json) return;
  if (!report.interrupted_run.empty())
    Tell(context, fmt::format("{}: run {} never finished; what it read is kept and verifies\n",
                              tenant.id, report.interrupted_run));
  for (const std::string& warning : report.warnings)
    Tell(context, fmt::format("warning: {}\n", warning));
  for (const auto& [plugin, what] : report.plugin_faults)
    Tell(context, fmt::format("plugin_fault: {}: {}\n", plugin, what));
  for (const std::string& permission : report.missing_permissions)
    Tell(context, fmt::format("missing permission: {}\n", permission));
  if (report.stopped) Report(context, *report.stopped);
  Say(context, fmt::format("  {} run {}\n\n", tenant.id, report.run));
  if (run.changes) Say(context, ChangesText(*run.changes, StyleOf(context)) + "\n");
  Say(context, RunSummary(report, run.checks, StyleOf(context)));
  const bool any = std::any_of(run.expired.begin(), run.expired.end(),
                               [](const auto& one) { return one.bodies > 0 || one.held > 0; });
  if (any) Say(context, ExpiryText(run.expired, legal_basis, false));
}

}  // namespace

int ExitForRun(const TenantRun& run, const std::string& fail_on) {
  std::vector<ExitCode> all{ExitCode::kOk};
  const assess::RunReport& report = run.report;
  if (report.cancelled) return 130;
  if (report.stopped) all.push_back(ExitFor(*report.stopped));
  if (!report.plugin_faults.empty()) all.push_back(ExitCode::kIncomplete);
  for (const CheckResult& check : report.checks)
    if (check.verdict == Verdict::kNotAssessed) all.push_back(ExitCode::kIncomplete);
  if (FailsOn(run, fail_on)) all.push_back(ExitCode::kFindings);
  return ToInt(Worst(all));
}

int RunRun(Context& context) {
  int exit = 0;
  auto workspace = OpenWorkspace(context, exit, true);
  if (!workspace) return exit;
  const auto tenants = SelectTenants(context, *workspace, exit);
  if (!tenants) return exit;
  std::signal(SIGINT, OnInterrupt);
  std::signal(SIGTERM, OnInterrupt);
  std::vector<ExitCode> exits{ExitCode::kOk};
  std::string items;
  if (context.options.dry_run) return ShowPlans(context, *workspace, *tenants);
  for (const config::TenantConfig* tenant : *tenants) {
    ProgressLines lines(!context.options.quiet && !context.options.json && !context.options.jsonl,
                        context.options.verbose > 0);
    ProgressEvents events([&](const std::string& line) { Say(context, line); }, tenant->id);
    assess::Progress& progress =
        context.options.jsonl ? static_cast<assess::Progress&>(events) : lines;
    std::vector<config::Diagnostic> refusals;
    RunRequest request{&workspace->installation,
                       &workspace->config,
                       tenant,
                       {context.options.only_checks, context.options.frameworks, &refusals},
                       context.spawner,
                       &progress,
                       &g_cancelled,
                       "cli"};
    auto run = RunTenant(request);
    if (!run) {
      ReportRefusal(context, run.error(), refusals);
      exits.push_back(ExitFor(run.error()));
      continue;
    }
    const std::string report =
        RunReportJson(run->report, tenant->id, run->changes ? ChangesJson(*run->changes) : "null");
    if (context.options.jsonl)
      Say(context, "{\"event\":\"run\",\"data\":" + report + "}\n");
    else
      ShowRun(context, *tenant, *run, workspace->config.retention.legal_basis);
    items += (items.empty() ? "" : ",") + report;
    const int one = ExitForRun(*run, context.options.fail_on);
    if (one == 130) return one;
    exits.push_back(static_cast<ExitCode>(one));
  }
  const int worst = ToInt(Worst(exits));
  if (context.options.json) PrintJson(context, "run", worst == 0, "{\"runs\":[" + items + "]}");
  return worst;
}

}  // namespace assay::cli
