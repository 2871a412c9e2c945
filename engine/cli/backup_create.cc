// assay backup create: one copy of each selected ledger, recorded in the log of the instance;
// copies outside the window go.
#include <fmt/format.h>

#include "backup/target.h"
#include "base/text.h"
#include "cli/backup_common.h"
#include "cli/summary.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int exit = 0;
  std::string made, removed;  ///< JSON items
};

void AddItem(std::string& list, const std::string& item) {
  list += (list.empty() ? "" : ",") + item;
}

void ShowMade(Context& context, const std::string& tenant, const backup::Made& made, Outcome& out) {
  const backup::Manifest& m = made.manifest;
  AddItem(
      out.made,
      fmt::format("{{\"tenant\":{},\"path\":{},\"created\":{},\"epoch\":{},\"tree_size\":{},"
                  "\"root_hash\":\"{}\",\"files\":{},\"linked\":{},\"bytes\":{},\"took_ms\":{}}}",
                  JsonString(tenant), JsonString(made.path.string()),
                  JsonString(FormatTime(m.created)), m.epoch, m.size, EncodeBase64(m.root),
                  m.files.size(), made.linked, m.TotalBytes(), made.took.count()));
  if (context.options.json) return;
  Say(context,
      fmt::format("  {} {}  {} entries · {} files, {} as in the one before · {} · {}\n    {}\n",
                  Mark(Verdict::kPass, StyleOf(context)), tenant, m.size, m.files.size(),
                  made.linked, ShowBytes(m.TotalBytes()), ShowTook(made.took), made.path.string()));
}

// What the window does not cover any more; with --dry-run it is only told.
int Prune(Context& context, const Workspace& workspace, const std::string& tenant,
          const fs::path& target, Outcome& out) {
  const auto window = workspace.config.backup.window;
  const auto old = backup::OutsideWindow(target, tenant, window, context.clock->Now());
  if (!old) return Report(context, old.error());
  for (const backup::Listed& one : *old) {
    if (!context.options.dry_run)
      if (Status gone = backup::RemoveBackup(one.path); !gone) return Report(context, gone.error());
    AddItem(out.removed, JsonString(one.path.string()));
    if (!context.options.json)
      Say(context, fmt::format("    {} {}: older than the window of {}\n",
                               context.options.dry_run ? "would remove" : "removed",
                               one.path.filename().string(), ShowAge(window)));
  }
  return 0;
}

int CreateOne(Context& context, const Workspace& workspace, const config::TenantConfig& tenant,
              const fs::path& target, Outcome& out) {
  if (context.options.dry_run) {
    if (!context.options.json)
      Say(context, fmt::format("  {}  would be copied to {}\n", tenant.id, target.string()));
    return Prune(context, workspace, tenant.id, target, out);
  }
  const auto made = backup::CreateBackup(SourceOf(workspace, tenant), target);
  if (!made) {
    backup::Event event;
    event.kind = "backup.created";
    event.of = tenant.directory_id->text();
    event.outcome = CodeName(made.error().code);
    event.notes = {target.string(), made.error().ToString()};
    return RecordEvent(context, workspace, std::move(event),
                       Report(context, Error(made.error()).Context("tenant " + tenant.id)));
  }
  ShowMade(context, tenant.id, *made, out);
  backup::Event event = EventOf("backup.created", made->manifest);
  event.took_ms = static_cast<uint64_t>(made->took.count());
  event.notes = {made->path.string()};
  const int pruned = Prune(context, workspace, tenant.id, target, out);
  return RecordEvent(context, workspace, std::move(event), pruned);
}

}  // namespace

int RunBackupCreate(Context& context) {
  int exit = 0;
  const auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return exit;
  const auto tenants = SelectTenants(context, *workspace, exit);
  if (!tenants) return exit;
  const auto target = TargetOf(context, *workspace);
  if (!target) return Report(context, target.error());
  Outcome out;
  std::vector<ExitCode> codes;
  for (const config::TenantConfig* tenant : *tenants)
    codes.push_back(ExitCode(CreateOne(context, *workspace, *tenant, *target, out)));
  out.exit = ToInt(Worst(codes));
  if (context.options.json && out.exit == 0)
    PrintJson(context, "backup create", true,
              fmt::format("{{\"dry_run\":{},\"backups\":[{}],\"removed\":[{}]}}",
                          context.options.dry_run, out.made, out.removed));
  return out.exit;
}

}  // namespace assay::cli
