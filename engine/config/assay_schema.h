// Which keys assay.toml and the files that it includes may have: docs/formats/config.md.
#pragma once

#include "config/schema.h"

namespace assay::config {

/// Version of the configuration format that this binary reads (`schema = 1`).
inline constexpr int64_t kSchemaVersion = 1;

const Schema& AssaySchema();

}  // namespace assay::config
