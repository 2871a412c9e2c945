// From checked TOML to Config values.
#pragma once

#include <filesystem>

#include "config/report.h"
#include "config/schema.h"

namespace assay::config {

/// Fills a Config. What has the wrong form was reported by the walk and keeps its default here.
Config Extract(const Fields& root, const std::filesystem::path& file, Report& report);

/// Path behind a file reference: "file:/a" is /a, "cred:NAME" lies in $CREDENTIALS_DIRECTORY. Empty
/// for others.
std::filesystem::path PathOfReference(std::string_view reference);

}  // namespace assay::config
