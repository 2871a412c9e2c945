#include "cli/plugin_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "assess/admin_lock.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/backup_common.h"
#include "cli/erasing.h"
#include "config/lock_file.h"
#include "model/limits.h"
#include "proof/note.h"

namespace assay::cli {
namespace {

/// The permission of a line of a read set; empty for one without.
std::string PermissionOf(std::string_view line) {
  constexpr std::string_view kMark = " permission=";
  const size_t at = line.find(kMark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = line.substr(at + kMark.size());
  return std::string(rest.substr(0, rest.find(' ')));
}

bool IsUsed(const config::Config& config, const std::string& id, bool built_in) {
  if (built_in && config.plugins.empty()) return true;
  return std::any_of(config.plugins.begin(), config.plugins.end(),
                     [&](const config::PluginConfig& plugin) { return plugin.id == id; });
}

/// Permissions that other plugins of this configuration use already.
std::set<std::string> PermissionsInUse(const Workspace& workspace, const std::string& but) {
  std::set<std::string> out;
  const auto add = [&](const std::vector<LockEntry>& entries, bool built_in) {
    for (const LockEntry& entry : entries)
      if (entry.id != but && IsUsed(workspace.config, entry.id, built_in))
        for (const std::string& line : entry.reads) out.insert(PermissionOf(line));
  };
  const auto lock = workspace.installation.lock();
  if (const auto bytes = ReadFile(lock, 4u << 20))
    if (const auto entries = config::ParseLock(AsText(*bytes), lock.string())) add(*entries, true);
  if (const auto entries = assess::ReadAdminLock(assess::AdminLockPath(workspace.config)))
    add(*entries, false);
  return out;
}

std::string KeyName(const std::string& vkey) { return vkey.substr(0, vkey.find('+')); }

}  // namespace

std::string Plain(std::string_view untrusted) {
  std::string out;
  while (!untrusted.empty()) {
    const size_t n = Utf8SequenceLength(untrusted);
    const auto c = static_cast<unsigned char>(untrusted[0]);
    const bool c1 = n == 2 && c == 0xc2 && static_cast<unsigned char>(untrusted[1]) < 0xa0;
    if (n == 0 || c < 0x20 || c == 0x7f || c1)
      out += ' ';
    else
      out += untrusted.substr(0, n);
    untrusted.remove_prefix(std::max<size_t>(n, 1));
  }
  return out;
}

int RecordDecision(Context& context, const Workspace& workspace, const std::string& kind,
                   ledger::MemberMap members, const std::vector<std::string>& notes, int code) {
  ledger::OpenOptions options = InstanceLogOptions(workspace);
  options.run_lease_holder = "assay plugin";
  Status recorded =
      backup::RecordEntry(options, {kind, AccountId(), std::move(members), {}}, notes);
  if (recorded) return code;
  recorded.error().message =
      "done, but not recorded in the log of the instance: " + recorded.error().message;
  context.err(FormatError(recorded.error(), context.terminal));
  return code != 0 ? code : ToInt(ExitFor(recorded.error()));
}

std::string WhoText(const assess::LoadedPlugin& plugin) {
  return fmt::format("{} {} by {} {}", plugin.manifest.id, plugin.manifest.version,
                     KeyName(plugin.vkey), plugin.fingerprint);
}

void WriteWho(report::JsonWriter& json, const assess::LoadedPlugin& plugin) {
  const Manifest& m = plugin.manifest;
  json.Member("id", m.id).Member("version", m.version);
  json.Member("kind", m.kind == PluginKind::kFramework ? "framework" : "collector");
  if (const auto key = proof::Verifier::Parse(plugin.vkey)) {
    json.Key("key").BeginObject().Member("name", key->name);
    json.Member("fingerprint", plugin.fingerprint).Member("vkey", plugin.vkey);
    json.Member("pem", proof::PublicKeyToPem(key->key)).EndObject();
  }
  json.Member("manifest", EncodeHex(plugin.image.manifest_digest)).Key("files").BeginArray();
  for (const assess::PluginFile& file : plugin.files)
    json.BeginObject()
        .Member("name", file.name)
        .Member("sha256", EncodeHex(file.digest))
        .EndObject();
  json.EndArray();
}

namespace {

/// What a plugin gets of a limit without asking, beside a line that asks for more.
std::string LimitRemark(const std::string& line) {
  const auto limit = assess::LimitOf(line);
  if (!limit) return {};
  for (const LimitField& field : LimitFields()) {
    if (field.name != limit->first) continue;
    const uint64_t usual = field.get(WorkerLimits());
    if (!field.name.ends_with("bytes") || usual < 1 << 20)
      return fmt::format("  <- {} without asking", usual);
    return fmt::format("  <- {} MiB, {} MiB without asking", limit->second >> 20, usual >> 20);
  }
  return {};
}

}  // namespace

std::string DifferenceText(const Context& context, const Workspace& workspace,
                           const assess::LoadedPlugin& plugin,
                           const assess::ReadDifference& difference) {
  std::string out = fmt::format("  {}\n", WhoText(plugin));
  if (!plugin.manifest.title.empty()) out += fmt::format("  {}\n", Plain(plugin.manifest.title));
  if (plugin.reads.empty() && difference.removed.empty()) return out + "  reads nothing\n";
  out += "  asks for\n";
  const auto in_use = PermissionsInUse(workspace, plugin.manifest.id);
  for (const std::string& line : difference.added) {
    const std::string permission = PermissionOf(line);
    const bool fresh = !permission.empty() && !in_use.contains(permission);
    out += fmt::format("    + {}{}{}\n", line, fresh ? "  <- permission new in your instance" : "",
                       LimitRemark(line));
  }
  for (const std::string& line : difference.removed) out += fmt::format("    - {}\n", line);
  if (context.options.verbose > 0)
    for (const std::string& line : difference.kept) out += fmt::format("      {}\n", line);
  else if (!difference.kept.empty())
    out += fmt::format("      {} as granted before\n", difference.kept.size());
  return out;
}

void WriteDifference(report::JsonWriter& json, const assess::ReadDifference& difference) {
  json.Key("added").Strings(difference.added).Key("kept").Strings(difference.kept);
  json.Key("removed").Strings(difference.removed);
}

std::optional<AdminView> OpenAdminView(Context& context, int& exit) {
  auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return std::nullopt;
  auto locks = assess::ReadAdminLock(assess::AdminLockPath(workspace->config));
  if (!locks) return exit = Report(context, locks.error()), std::nullopt;
  return AdminView{std::move(*workspace), std::move(*locks)};
}

}  // namespace assay::cli
