// Finding and reading the files of a configuration: the main file and what it includes.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "config/document.h"
#include "config/report.h"

namespace assay::config {

using Documents = std::vector<std::unique_ptr<Document>>;

/// The main file first, then included files by name. Files that cannot be read, are not TOML or lie
/// outside the folder of the main file are reported and left out. [any thread]
Documents ReadDocuments(const std::filesystem::path& file, Report& report);

}  // namespace assay::config
