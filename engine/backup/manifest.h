// The manifest of a backup: what it holds and of which ledger, signed with the ledger's key
// (docs/formats/backup.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "proof/note.h"

namespace assay::backup {

constexpr char kManifestName[] = "manifest.json";
constexpr char kSignatureName[] = "manifest.sig";

/// One file of a backup.
struct BackupFile {
  std::string path;  ///< a name without folders
  uint64_t bytes = 0;
  Digest sha256{};
  bool operator==(const BackupFile&) const = default;
};

struct Manifest {
  std::string tenant;  ///< GUID
  std::string origin;  ///< of epoch 1
  Timestamp created{};
  uint32_t epoch = 1;
  uint64_t size = 0;  ///< entries
  Digest root{};
  proof::Verifier signer;         ///< the ledger's key, which signs the manifest too
  std::vector<BackupFile> files;  ///< ascending by path
  std::string previous;           ///< name of the backup before, empty when there was none
  uint64_t TotalBytes() const;
};

/// The bytes of manifest.json. kInvalidInput for text that is not UTF-8.
Result<std::string> EncodeManifest(const Manifest& manifest);
/// kCorrupt unless EncodeManifest would write it so; file names are those of a ledger. Untrusted.
Result<Manifest> ParseManifest(std::string_view text);
/// Writes manifest.json and manifest.sig, synced. kIo.
Status WriteManifest(const std::filesystem::path& folder, const Manifest& manifest,
                     const proof::SigningKey& key);
/// Reads both files of a backup. kCorrupt unless the signature is that of the key which the
/// manifest names; whether that key is the right one is for the caller to ask. kNotFound, kIo.
Result<Manifest> ReadManifest(const std::filesystem::path& folder);
/// Name of a file in `folder` that belongs to no backup by this manifest: it could speak for the
/// ledger (a write-ahead log, a journal). kIo.
Result<std::optional<std::string>> FindStranger(const std::filesystem::path& folder,
                                                const Manifest& manifest);
/// Digest and length of a file of any size. kNotFound, kIo.
Result<BackupFile> DescribeFile(const std::filesystem::path& path);

}  // namespace assay::backup
