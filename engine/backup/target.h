// A backup target: the folder that holds the backups of all tenants and the newest keys.db of each
// (docs/formats/backup.md).
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "backup/manifest.h"

namespace assay::backup {

/// "<tenant>-<YYYYMMDDTHHMMSSZ>.abk". `tenant` is its name, not the GUID.
std::string NameOf(std::string_view tenant, Timestamp created);
/// The tenant's name in such a name. Nothing when it is another kind of name.
std::optional<std::string> TenantOf(std::string_view name);
/// Where a target keeps the newest keys.db of a tenant.
std::filesystem::path KeysFileOf(const std::filesystem::path& target, std::string_view tenant);
/// The same, for a backup that lies in its target.
std::filesystem::path KeysFileBeside(const std::filesystem::path& backup);

/// A backup as a target lists it.
struct Listed {
  std::filesystem::path path;
  std::string tenant;
  std::optional<Manifest> manifest;  ///< none when it cannot be read or its signature is wrong
  std::string fault;                 ///< why it is not whole; empty when it is
};
/// Newest first; with `tenant` empty those of all. Looks at manifests, names and lengths, not at
/// content. Empty when the target is not there.
Result<std::vector<Listed>> ListBackups(const std::filesystem::path& target,
                                        std::string_view tenant);
/// The newest whole one. kNotFound.
Result<Listed> NewestBackup(const std::filesystem::path& target, std::string_view tenant);

/// Those older than `window` at `now`, except the newest whole one.
Result<std::vector<Listed>> OutsideWindow(const std::filesystem::path& target,
                                          std::string_view tenant, std::chrono::seconds window,
                                          Timestamp now);
/// Takes a backup away; one that is half removed is never listed. kIo.
Status RemoveBackup(const std::filesystem::path& path);

/// Replaces the target's keys.db of a tenant by that of the ledger as it is now, so that a
/// destroyed key is nowhere. An absent one removes it. kIo. [any thread]
Status ReplaceKeys(const std::filesystem::path& target, std::string_view tenant,
                   const std::filesystem::path& ledger_directory);

}  // namespace assay::backup
