#include "cli/backup_common.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/summary.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

Error NoTarget() {
  return Error{Code::kInvalidInput,
               "no place for backups is configured",
               {},
               "add  [backup] target = \"/mnt/backup\"",
               {},
               {}};
}

std::string VerifiedJson(const std::string& path, const backup::Verified& found) {
  const auto& manifest = found.manifest;
  return fmt::format(
      "{{\"path\":{},\"ok\":{},\"tenant\":{},\"created\":{},\"epoch\":{},\"tree_size\":{},"
      "\"root_hash\":\"{}\",\"fingerprint\":{},\"files\":{},\"bytes\":{},\"bodies\":{},"
      "\"bodies_opened\":{},\"place\":{},\"message\":{}}}",
      JsonString(path), found.ok, JsonString(manifest ? manifest->tenant : ""),
      JsonString(manifest ? FormatTime(manifest->created) : ""), manifest ? manifest->epoch : 0,
      manifest ? manifest->size : 0, manifest ? EncodeBase64(manifest->root) : "",
      JsonString(manifest ? proof::FingerprintOf(manifest->signer.key) : ""),
      manifest ? manifest->files.size() : 0, manifest ? manifest->TotalBytes() : 0,
      found.ledger.bodies, found.ledger.bodies_opened, JsonString(found.place),
      JsonString(found.message));
}

std::string VerifiedText(const std::string& name, const backup::Verified& found,
                         const Terminal& terminal) {
  if (!found.ok)
    return fmt::format(
        "  {} BACKUP DOES NOT VERIFY  {}\n    place            {}\n    what             {}\n"
        "    next: use an older one, assay backup list; keep this one as it is\n",
        Mark(Verdict::kFail, terminal), name, found.place, found.message);
  const backup::Manifest& manifest = *found.manifest;
  return fmt::format(
      "  {} backup verifies  {}  {} entries · {} bodies, {} opened · {} files, {}\n"
      "    made {}  epoch {}\n    head {}  key {}\n",
      Mark(Verdict::kPass, terminal), name, manifest.size, found.ledger.bodies,
      found.ledger.bodies_opened, manifest.files.size(), ShowBytes(manifest.TotalBytes()),
      ShowTime(manifest.created, terminal), manifest.epoch, EncodeHex(manifest.root),
      proof::FingerprintOf(manifest.signer.key));
}

}  // namespace

backup::Source SourceOf(const Workspace& workspace, const config::TenantConfig& tenant) {
  return {tenant.id, assess::LedgerOptions(workspace.config, tenant, false)};
}

ledger::OpenOptions InstanceLogOptions(const Workspace& workspace) {
  const config::Config& config = workspace.config;
  const fs::path folder = config.storage.at(config.default_store).path / backup::kInstanceName;
  ledger::OpenOptions out{folder, backup::InstanceTenant(), {}, {}, {}, true, {}, {}, nullptr};
  out.origin = config.origin + "/" + backup::kInstanceName;
  out.master_key_file = config.master_key_file.empty()
                            ? (folder.parent_path() / "master.key").string()
                            : config.master_key_file.string();
  out.ledger_key_file =
      (config.ledger_key_dir.empty()
           ? folder / "ledger.key"
           : config.ledger_key_dir / (out.origin.substr(config.origin.size() + 1) + ".key"))
          .string();
  out.production = config.production;
  out.run_lease_holder = "assay backup";
  out.clock = &SystemClock();
  return out;
}

Result<fs::path> TargetOf(const Context& context, const Workspace& workspace) {
  if (!context.options.to.empty()) return fs::absolute(context.options.to);
  if (!workspace.config.backup.target.empty()) return workspace.config.backup.target;
  return Fail(NoTarget());
}

const config::TenantConfig* FindTenant(const Workspace& workspace, std::string_view id) {
  for (const config::TenantConfig& tenant : workspace.config.tenants)
    if (tenant.directory_id && tenant.directory_id->text() == id) return &tenant;
  return nullptr;
}

int RecordEvent(Context& context, const Workspace& workspace, backup::Event event, int code) {
  const char* user = std::getenv("USER");
  event.notes.push_back("by " + std::string(user == nullptr ? "an unknown account" : user));
  Status recorded = backup::Record(InstanceLogOptions(workspace), event);
  if (recorded) return code;
  recorded.error().message = "not recorded in the log of the instance: " + recorded.error().message;
  context.err(FormatError(recorded.error(), context.terminal));
  return code != 0 ? code : ToInt(ExitFor(recorded.error()));
}

backup::Event EventOf(std::string kind, const backup::Manifest& manifest) {
  backup::Event event;
  event.kind = std::move(kind);
  event.of = manifest.tenant;
  event.size = manifest.size;
  event.root = manifest.root;
  event.files = manifest.files.size();
  event.bytes = manifest.TotalBytes();
  return event;
}

int VerifyBackupAt(Context& context, const backup::VerifyOptions& options,
                   backup::Verified* found) {
  const std::string& path = context.options.argument;
  backup::Verified verified = backup::VerifyBackup(path, options);
  const ExitCode code = verified.ok ? ExitCode::kOk : ExitCode::kVerification;
  const int exit = context.Finish(VerifiedText(path, verified, context.terminal),
                                  VerifiedJson(path, verified), code);
  if (found != nullptr) *found = std::move(verified);
  return exit;
}

Result<backup::Ages> AgesOf(const Workspace& workspace, const config::TenantConfig& tenant) {
  const config::BackupConfig& limits = workspace.config.backup;
  if (limits.target.empty()) return Fail(NoTarget());
  return backup::MeasureAges(SourceOf(workspace, tenant), limits.target,
                             InstanceLogOptions(workspace),
                             {limits.full_every, limits.drill_every});
}

std::string AgesText(const backup::Ages& ages, const config::BackupConfig& limits) {
  const auto late = [](bool is_late) { return is_late ? " LATE" : ""; };
  std::string out = ages.full ? fmt::format("backup {} old, due after {}", ShowAge(*ages.full),
                                            ShowAge(limits.full_every))
                              : std::string("no backup");
  out += late(ages.full_late);
  out += ages.unsaved_entries == 0
             ? std::string(" · nothing unsaved")
             : fmt::format(" · unsaved {} entries, {} old{}", ages.unsaved_entries,
                           ShowAge(ages.unsaved), late(ages.unsaved_late));
  if (!ages.drill) return out + " · no drill" + late(ages.drill_late);
  return out + fmt::format(" · drill {} ago, due after {}: restored in {}, gap {}{}",
                           ShowAge(*ages.drill), ShowAge(limits.drill_every),
                           ShowTook(ages.drill_took.value_or(std::chrono::milliseconds(0))),
                           ShowAge(ages.drill_gap.value_or(std::chrono::seconds(0))),
                           late(ages.drill_late));
}

std::string AgesJson(const backup::Ages& ages) {
  const auto number = [](const auto& value) {
    return value ? fmt::format("{}", value->count()) : std::string("null");
  };
  return fmt::format(
      "{{\"full_age_s\":{},\"full_late\":{},\"unsaved_entries\":{},\"unsaved_age_s\":{},"
      "\"unsaved_late\":{},\"drill_age_s\":{},\"drill_took_ms\":{},\"drill_gap_s\":{},"
      "\"drill_late\":{}}}",
      number(ages.full), ages.full_late, ages.unsaved_entries, ages.unsaved.count(),
      ages.unsaved_late, number(ages.drill), number(ages.drill_took), number(ages.drill_gap),
      ages.drill_late);
}

std::string ShowAge(std::chrono::seconds age) {
  constexpr std::pair<int64_t, const char*> kUnits[] = {{86400, "d"}, {3600, "h"}, {60, "min"}};
  for (const auto& [seconds, name] : kUnits)
    if (age.count() >= 2 * seconds || (seconds == 86400 && age.count() >= seconds))
      return fmt::format("{} {}", age.count() / seconds, name);
  return fmt::format("{} s", std::max<int64_t>(age.count(), 0));
}

std::string ShowBytes(uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1000;
  for (const char* unit : {"kB", "MB", "GB"}) {
    if (value < 1000) return fmt::format("{:.1f} {}", value, unit);
    value /= 1000;
  }
  return fmt::format("{:.1f} TB", value);
}

std::string ShowTook(std::chrono::milliseconds took) {
  if (took.count() < 1000) return fmt::format("{} ms", took.count());
  return fmt::format("{:.1f} s", static_cast<double>(took.count()) / 1000);
}

}  // namespace assay::cli
