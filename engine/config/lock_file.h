// assay-plugins.lock: TOML text to LockEntry and back. docs/formats/plugin-package.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/lock.h"

namespace assay::config {

/// kInvalidInput with "<name>:line:col: ..." for syntax, unknown keys, bad digests or an id met
/// twice.
Result<std::vector<LockEntry>> ParseLock(std::string_view toml, const std::string& name);
/// The text that ParseLock reads back to equal entries; stable order. [any thread]
std::string FormatLock(const std::vector<LockEntry>& entries);

}  // namespace assay::config
