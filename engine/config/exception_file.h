// A file of exceptions to ask for, such as the list of break-glass accounts:
// docs/formats/exception-file.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assay::config {

/// One `[[exception]]`. `subject` "*" is every subject; `expires` is a day.
struct ExceptionItem {
  std::string check, subject, reason, compensating, compensating_check, expires;
};

/// kInvalidInput with file:line:col. Untrusted input.
Result<std::vector<ExceptionItem>> ParseExceptions(std::string_view toml, const std::string& file);

}  // namespace assay::config
