// The installation that this binary belongs to, as commands see it.
#pragma once

#include <filesystem>

#include "assess/catalogue.h"
#include "cli/command.h"
#include "config/load.h"

namespace assay::cli {

/// <prefix>/lib/assay of the running binary <prefix>/bin/assay. kIo when the binary's path is not
/// known.
Result<std::filesystem::path> InstalledHome();
/// Everything built in. Packages that cannot be read are narrated as warnings. kIo.
Result<assess::Catalogue> OpenCatalogue(const Context& context);
/// The same with what the configuration, when there is one without errors, names by path and what
/// its administrator installed. A lock that cannot be read is a broken package of its name. kIo.
Result<assess::Catalogue> OpenFullCatalogue(const Context& context);
/// The ids that a configuration may name: those of the catalogue, to which `catalogue` gains what
/// the configuration itself brings.
config::LoadOptions LoadOptionsFor(assess::Catalogue& catalogue, bool check_secrets);

}  // namespace assay::cli
