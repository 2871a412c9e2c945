// assay status: the last finished run of each selected tenant, as its ledger holds it.
#include <fmt/format.h>

#include "assess/excepting.h"
#include "assess/history.h"
#include "assess/statement_chain.h"
#include "base/text.h"
#include "cli/as_of.h"
#include "cli/backup_common.h"
#include "cli/changes.h"
#include "cli/statement_common.h"
#include "cli/summary.h"
#include "cli/workspace.h"

namespace assay::cli {
namespace {

std::string StatusJson(const config::TenantConfig& tenant, const assess::RunView& run,
                       const std::map<Verdict, int>& counts, const std::optional<Error>& fault,
                       const std::string& backup, const std::string& changes,
                       const std::string& exceptions) {
  std::string numbers, notes;
  for (const auto& [verdict, n] : counts)
    numbers += fmt::format("{}\"{}\":{}", numbers.empty() ? "" : ",", Name(verdict), n);
  for (const std::string& note : run.notes) notes += (notes.empty() ? "" : ",") + JsonString(note);
  return fmt::format(
      "{{\"tenant\":{},\"run\":{},\"outcome\":{},\"started\":{},\"finished\":{},\"tier\":{},"
      "\"reads\":{},\"fault\":{},\"counts\":{{{}}},\"notes\":[{}],\"backup\":{},"
      "\"changes\":{},\"exceptions\":{}}}",
      JsonString(tenant.id), JsonString(run.run), JsonString(run.outcome), JsonString(run.started),
      JsonString(run.finished), JsonString(run.tier), run.reads,
      JsonString(fault ? fault->message : ""), numbers, notes, backup, changes, exceptions);
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

/// What became of the last run's states by the clock and by decisions since, without a run.
struct Since {
  std::vector<std::string> lowered, ending;
  uint64_t in_force = 0, waiting = 0;
};

Result<Since> LookSince(const Context& context, const Workspace& workspace, ledger::Ledger& ledger,
                        TreeSize size, assess::RunView& run) {
  ASSAY_ASSIGN(const assess::Statements statements, assess::LoadStatements(ledger, size));
  const Timestamp now = context.Moment();
  Since out;
  const std::vector<assess::ControlView> before = run.controls;
  if (assess::LowerControls(run.controls, statements, now) > 0)
    for (size_t i = 0; i < before.size(); ++i)
      if (const ControlResult& one = run.controls[i].result; one.state != before[i].result.state)
        out.lowered.push_back(fmt::format("{}:{} is {} since the run: {}", one.framework,
                                          one.control, Name(one.state), one.why));
  out.ending = EndingSoon(statements, workspace.config.exceptions, now);
  for (const auto& [number, one] : statements.exceptions()) {
    if (one.InForce(now)) ++out.in_force;
    if (one.At(now) == assess::ExceptionState::kRequested || (one.renewal && one.IsOpen(now)))
      ++out.waiting;
  }
  return out;
}

void ShowSince(Context& context, const Since& since) {
  if (since.in_force + since.waiting > 0)
    Say(context, fmt::format("    exceptions: {} in force, {} waiting for approval\n",
                             since.in_force, since.waiting));
  for (const auto* list : {&since.lowered, &since.ending})
    for (const std::string& line : *list) Say(context, "    " + line + "\n");
}

std::string SinceJson(const Since& since) {
  const auto texts = [](const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& one : list) out += (out.empty() ? "" : ",") + JsonString(one);
    return "[" + out + "]";
  };
  return fmt::format(
      "{{\"in_force\":{},\"waiting\":{},\"lowered_controls\":{},\"ending_soon\":{}}}",
      since.in_force, since.waiting, texts(since.lowered), texts(since.ending));
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
  const auto since =
      fault ? Result<Since>(Since()) : LookSince(context, workspace, ledger, *size, **run);
  if (!since) return Report(context, since.error());
  if (!context.options.json) {
    ShowStatus(context, tenant, **run, counts, *changes);
    ShowSince(context, *since);
  }
  items += (items.empty() ? "" : ",") +
           StatusJson(tenant, **run, counts, fault, ShowBackups(context, workspace, tenant),
                      *changes ? ChangesJson(**changes) : "null", SinceJson(*since));
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
