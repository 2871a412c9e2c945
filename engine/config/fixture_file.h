// fixture.toml and the case files of checks to plain values: docs/formats/fixture.md, check.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/fixture.h"

namespace assay::config {

/// kInvalidInput with file:line:col.
Result<Fixture> ParseFixture(std::string_view toml, const std::string& file);
/// The text that ParseFixture reads back: `[[answer]]` only. [any thread]
std::string FormatFixture(const Fixture& fixture);
/// kInvalidInput with file:line:col.
Result<std::vector<CheckCase>> ParseCases(std::string_view toml, const std::string& file);

}  // namespace assay::config
