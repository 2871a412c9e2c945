// Showing what is installed: plugins, frameworks, checks.
#pragma once

#include "assess/catalogue.h"
#include "cli/command.h"

namespace assay::cli {

int ShowPlugins(const Context& context, const assess::Catalogue& catalogue);
int ShowPlugin(const Context& context, const assess::Catalogue& catalogue);
int ShowFrameworks(const Context& context, const assess::Catalogue& catalogue);
int ShowFramework(const Context& context, const assess::Catalogue& catalogue);
int ShowChecks(const Context& context, const assess::Catalogue& catalogue);
int ShowCheck(const Context& context, const assess::Catalogue& catalogue);

/// kNotFound "control \"x\": framework dora has none of this id" with the nearest one, or the
/// number of 2022 that a retired one became, as hint: exit 12.
Error NoControl(const FrameworkSpec& framework, const std::string& id);
/// kNotFound "check \"x\": not installed" with the nearest id as hint: exit 12.
Error NotInstalled(const char* what, const std::string& id, const std::vector<std::string>& known);

}  // namespace assay::cli
