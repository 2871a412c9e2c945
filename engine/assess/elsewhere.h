// Datasets that a check reads and no enabled collector gives: whose they are, so that the verdict
// can name the collector to enable.
#pragma once

#include <filesystem>
#include <vector>

#include "assess/plugin_set.h"

namespace assay::assess {

/// Fills `elsewhere` of every check from the built-in collectors under `plugins` that are not among
/// `enabled`. They are opened only when a dataset is missing, and none of them is run; one that
/// cannot be opened is passed over: its datasets stay unknown.
void NameElsewhere(const std::filesystem::path& plugins, const std::vector<LoadedPlugin>& enabled,
                   std::vector<CheckSpec>& checks);

}  // namespace assay::assess
