// Parameters of checks: TOML values as the text that CheckSpec::params and CheckConfig::params
// hold.
#pragma once

#include <map>
#include <string>

#include "config/report.h"
#include "config/schema.h"

namespace assay::config {

/// `params` of a table: integers as digits, booleans as 1 or 0, strings and lists as JSON text.
/// Other types are reported as AS-CFG-004, names that are not [a-z][a-z0-9_]* as AS-CFG-005.
std::map<std::string, std::string> ReadParams(const Fields& fields, Report& report);

}  // namespace assay::config
