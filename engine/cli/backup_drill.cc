// assay backup drill: restores the newest copy into a scratch folder, measures, records the facts.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/backup_common.h"
#include "cli/summary.h"

namespace assay::cli {
namespace {

std::string DrilledText(const std::string& tenant, const backup::Drilled& d,
                        const Terminal& terminal) {
  const auto mark = [&](bool good) {
    return Mark(good ? Verdict::kPass : Verdict::kFail, terminal);
  };
  return fmt::format(
      "  {} {}  restored and verified {} entries of {}\n"
      "    {} restore time (RTO)  {}  at most {}\n"
      "    {} data gap (RPO)      {}, {} entries  at most {}\n",
      mark(d.report.ok), tenant, d.manifest.size, d.backup.filename().string(),
      mark(d.took <= backup::kMaxRestoreTime), ShowTook(d.took), ShowAge(backup::kMaxRestoreTime),
      mark(d.gap <= backup::kMaxDataGap), ShowAge(d.gap), d.lost, ShowAge(backup::kMaxDataGap));
}

std::string DrilledJson(const std::string& tenant, const backup::Drilled& d) {
  return fmt::format(
      "{{\"tenant\":{},\"backup\":{},\"tree_size\":{},\"bodies_opened\":{},\"took_ms\":{},"
      "\"lost\":{},\"gap_s\":{},\"within_targets\":{}}}",
      JsonString(tenant), JsonString(d.backup.string()), d.manifest.size, d.report.bodies_opened,
      d.took.count(), d.lost, d.gap.count(), d.WithinTargets());
}

int DrillOne(Context& context, const Workspace& workspace, const config::TenantConfig& tenant,
             const std::filesystem::path& target, std::string& items) {
  const auto drilled = backup::Drill(SourceOf(workspace, tenant), target);
  if (!drilled) {
    backup::Event event;
    event.kind = "backup.drilled";
    event.of = tenant.directory_id->text();
    event.outcome = CodeName(drilled.error().code);
    event.notes = {target.string(), drilled.error().ToString()};
    return RecordEvent(context, workspace, std::move(event),
                       Report(context, Error(drilled.error()).Context("tenant " + tenant.id)));
  }
  items += (items.empty() ? "" : ",") + DrilledJson(tenant.id, *drilled);
  if (!context.options.json) Say(context, DrilledText(tenant.id, *drilled, context.terminal));
  backup::Event event = EventOf("backup.drilled", drilled->manifest);
  event.took_ms = static_cast<uint64_t>(drilled->took.count());
  event.lost = drilled->lost;
  event.age_s = static_cast<uint64_t>(std::max<int64_t>(drilled->gap.count(), 0));
  event.notes = {drilled->backup.string()};
  return RecordEvent(context, workspace, std::move(event), 0);
}

}  // namespace

int RunBackupDrill(Context& context) {
  int exit = 0;
  const auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return exit;
  const auto tenants = SelectTenants(context, *workspace, exit);
  if (!tenants) return exit;
  const auto target = TargetOf(context, *workspace);
  if (!target) return Report(context, target.error());
  std::string items;
  std::vector<ExitCode> codes;
  for (const config::TenantConfig* tenant : *tenants)
    codes.push_back(ExitCode(DrillOne(context, *workspace, *tenant, *target, items)));
  exit = ToInt(Worst(codes));
  if (context.options.json && exit == 0)
    PrintJson(context, "backup drill", true, "{\"drills\":[" + items + "]}");
  return exit;
}

}  // namespace assay::cli
