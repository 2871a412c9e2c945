// assay plugin install|grant|revoke: what an administrator decides about plugins of others.
#include <fmt/format.h>

#include "assess/admin_lock.h"
#include "assess/plugin_trust.h"
#include "base/text.h"
#include "cli/erasing.h"
#include "cli/plugin_text.h"

namespace assay::cli {
namespace {

const config::PluginConfig* Named(const config::Config& config, const std::string& id) {
  for (const config::PluginConfig& plugin : config.plugins)
    if (plugin.id == id) return &plugin;
  return nullptr;
}

/// What the administrator copies into assay.toml; empty when it stands there.
std::string ConfigBlock(const config::Config& config, const assess::LoadedPlugin& plugin) {
  const std::string& id = plugin.manifest.id;
  if (Named(config, id) != nullptr) return {};
  const auto file = assess::InstallFolder(config, id) / (id + ".so");
  std::vector<std::string> tenants;
  for (const config::TenantConfig& tenant : config.tenants)
    tenants.push_back(JsonString(tenant.id));
  const bool one = tenants.size() == 1;
  return fmt::format("[[plugins]]\nid = \"{}\"\npath = {}\ntrust = \"{}\"\ntenants = [{}]{}\n", id,
                     JsonString(file.string()), plugin.fingerprint, one ? tenants[0] : "",
                     one ? "" : fmt::format("   # of {}", Join(tenants, ", ")));
}

bool IsBuiltIn(const assess::Installation& installation, const std::string& id) {
  std::error_code error;
  return std::filesystem::exists(installation.plugins() / id, error) ||
         std::filesystem::exists(installation.frameworks() / id, error);
}

std::string NextSteps(const config::Config& config, const assess::LoadedPlugin& plugin,
                      const assess::InstallPlan& plan, const std::string& block) {
  const std::string& id = plugin.manifest.id;
  std::string out;
  if (plan.key_changed) out += "  Signed by another key than before: what was granted is void.\n";
  if (!block.empty()) {
    out += fmt::format("  Not used until {} says so:\n\n{}\n", config.file.string(), block);
    if (config.plugins.empty())
      out +=
          "  It is the first [[plugins]] table: built-in plugins then run only when they have "
          "one too,\n  such as  [[plugins]]  id = \"graph\"\n";
  }
  const bool granted = !plan.entry.grant_sha256.empty() &&
                       assess::CompareReads(plan.entry.reads, plugin.reads).added.empty();
  out += granted ? "  It is within what was granted before.\n"
                 : fmt::format("  Not run until it is granted: assay plugin grant {}\n", id);
  return out;
}

/// The locked plugin of this id, verified up to the lock; what is granted is not looked at.
Result<assess::LoadedPlugin> OpenLocked(const AdminView& view, const std::string& id) {
  const LockEntry* lock = assess::FindLock(view.locks, id);
  if (lock == nullptr)
    return assay::Fail(Error{Code::kNotFound,
                             fmt::format("plugin {}: not in assay-plugins.lock", Quote(id)),
                             {},
                             "assay plugin install PACKAGE puts it there",
                             {},
                             {}});
  const config::Config& config = view.workspace.config;
  ASSAY_ASSIGN(assess::LoadedPlugin plugin,
               assess::OpenOffered(assess::FolderInUse(config, id), true));
  const config::PluginConfig* named = Named(config, id);
  const bool other =
      named != nullptr && !named->trust.empty() && named->trust != plugin.fingerprint;
  if (plugin.manifest.id != id || plugin.vkey != lock->key || other)
    return assay::Fail(Error{Code::kDenied,
                             fmt::format("plugin {}: {} is not what was installed and is trusted",
                                         id, plugin.folder.string()),
                             {},
                             "assay plugin install PACKAGE",
                             {},
                             "AS-PLG-004"});
  ASSAY_TRY(assess::VerifyFiles(plugin, *lock));
  return plugin;
}

/// The lines of a difference as they are shown, for the log.
std::vector<std::string> DifferenceLines(const assess::ReadDifference& difference) {
  std::vector<std::string> out;
  for (const std::string& line : difference.added) out.push_back("+ " + line);
  for (const std::string& line : difference.kept) out.push_back("  " + line);
  for (const std::string& line : difference.removed) out.push_back("- " + line);
  return out;
}

std::string DifferenceJson(const assess::LoadedPlugin& plugin,
                           const assess::ReadDifference& difference, bool granted) {
  report::JsonWriter json;
  json.BeginObject();
  WriteWho(json, plugin);
  WriteDifference(json, difference);
  return json.Member("granted", granted).EndObject().Take();
}

std::string InstallJson(const assess::LoadedPlugin& plugin,
                        const assess::ReadDifference& difference, const assess::InstallPlan& plan,
                        const std::string& folder, const std::string& block, bool dry_run) {
  report::JsonWriter json;
  json.BeginObject();
  WriteWho(json, plugin);
  WriteDifference(json, difference);
  json.Member("folder", folder).Member("replaces", plan.old_version);
  json.Member("dry_run", dry_run).Member("config", block);
  return json.EndObject().Take();
}

}  // namespace

int RunPluginInstall(Context& context) {
  int exit = 0;
  const auto view = OpenAdminView(context, exit);
  if (!view) return exit;
  const config::Config& config = view->workspace.config;
  const auto plugin = assess::OpenOffered(context.options.argument, true);
  if (!plugin) return Report(context, plugin.error());
  const auto plan = assess::PlanInstall(
      *plugin, config, view->locks, IsBuiltIn(view->workspace.installation, plugin->manifest.id),
      context.options.accept_older);
  if (!plan) return Report(context, plan.error());
  const auto difference = assess::CompareReads(plan->entry.reads, plugin->reads);
  std::string text = DifferenceText(context, view->workspace, *plugin, difference);
  const std::string block = ConfigBlock(config, *plugin);
  const auto folder = assess::InstallFolder(config, plugin->manifest.id);
  if (context.options.dry_run) {
    text += "  Nothing was written.\n";
  } else {
    if (Status done = assess::Install(*plugin, config, *plan); !done)
      return Report(context, done.error());
    text += fmt::format("  {} {}\n", plan->old_version.empty() ? "installed in" : "replaced in",
                        folder.string());
    text += NextSteps(config, *plugin, *plan, block);
  }
  const int code = context.Finish(text, InstallJson(*plugin, difference, *plan, folder.string(),
                                                    block, context.options.dry_run));
  if (context.options.dry_run) return code;
  return RecordDecision(context, view->workspace, "plugin.installed",
                        {{"plugin", plugin->manifest.id},
                         {"version", plugin->manifest.version},
                         {"key", plugin->fingerprint},
                         {"file", EncodeBase64(plugin->image.file_digest)}},
                        {plugin->note}, code);
}

int RunPluginGrant(Context& context) {
  int exit = 0;
  const auto view = OpenAdminView(context, exit);
  if (!view) return exit;
  const std::string& id = context.options.argument;
  const auto plugin = OpenLocked(*view, id);
  if (!plugin) return Report(context, plugin.error());
  const LockEntry& lock = *assess::FindLock(view->locks, id);
  const auto difference = assess::CompareReads(lock.reads, plugin->reads);
  const std::string text = DifferenceText(context, view->workspace, *plugin, difference);
  const bool same =
      !lock.grant_sha256.empty() && difference.added.empty() && difference.removed.empty();
  if (same || context.options.review || context.options.dry_run)
    return context.Finish(text + (same ? "  It is granted already.\n" : "  Nothing was granted.\n"),
                          DifferenceJson(*plugin, difference, same));
  // Nobody is asked without having been shown, --quiet or not.
  if (!context.options.yes && !context.options.json) context.err(text);
  if (!Confirm(context, fmt::format("Grant this to {}?", id), "yes"))
    return ToInt(ExitCode::kUsage);
  if (Status done = assess::Grant(*plugin, view->workspace.config); !done)
    return Report(context, done.error());
  const int code = context.Finish((context.options.yes ? text : "") + "  Granted.\n",
                                  DifferenceJson(*plugin, difference, true));
  return RecordDecision(context, view->workspace, "plugin.granted",
                        {{"plugin", id},
                         {"version", plugin->manifest.version},
                         {"grant", EncodeBase64(plugin->grant_digest)}},
                        DifferenceLines(difference), code);
}

int RunPluginRevoke(Context& context) {
  int exit = 0;
  auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return exit;
  const std::string& id = context.options.argument;
  const auto had = assess::Revoke(id, workspace->config);
  if (!had) return Report(context, had.error());
  const int code = context.Finish(
      *had ? fmt::format("  {} may not read any more: runs that use it are refused until it is "
                         "granted again or its [[plugins]] table is removed.\n",
                         id)
           : fmt::format("  nothing was granted to {}\n", id),
      fmt::format("{{\"id\":{},\"was_granted\":{}}}", JsonString(id), *had));
  return *had ? RecordDecision(context, *workspace, "plugin.revoked", {{"plugin", id}}, {}, code)
              : code;
}

}  // namespace assay::cli
