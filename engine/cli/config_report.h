// Showing what was loaded from configuration files, valid or not.
#pragma once

#include <string>

#include "cli/command.h"
#include "config/load.h"

namespace assay::cli {

/// `assay config check` of what was loaded from `file`.
int ReportCheck(const Context& context, const config::Loaded& loaded, const std::string& file);
/// `assay config show` of what was loaded.
int ReportShow(const Context& context, const config::Loaded& loaded);

}  // namespace assay::cli
