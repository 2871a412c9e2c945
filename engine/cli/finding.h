// What the commands about findings share.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assess/finding_trail.h"
#include "cli/changes.h"
#include "cli/runs.h"

namespace assay::cli {

/// One tenant, its runs, and what is installed.
struct OpenedFindings : OpenedRuns {
  CheckCatalogue checks;
  std::map<std::string, std::vector<std::string>> controls;  ///< by id of the check
  std::map<uint64_t, assess::Assignment> owners;             ///< in force, by number of the finding
};

/// Prints and gives nothing when that fails.
std::optional<OpenedFindings> OpenFindings(Context& context, int& exit);
/// The finding that the argument names; prints and gives nothing when there is none.
std::optional<assess::OpenedFinding> FindingArgument(Context& context, const OpenedRuns& opened,
                                                     int& exit);
/// "F-1043" -> 1043; 0 when it is none.
uint64_t FindingNumber(const std::string& text);
/// The newest of each finding that names an owner.
std::map<uint64_t, assess::Assignment> InForce(const std::vector<assess::Assignment>& all);

}  // namespace assay::cli
