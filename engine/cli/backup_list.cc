// assay backup list: copies as they lie in the target, and what is late.
#include <fmt/format.h>

#include "backup/target.h"
#include "base/text.h"
#include "cli/backup_common.h"
#include "cli/summary.h"

namespace assay::cli {
namespace {

std::string ItemJson(const backup::Listed& one) {
  const auto& m = one.manifest;
  return fmt::format(
      "{{\"tenant\":{},\"path\":{},\"whole\":{},\"created\":{},\"epoch\":{},\"tree_size\":{},"
      "\"files\":{},\"bytes\":{},\"fault\":{}}}",
      JsonString(one.tenant), JsonString(one.path.string()), one.fault.empty(),
      JsonString(m ? FormatTime(m->created) : ""), m ? m->epoch : 0, m ? m->size : 0,
      m ? m->files.size() : 0, m ? m->TotalBytes() : 0, JsonString(one.fault));
}

void AddRow(const backup::Listed& one, Timestamp now, Table& table) {
  if (!one.fault.empty()) {
    table.Row({one.path.filename().string(), "", "", "", "NOT WHOLE: " + one.fault});
    return;
  }
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - one.manifest->created);
  table.Row({one.path.filename().string(), std::to_string(one.manifest->size),
             std::to_string(one.manifest->epoch), ShowAge(age),
             ShowBytes(one.manifest->TotalBytes())});
}

}  // namespace

int RunBackupList(Context& context) {
  int exit = 0;
  const auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return exit;
  if (context.options.tenant.empty()) context.options.all = true;
  const auto tenants = SelectTenants(context, *workspace, exit);
  if (!tenants) return exit;
  const auto target = TargetOf(context, *workspace);
  if (!target) return Report(context, target.error());
  Table table({"BACKUP", "ENTRIES", "EPOCH", "AGE", "SIZE"});
  std::string items, ages_json, ages_text;
  for (const config::TenantConfig* tenant : *tenants) {
    const auto all = backup::ListBackups(*target, tenant->id);
    if (!all) return Report(context, all.error());
    for (const backup::Listed& one : *all) {
      items += (items.empty() ? "" : ",") + ItemJson(one);
      AddRow(one, context.clock->Now(), table);
    }
    const auto ages = AgesOf(*workspace, *tenant);
    if (!ages) return Report(context, ages.error());
    ages_json += fmt::format("{}{}:{}", ages_json.empty() ? "" : ",", JsonString(tenant->id),
                             AgesJson(*ages));
    ages_text += fmt::format(
        "  {} {}  {}\n", Mark(ages->AnyLate() ? Verdict::kFail : Verdict::kPass, StyleOf(context)),
        tenant->id, AgesText(*ages, workspace->config.backup));
  }
  return context.Finish(table.Format(context.terminal) + ages_text,
                        fmt::format("{{\"target\":{},\"backups\":[{}],\"ages\":{{{}}}}}",
                                    JsonString(target->string()), items, ages_json));
}

}  // namespace assay::cli
