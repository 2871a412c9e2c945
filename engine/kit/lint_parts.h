// Parts of the lint that have a file of their own.
#pragma once

#include "kit/lint.h"
#include "model/manifest.h"

namespace assay::kit {

/// fixtures/*: files that answer nothing, and what looks like data of real people.
void LintFixtures(const std::filesystem::path& folder, const Manifest& manifest,
                  std::vector<LintNote>& notes);

/// Mail addresses in `text` outside the domains that nobody can own (RFC 2606, RFC 6761). [any
/// thread]
std::vector<std::string> RealAddresses(std::string_view text);

}  // namespace assay::kit
