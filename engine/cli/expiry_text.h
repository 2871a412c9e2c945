// What expired, for people and as JSON.
#pragma once

#include <string>
#include <vector>

#include "ledger/ledger.h"

namespace assay::cli {

/// One line a class, with the legal basis that the configuration names.
std::string ExpiryText(const std::vector<ledger::ExpiryDone>& done, const std::string& legal_basis,
                       bool dry_run);
std::string ExpiryJson(const std::vector<ledger::ExpiryDone>& done, const std::string& legal_basis);

}  // namespace assay::cli
