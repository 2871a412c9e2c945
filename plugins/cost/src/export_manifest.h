// manifest.json of a cost export, and which of many are the ones to read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "listing.h"

namespace assay::cost {

struct ExportedFile {
  std::string name;  ///< as the manifest has it: the whole name in the container
  std::optional<uint64_t> bytes, rows;
};

struct ExportManifest {
  std::optional<uint64_t> rows, files, bytes;
  std::string export_name, resource_id, data_version, type, format;
  std::string run_id, submitted, start, end;  ///< times as written
  std::vector<ExportedFile> blobs;
};

/// `json` must have 64 readable bytes behind it. Nothing when it is no manifest.
std::optional<ExportManifest> ParseExportManifest(std::string_view json);

/// The manifest of the newest run of each period of each export, at most `most` periods of an
/// export (the newest ones), by name. Older runs of a period are superseded: their rows would count
/// twice.
std::vector<ListedFile> NewestManifests(const std::vector<ListedFile>& files, size_t most);

/// The folder of a name with its '/' at the end, "" at the top.
std::string_view FolderOf(std::string_view name);
/// The last part of a name.
std::string_view BaseOf(std::string_view name);

}  // namespace assay::cost
