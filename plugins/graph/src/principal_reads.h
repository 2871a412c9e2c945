// Reads of groups, devices and applications as principals, and the follow-up reads that are worth
// it: members of groups that something refers to, owners of role groups and powerful applications.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "assay/collector.h"
#include "meeting.h"

namespace assay::graph {

/// One for a run. Every follow-up read is made once, and never for all groups or all users.
class PrincipalReads {
 public:
  explicit PrincipalReads(Context& context);
  /// Queues the lists of groups, devices, service principals and delegated grants.
  void AddTo(Reader& reader);
  /// A role assignment was read: a group's members and a powerful application's owners follow.
  void RoleHeld(Reader& reader, const Row& assignment);
  /// A principal may take a role on. Where `type` is empty, the lists tell what kind it is.
  void Eligible(Reader& reader, std::string_view principal, std::string_view type);
  /// A policy leaves these groups out: a JSON list of ids.
  void GroupsExcluded(Reader& reader, std::string_view ids);
  /// An application was read: its federated credentials follow.
  void ApplicationSeen(Reader& reader, std::string_view id);
  /// Says what could not be followed. After the reader was drained.
  void Finish(Context& context, const Reader& reader) const;

 private:
  void WantGroup(Reader& reader, std::string_view group);
  void TakeGroup(Record& record);
  void TakeServicePrincipal(Record& record);
  void TakeSelf(Row& row) const;
  void TakeAppRoles(Record& record, const std::string& resource);
  void ReadMembers(Reader& reader, const std::string& group);
  void ReadOwners(Reader& reader, const std::string& service_principal);

  const Mapping group_, group_member_, group_owner_, device_, service_principal_, app_role_,
      app_role_assignment_, sp_owner_, grant_, federated_credential_;
  const std::string own_app_id_;  ///< of this run's identity; empty when the host does not tell
  const std::string own_permissions_;  ///< a JSON list of names
  Meeting groups_, service_principals_;
  std::set<std::string> members_asked_;
  std::set<std::string> critical_roles_;  ///< "<resource>/<app role>"
  uint32_t applications_ = 0;
};

}  // namespace assay::graph
