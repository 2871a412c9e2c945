// Verification of a backup: manifest, signature, digests, then the ledger inside in full.
#pragma once

#include <filesystem>
#include <optional>

#include "backup/manifest.h"
#include "ledger/ledger.h"

namespace assay::backup {

struct VerifyOptions {
  std::vector<std::string> fingerprints;  ///< of the ledger's keys, as far as the caller knows them
  std::string master_key;                 ///< reference; empty or absent: bodies stay closed
  std::filesystem::path keys_file;        ///< empty: that of the target the backup lies in
};

/// What verification found. The first wrong thing is the one named.
struct Verified {
  bool ok = false;
  std::string place, message;
  std::optional<Manifest> manifest;
  ledger::VerifyReport ledger;  ///< of what is inside, when it came to that
};

/// True for a folder that has a manifest of a backup.
bool IsBackup(const std::filesystem::path& path);
/// Untrusted. Writes nothing. Never fails for what it finds. [any thread]
Verified VerifyBackup(const std::filesystem::path& path, const VerifyOptions& options);

}  // namespace assay::backup
