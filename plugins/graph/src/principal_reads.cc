#include "principal_reads.h"

#include <simdjson.h>

#include "assay/identity.h"
#include "datasets.h"
#include "directory.h"
#include "principals.h"
#include "privileges.h"

namespace assay::graph {
namespace {

std::string OwnAppId(const Context& context) {
  const std::vector<std::string> values = context.Setting(kIdentityAppId);
  return values.empty() ? std::string() : Folded(values.front());
}

/// Names of permissions are plain words; one that is not cannot be a permission to read.
std::string OwnPermissions(const Context& context) {
  std::string out = "[";
  for (const std::string& name : context.Setting(kIdentityPermissions)) {
    out += out.size() > 1 ? ",\"" : "\"";
    for (const char c : name) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
      out += plain ? c : '?';
    }
    out += '"';
  }
  return out + "]";
}

}  // namespace

PrincipalReads::PrincipalReads(Context& context)
    : group_(GroupMapping()),
      group_member_(GroupMemberMapping()),
      group_owner_(GroupOwnerMapping()),
      device_(DeviceMapping()),
      service_principal_(ServicePrincipalMapping()),
      app_role_(AppRoleMapping()),
      app_role_assignment_(AppRoleAssignmentMapping()),
      sp_owner_(SpOwnerMapping()),
      grant_(GrantMapping()),
      federated_credential_(FederatedCredentialMapping()),
      own_app_id_(OwnAppId(context)),
      own_permissions_(OwnPermissions(context)) {}

void PrincipalReads::AddTo(Reader& reader) {
  reader.Add({.endpoint = &endpoint::kGraphGroups,
              .mapping = &group_,
              .hook = [this](Record& record) { TakeGroup(record); },
              .leads_to = {&entra_group_owner::kDataset}});
  reader.Add({.endpoint = &endpoint::kGraphDevices, .mapping = &device_});
  reader.Add({.endpoint = &endpoint::kGraphServicePrincipals,
              .mapping = &service_principal_,
              .hook = [this](Record& record) { TakeServicePrincipal(record); },
              .also = {&entra_app_role::kDataset},
              .leads_to = {&entra_app_role_assignment::kDataset, &entra_sp_owner::kDataset}});
  reader.Add({.endpoint = &endpoint::kGraphOauth2Grants, .mapping = &grant_});
}

void PrincipalReads::RoleHeld(Reader& reader, const Row& assignment) {
  namespace t = entra_role_assignment;
  const std::string principal(assignment.TextOf(t::kPrincipalId));
  const std::string_view type = assignment.TextOf(t::kPrincipalType);
  Eligible(reader, principal, type);
  if (Holds(kTier0Roles, assignment.TextOf(t::kRoleId)) && service_principals_.Want(principal)) {
    ReadOwners(reader, principal);
  }
}

void PrincipalReads::Eligible(Reader& reader, std::string_view principal, std::string_view type) {
  if (type == "#microsoft.graph.group") ReadMembers(reader, std::string(principal));
  if (type.empty()) WantGroup(reader, principal);
}

void PrincipalReads::WantGroup(Reader& reader, std::string_view group) {
  const std::string id = Folded(group);
  if (groups_.Want(id)) ReadMembers(reader, id);
}

void PrincipalReads::GroupsExcluded(Reader& reader, std::string_view ids) {
  if (ids.empty()) return;
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (parser.parse(ids.data(), ids.size(), true).get(list) != simdjson::SUCCESS) return;
  for (const simdjson::dom::element element : list) {
    std::string_view id;
    if (element.get(id) == simdjson::SUCCESS) WantGroup(reader, id);
  }
}

void PrincipalReads::ApplicationSeen(Reader& reader, std::string_view id) {
  if (id.empty() || ++applications_ > kMaxApplications) return;
  const std::string application(id);
  reader.Add({.endpoint = &endpoint::kGraphAppFederatedCredentials,
              .mapping = &federated_credential_,
              .params = {{"id", application}},
              .preset = {{entra_federated_credential::kApplicationId, application}}});
}

void PrincipalReads::Finish(Context& context, const Reader& reader) const {
  if (applications_ > kMaxApplications) {
    context.State(entra_federated_credential::kDataset, ASSAY_PARTIAL, Why::kPartial,
                  "graph-app-federated-credentials: only the first " +
                      std::to_string(kMaxApplications) + " of " + std::to_string(applications_) +
                      " applications were asked for");
  }
  if (const Problem problem = reader.ProblemOf(entra_group::kDataset); problem && groups_.Unmet()) {
    context.State(entra_group_member::kDataset, ASSAY_PARTIAL, problem.why,
                  "which principals are groups is not known: " + problem.detail);
  }
}

void PrincipalReads::TakeGroup(Record& record) {
  namespace t = entra_group;
  const std::string id(record.row().TextOf(t::kId));
  if (groups_.List(id)) ReadMembers(record.reader(), id);
  if (id.empty() || !record.row().IsTrue(t::kRoleAssignable)) return;
  record.reader().Add({.endpoint = &endpoint::kGraphGroupOwners,
                       .mapping = &group_owner_,
                       .params = {{"groupId", id}},
                       .preset = {{entra_group_owner::kGroupId, id}}});
}

void PrincipalReads::TakeServicePrincipal(Record& record) {
  namespace t = entra_service_principal;
  Row& row = record.row();
  if (record.Has(0)) row.Int(t::kPasswordCount, record.Count(0));
  if (record.Has(1)) row.Int(t::kKeyCount, record.Count(1));
  TakeSelf(row);
  const std::string id(row.TextOf(t::kId));
  if (id.empty()) return;
  if (service_principals_.List(id)) ReadOwners(record.reader(), id);
  if (Holds(kResourceApis, row.TextOf(t::kAppId))) TakeAppRoles(record, id);
}

void PrincipalReads::TakeSelf(Row& row) const {
  namespace t = entra_service_principal;
  if (own_app_id_.empty()) return;
  const bool self = row.TextOf(t::kAppId) == own_app_id_;
  row.Int(t::kIsSelf, self ? 1 : 0);
  if (self) row.Text(t::kTokenPermissions, own_permissions_);
}

void PrincipalReads::TakeAppRoles(Record& record, const std::string& resource) {
  record.Each(2, app_role_, [&](Row& role) {
    role.Text(entra_app_role::kResourceId, resource);
    if (Holds(kCriticalPermissions, role.TextOf(entra_app_role::kValue))) {
      critical_roles_.insert(resource + "/" + std::string(role.TextOf(entra_app_role::kId)));
    }
  });
  record.reader().Add({.endpoint = &endpoint::kGraphSpAppRoleAssignments,
                       .mapping = &app_role_assignment_,
                       .params = {{"resourceSpId", resource}},
                       .preset = {{entra_app_role_assignment::kResourceId, resource}},
                       .hook =
                           [this, resource](Record& grant) {
                             namespace t = entra_app_role_assignment;
                             const std::string principal(grant.row().TextOf(t::kPrincipalId));
                             const std::string role(grant.row().TextOf(t::kAppRoleId));
                             if (critical_roles_.contains(resource + "/" + role) &&
                                 service_principals_.Want(principal)) {
                               ReadOwners(grant.reader(), principal);
                             }
                           },
                       .leads_to = {&entra_sp_owner::kDataset}});
}

void PrincipalReads::ReadMembers(Reader& reader, const std::string& group) {
  if (group.empty() || !members_asked_.insert(group).second) return;
  reader.Add({.endpoint = &endpoint::kGraphGroupMembers,
              .mapping = &group_member_,
              .params = {{"groupId", group}},
              .preset = {{entra_group_member::kGroupId, group}}});
}

void PrincipalReads::ReadOwners(Reader& reader, const std::string& service_principal) {
  reader.Add({.endpoint = &endpoint::kGraphSpOwners,
              .mapping = &sp_owner_,
              .params = {{"id", service_principal}},
              .preset = {{entra_sp_owner::kServicePrincipalId, service_principal}}});
}

}  // namespace assay::graph
