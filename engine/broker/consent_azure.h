// Which Azure roles the identity holds. An ARM token says nothing of them: Azure itself is asked.
#pragma once

#include <string>
#include <vector>

#include "broker/broker.h"
#include "broker/guard_reads.h"

namespace assay::broker {

/// What Azure said, before allow_excess.
struct AzureAnswer {
  bool complete = false;  ///< every subscription that is wanted was judged
  std::string note;       ///< "not checked: ..." when not
  std::vector<AzureAccess> access;
  AzureScope scope;
  struct Writer {
    std::string id;    ///< GUID of the role, or the action when only actions are known
    std::string what;  ///< "role Contributor on subscription ..."
  };
  std::vector<Writer> writers;  ///< roles that can do more than read
};

/// Asks about the caller in each subscription that it sees. `principal_id` may be empty: then only
/// its actions are known, not its roles. [one thread]
Result<AzureAnswer> AskAzure(GuardReads& reads, const BrokerOptions& options,
                             const std::string& principal_id);

/// True when the action can only read, or is one of the few others that Microsoft's reader roles
/// have. [any thread]
bool IsReadAction(std::string_view action);
/// True when a role's name alone tells that it writes. [any thread]
bool SoundsLikeWriter(std::string_view role_name);

}  // namespace assay::broker
