// Rules that need more than one value: names that must exist, regions, production, dates,
// references.
#pragma once

#include "config/load.h"
#include "config/report.h"
#include "config/schema.h"

namespace assay::config {

void CheckRules(const Fields& root, const Config& config, const LoadOptions& options,
                Report& report);

}  // namespace assay::config
