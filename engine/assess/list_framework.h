// A list of controls as a framework of a run: the installation's roll-up with the
// list as its data (decision 0080).
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "assess/catalogue.h"
#include "assess/plugin_set.h"
#include "base/result.h"
#include "config/config.h"

namespace assay::assess {

/// The framework that a CSV file makes. kInvalidInput names file, line and column; kNotFound, kIo.
Result<FrameworkSpec> ReadList(const std::filesystem::path& csv, const std::string& id,
                               const std::vector<std::string>& checks,
                               const std::vector<InstalledFramework>& frameworks);

/// `base`, a framework of the installation that was verified against its lock, under another id
/// and with other data. Its code is the same byte for byte; only the manifest note differs, which
/// stands in its own place in the file. What comes out is a whole package, so that a ledger keeps
/// it and a replay loads it as any other. kInvalidInput when the id is too long for the note.
Result<LoadedPlugin> Rededicate(const LoadedPlugin& base, const FrameworkSpec& spec,
                                const std::filesystem::path& csv);

}  // namespace assay::assess
