// assay backup verify: with a configuration the ledger's own key is demanded, bodies are opened and
// the result is recorded; without one the backup speaks for itself.
#include <filesystem>

#include "cli/backup_common.h"
#include "ledger/key_files.h"

namespace assay::cli {
namespace {

// What the configuration knows of the tenant whose backup this claims to be.
backup::VerifyOptions OptionsFor(const Workspace& workspace, const config::TenantConfig& tenant) {
  const ledger::OpenOptions options = SourceOf(workspace, tenant).ledger;
  backup::VerifyOptions out;
  out.master_key = options.master_key_file;
  // A backup from before a rotation is signed by an older key.
  if (const auto ledger = ledger::Ledger::OpenReadOnly(options))
    for (const ledger::LedgerKey& key : (*ledger)->Keys())
      out.fingerprints.push_back(key.fingerprint);
  if (const auto key = ledger::LoadLedgerKey(options.ledger_key_file, false))
    out.fingerprints.push_back(proof::FingerprintOf(key->public_key()));
  return out;
}

int VerifyAndRecord(Context& context, const Workspace& workspace,
                    const backup::VerifyOptions& options) {
  backup::Verified found;
  const int code = VerifyBackupAt(context, options, &found);
  if (!found.manifest) return code;  // nothing tells whose it is
  backup::Event event = EventOf("backup.verified", *found.manifest);
  event.outcome = found.ok ? "ok" : "damaged";
  event.notes = {context.options.argument, found.place + ": " + found.message};
  return RecordEvent(context, workspace, std::move(event), code);
}

}  // namespace

int RunBackupVerify(Context& context) {
  const std::filesystem::path path = context.options.argument;
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored))
    return Report(
        context,
        Error{
            Code::kNotFound, path.string() + ": no such backup", {}, "assay backup list", {}, {}});
  if (!std::filesystem::exists(context.options.config, ignored)) return VerifyBackupAt(context, {});
  int exit = 0;
  const auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return exit;
  const auto manifest = backup::ReadManifest(path);
  const config::TenantConfig* tenant =
      manifest ? FindTenant(*workspace, manifest->tenant) : nullptr;
  return VerifyAndRecord(
      context, *workspace,
      tenant == nullptr ? backup::VerifyOptions{} : OptionsFor(*workspace, *tenant));
}

}  // namespace assay::cli
