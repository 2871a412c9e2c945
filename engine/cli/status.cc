// assay status: the last finished run of each selected tenant, as its ledger holds it.
#include <fmt/format.h>

#include "assess/history.h"
#include "base/text.h"
#include "cli/as_of.h"
#include "cli/backup_common.h"
#include "cli/changes.h"
#include "cli/summary.h"
#include "cli/workspace.h"

namespace assay::cli {
namespace {

std::string StatusJson(const config::TenantConfig& tenant, const assess::RunView& run,
                       const std::map<Verdict, int>& counts, const std::optional<Error>& fault,
                       const std::string& backup, const std::string& changes) {
  std::string numbers, notes;
  for (const auto& [verdict, n] : counts)
    numbers += fmt::format("{}\"{}\":{}", numbers.empty() ? "" : ",", Name(verdict), n);
  for (const std::string& note : run.notes) notes += (notes.empty() ? "" : ",") + JsonString(note);
  return fmt::format(
      "{{\"tenant\":{},\"run\":{},\"outcome\":{},\"started\":{},\"finished\":{},\"tier\":{},"
      "\"reads\":{},\"fault\":{},\"counts\":{{{}}},\"notes\":[{}],\"backup\":{},"
      "\"changes\":{}}}",
      JsonString(tenant.id), JsonString(run.run), JsonString(run.outcome), JsonString(run.started),
      JsonString(run.finished), JsonString(run.tier), run.reads,
      JsonString(fault ? fault->message : ""), numbers, notes, backup, changes);
}

void ShowStatus(Context& context, const config::TenantConfig& tenant, const assess::RunView& run,
                std::map<Verdict, int> counts, const std::optional<Changes>& changes) {
  const Style style = StyleOf(context);
  Say(context, fmt::format("  {}  run {} {}  {}  sandbox {}\n", tenant.id, run.run, run.outcome,
                           run.finished, run.tier));
  if (changes) Say(context, ChangesText(*changes, style));
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

/// Shows one tenant's last finished run; the exit code.
int StatusOf(Context& context, const Workspace& workspace, const config::TenantConfig& tenant,
             ledger::Ledger& ledger, std::string& items) {
  const auto size = SizeShown(context, ledger);
  auto run = size ? assess::ReadLastRun(ledger, *size) : Fail(size.error());
  if (!run) return Report(context, run.error());
  if (!*run) {
    if (!context.options.json)
      Say(context,
          fmt::format("  {}  no finished run {}\n", tenant.id, context.as_of ? "by then" : "yet"));
    ShowBackups(context, workspace, tenant);
    return 0;
  }
  std::map<Verdict, int> counts;
  for (const auto& check : (*run)->checks) ++counts[check.result.verdict];
  const auto fault = ledger.Fault();
  // What changed is read from bodies: a ledger that is at fault shows what it says, and the fault.
  Result<std::optional<Changes>> changes = std::optional<Changes>();
  if (!fault) changes = ReadChanges(ledger, *size, ReadCatalogue(context, workspace.config));
  if (!changes) return Report(context, changes.error());
  if (!context.options.json) ShowStatus(context, tenant, **run, counts, *changes);
  items += (items.empty() ? "" : ",") + StatusJson(tenant, **run, counts, fault,
                                                   ShowBackups(context, workspace, tenant),
                                                   *changes ? ChangesJson(**changes) : "null");
  if (!fault) return 0;
  if (!context.options.json) Report(context, *fault);  // shown as it is, and the alarm with it
  return ToInt(ExitCode::kVerification);
}

}  // namespace

int RunStatus(Context& context) {
  int exit = 0;
  std::string items;
  const bool visited =
      VisitLedgers(context, exit, [&](const auto& workspace, const auto& tenant, auto& ledger) {
        return StatusOf(context, workspace, tenant, ledger, items);
      });
  if (visited && context.options.json)
    PrintJson(context, "status", exit == 0, "{\"tenants\":[" + items + "]}");
  return exit;
}

}  // namespace assay::cli
