// Which keys a manifest may have, and its bounds.
#pragma once

#include "config/schema.h"

namespace assay::config {

inline constexpr size_t kMaxManifestBytes = 256u << 10;
inline constexpr size_t kMaxEndpoints = 256;
inline constexpr size_t kMaxDatasets = 128;
inline constexpr size_t kMaxColumns = 256;
inline constexpr size_t kMaxFields = 256;  // of one item column

const Schema& ManifestSchema();

}  // namespace assay::config
