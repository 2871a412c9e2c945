// The reads that the consent guard makes for itself: a closed list compiled in, sent and recorded
// as every other read, parsed here (docs/decisions/0062-consent-guard-reads.md).
#pragma once

#include <string>
#include <vector>

#include "broker/json_rows.h"
#include "broker/page_fetch.h"

namespace assay::broker {

/// Endpoints of the closed list, by name.
enum class GuardRead : uint8_t {
  kPrincipal,             ///< {appId}: the service principal of an application
  kOrganization,          ///< id of the directory that answers
  kAppRoles,              ///< {id}: application permissions granted to a service principal
  kResourceRoles,         ///< {id}: what the permissions of a resource are called
  kDelegatedGrants,       ///< {id}: delegated permissions granted to a service principal
  kDirectoryRoles,        ///< {id}: directory roles assigned to a principal
  kSubscriptions,         ///< that the identity sees
  kAzureRoleAssignments,  ///< {subscriptionId}, {id}: Azure roles of a principal and its groups
  kAzureRoleDefinition,   ///< {subscriptionId}, {roleId}
  kAzurePermissions,      ///< {subscriptionId}: actions that the caller may do
  kSubscriptionGroups,    ///< {subscriptions}: management groups above each
};

const EndpointSpec& GuardSpec(GuardRead read);

/// [one thread]
class GuardReads {
 public:
  GuardReads(const BrokerOptions& options, PageFetcher& fetcher, HttpClient& client)
      : options_(options), fetcher_(fetcher), client_(client) {}

  struct Answer {
    uint32_t status = 0;  ///< of the last page; 0: none came, or it was not readable
    std::vector<JsonRow> rows;
    std::string why;  ///< without 200: one line
    bool ok() const { return status == 200; }
  };
  /// Every page of a read. kDenied and kInvalidInput are bugs of the list or its parameters;
  /// anything that the service does is an answer.
  Result<Answer> Ask(GuardRead read, const Params& params);
  /// What was read, in order.
  std::vector<ReadResult> Take() { return std::move(done_); }

 private:
  /// One page, from first attempt to final outcome.
  ReadResult Fetch(const std::shared_ptr<ReadState>& read, const Url& url);

  const BrokerOptions& options_;
  PageFetcher& fetcher_;
  HttpClient& client_;
  std::vector<ReadResult> done_;
};

}  // namespace assay::broker
