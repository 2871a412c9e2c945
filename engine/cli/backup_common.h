// What the backup commands share: ledgers and targets as the configuration names them, and words.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "backup/ages.h"
#include "backup/instance_log.h"
#include "backup/verify.h"
#include "cli/workspace.h"

namespace assay::cli {

/// The ledger of a tenant; nothing is created.
backup::Source SourceOf(const Workspace& workspace, const config::TenantConfig& tenant);
/// The log of the instance, which is made when it is written first.
ledger::OpenOptions InstanceLogOptions(const Workspace& workspace);
/// --to, else [backup] target. kInvalidInput when there is neither.
Result<std::filesystem::path> TargetOf(const Context& context, const Workspace& workspace);
/// The configured tenant whose directory id is `id`; null when there is none.
const config::TenantConfig* FindTenant(const Workspace& workspace, std::string_view id);
/// Records in the log of the instance. What cannot be recorded is told, and is exit code `code`'s
/// worst.
int RecordEvent(Context& context, const Workspace& workspace, backup::Event event, int code);
/// Fills size, root, files and bytes.
backup::Event EventOf(std::string kind, const backup::Manifest& manifest);

/// Verifies and shows the backup at the argument. Exit code 0 or 7.
int VerifyBackupAt(Context& context, const backup::VerifyOptions& options,
                   backup::Verified* found = nullptr);

/// Ages of a tenant's copies against [backup]. kInvalidInput when no target is configured.
Result<backup::Ages> AgesOf(const Workspace& workspace, const config::TenantConfig& tenant);
/// One line: "backup 1 d of 7 d · unsaved 12 entries, 40 s · drill 3 d: restored in 2 s, gap 31 s",
/// with LATE at each that is.
std::string AgesText(const backup::Ages& ages, const config::BackupConfig& limits);
std::string AgesJson(const backup::Ages& ages);

/// "3 min", "5 h", "2 d": at most two digits where that is honest enough.
std::string ShowAge(std::chrono::seconds age);
/// "1.2 MB".
std::string ShowBytes(uint64_t bytes);
/// "0.3 s", "12 ms".
std::string ShowTook(std::chrono::milliseconds took);

}  // namespace assay::cli
