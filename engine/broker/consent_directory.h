// What the directory says was granted to an application: the authority that a token only reports.
// It also sees Exchange, SharePoint and other resources, which a Graph token does not show.
#pragma once

#include <string>
#include <vector>

#include "broker/consent.h"
#include "broker/guard_reads.h"

namespace assay::broker {

/// What was found, added to the claims of a token (or to empty claims).
struct DirectoryAnswer {
  bool complete = false;  ///< all three lists were read to their end
  std::string note;       ///< what was not: "not asked: ...", names the permission
  std::string principal_id;
  std::string tenant;                     ///< only when `identify`
  std::vector<std::string> granted;       ///< permissions on Microsoft Graph
  std::vector<ForeignPermission> others;  ///< on other resources
  std::vector<std::string> roles;         ///< directory role definitions
};

/// Asks for the application `app_id`. With `identify` also which tenant answers, for a token that
/// does not say. `held`: permissions of a readable token, so that nothing is asked that would be
/// refused anyway; null: everything is tried. [one thread]
Result<DirectoryAnswer> AskDirectory(GuardReads& reads, const std::string& app_id, bool identify,
                                     const std::vector<std::string>* held);

}  // namespace assay::broker
