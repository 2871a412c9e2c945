// A fixture folder as it is tried: fixture.toml, and the pages that lie beside it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/fixture.h"
#include "model/manifest.h"

namespace assay::kit {

/// Reads `folder` for a plugin with `manifest`: what fixture.toml says first, then for every
/// endpoint the files <endpoint>.json, <endpoint>.2.json and on. Pages hold their text afterwards.
/// kNotFound, kInvalidInput (a file or endpoint that does not exist), kLimitExceeded. [any thread]
Result<Fixture> LoadFixture(const std::filesystem::path& folder, const Manifest& manifest);

/// Writes `fixture`, whose pages hold their text, as LoadFixture reads it: fixture.toml between
/// `head` and `tail`, and <endpoint>-<read>-<page>.json. Makes the folder; files of these names are
/// written over. Gives the names. kIo. [any thread]
Result<std::vector<std::string>> SaveFixture(const std::filesystem::path& folder, Fixture fixture,
                                             std::string_view head, std::string_view tail);

/// Every endpoint answers with an empty list; for plugins that are checked without a fixture.
Fixture EmptyFixture(const Manifest& manifest);

}  // namespace assay::kit
