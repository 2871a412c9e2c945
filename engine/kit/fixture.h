// A fixture folder as it is tried: fixture.toml, and the pages that lie beside it.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "model/fixture.h"
#include "model/manifest.h"

namespace assay::kit {

/// Reads `folder` for a plugin with `manifest`: what fixture.toml says first, then for every
/// endpoint the files <endpoint>.json, <endpoint>.2.json and on. Pages hold their text afterwards.
/// kNotFound, kInvalidInput (a file or endpoint that does not exist), kLimitExceeded. [any thread]
Result<Fixture> LoadFixture(const std::filesystem::path& folder, const Manifest& manifest);

/// Every endpoint answers with an empty list; for plugins that are checked without a fixture.
Fixture EmptyFixture(const Manifest& manifest);

}  // namespace assay::kit
