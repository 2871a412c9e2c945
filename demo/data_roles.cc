// Directory roles: definitions, the nine administrators, PIM schedules and policies.
#include <fmt/format.h>

#include <array>

#include "demo/world.h"

namespace assay::demo {
namespace {

struct Role {
  const char* id;
  const char* name;
  bool privileged;
};
constexpr std::array<Role, 12> kRoles = {{
    {"62e90394-69f5-4237-9190-012177145e10", "Global Administrator", true},
    {"e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator", true},
    {"194ae4cb-b126-40b2-bd5b-6091b380977d", "Security Administrator", true},
    {"29232cdf-9323-42fd-ade2-1d097af3e4de", "Exchange Administrator", true},
    {"fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator", true},
    {"b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", "Conditional Access Administrator", true},
    {"3a2c62db-5318-420d-8d74-23affee5d9d5", "Intune Administrator", true},
    {"9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator", true},
    {"f28a1f50-f6e7-4571-818b-6a12f2af6b6c", "SharePoint Administrator", true},
    {"f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader", true},
    {"5d6b6bb7-de71-4623-b4af-96380a352509", "Security Reader", true},
    {"4a5d8f65-41da-4de4-8968-e035b65339cf", "Reports Reader", false},
}};

/// Readers that hold no power; they show that not every role holder is an administrator.
const std::vector<RoleHolder>& Readers() {
  static const std::vector<RoleHolder> kReaders = {{kRoles[9].id, 14}, {kRoles[10].id, 15}};
  return kReaders;
}

Json Assignment(const World& world, const RoleHolder& holder) {
  const Person& person = world.people[holder.person];
  return Json::Object({
      {"id", world.seeded().Guid("assignment/" + person.id)},
      {"principalId", person.id},
      {"directoryScopeId", "/"},
      {"roleDefinitionId", holder.role},
      {"principal", Json::Object({{"@odata.type", "#microsoft.graph.user"},
                                  {"id", person.id},
                                  {"displayName", person.name}})},
  });
}

/// A role held by a group, so that members have to be looked up; it lets them read reports only.
Json GroupAssignment(const World& world) {
  std::string group = world.seeded().Guid("group/0");
  return Json::Object({
      {"id", world.seeded().Guid("assignment/" + group)},
      {"principalId", group},
      {"directoryScopeId", "/"},
      {"roleDefinitionId", kRoles[11].id},
      {"principal", Json::Object({{"@odata.type", "#microsoft.graph.group"},
                                  {"id", group},
                                  {"displayName", "role-report-readers"}})},
  });
}

Json Schedule(const World& world, const RoleHolder& holder, bool permanent) {
  const Person& person = world.people[holder.person];
  const Seeded& seeded = world.seeded();
  return Json::Object({
      {"id", seeded.Guid("schedule/" + person.id)},
      {"principalId", person.id},
      {"roleDefinitionId", holder.role},
      {"directoryScopeId", "/"},
      {"appScopeId", nullptr},
      {"startDateTime", seeded.Day("schedule/" + person.id, permanent ? -400 : -1)},
      {"endDateTime", permanent ? Json() : Json(seeded.At(1))},
      {"assignmentType", permanent ? "Assigned" : "Activated"},
      {"memberType", "Direct"},
      {"roleAssignmentOriginId", seeded.Guid("assignment/" + person.id)},
      {"roleAssignmentScheduleId", seeded.Guid("schedule/" + person.id)},
  });
}

Json Eligibility(const World& world, size_t person_index, const char* role) {
  const Person& person = world.people[person_index];
  std::string label = "eligibility/" + person.id;
  return Json::Object({
      {"id", world.seeded().Guid(label)},
      {"principalId", person.id},
      {"roleDefinitionId", role},
      {"directoryScopeId", "/"},
      {"appScopeId", nullptr},
      {"startDateTime", world.seeded().Day(label, -90)},
      {"endDateTime", world.seeded().At(120)},
      {"memberType", "Direct"},
      {"roleEligibilityScheduleId", world.seeded().Guid(label + "/schedule")},
  });
}

std::string ApprovalSetting(bool required, const std::string& approver) {
  if (!required) return R"({"isApprovalRequired":false,"approvalStages":[]})";
  return fmt::format(
      R"({{"isApprovalRequired":true,"isApprovalRequiredForExtension":false,"isRequestorJustificationRequired":true,)"
      R"("approvalMode":"SingleStage","approvalStages":[{{"approvalStageTimeOutInDays":1,)"
      R"("isApproverJustificationRequired":true,"escalationTimeInMinutes":0,"primaryApprovers":)"
      R"([{{"@odata.type":"#microsoft.graph.singleUser","userId":"{}"}}],"isEscalationEnabled":false,)"
      R"("escalationApprovers":[]}}]}})",
      approver);
}

/// The rules of one role: the global administrator needs approval, the others only MFA.
Json PolicyRules(const Role& role, const std::string& approver) {
  bool global = std::string_view(role.name) == "Global Administrator";
  Json rules = Json::Raw(fmt::format(
      R"([{{"@odata.type":"#microsoft.graph.unifiedRoleManagementPolicyExpirationRule","id":"Expiration_Admin_Assignment",)"
      R"("isExpirationRequired":{},"maximumDuration":"P180D"}},)"
      R"({{"@odata.type":"#microsoft.graph.unifiedRoleManagementPolicyExpirationRule","id":"Expiration_EndUser_Assignment",)"
      R"("isExpirationRequired":true,"maximumDuration":"{}"}},)"
      R"({{"@odata.type":"#microsoft.graph.unifiedRoleManagementPolicyEnablementRule","id":"Enablement_EndUser_Assignment",)"
      R"("enabledRules":["MultiFactorAuthentication","Justification"]}},)"
      R"({{"@odata.type":"#microsoft.graph.unifiedRoleManagementPolicyApprovalRule","id":"Approval_EndUser_Assignment",)"
      R"("setting":{}}},)"
      R"({{"@odata.type":"#microsoft.graph.unifiedRoleManagementPolicyNotificationRule","id":"Notification_Admin_Admin_Eligibility",)"
      R"("notificationType":"Email","recipientType":"Admin","notificationLevel":"All","isDefaultRecipientsEnabled":true,)"
      R"("notificationRecipients":[]}},)"
      R"({{"@odata.type":"#microsoft.graph.unifiedRoleManagementPolicyNotificationRule","id":"Notification_Admin_Admin_Assignment",)"
      R"("notificationType":"Email","recipientType":"Admin","notificationLevel":"All","isDefaultRecipientsEnabled":true,)"
      R"("notificationRecipients":["soc@aurelia.example"]}},)"
      R"({{"@odata.type":"#microsoft.graph.unifiedRoleManagementPolicyNotificationRule","id":"Notification_Admin_EndUser_Assignment",)"
      R"("notificationType":"Email","recipientType":"Admin","notificationLevel":"All","isDefaultRecipientsEnabled":true,)"
      R"("notificationRecipients":[]}}])",
      role.privileged ? "true" : "false", global ? "PT4H" : "PT8H",
      ApprovalSetting(global, approver)));
  return rules;
}

Json PolicyAssignment(const World& world, const Role& role) {
  std::string policy = "DirectoryRole_" + world.tenant_id() + "_" + world.seeded().Guid(role.name);
  return Json::Object({
      {"id", policy + "_" + role.id},
      {"policyId", policy},
      {"scopeId", "/"},
      {"scopeType", "DirectoryRole"},
      {"roleDefinitionId", role.id},
      {"policy", Json::Object({{"id", policy},
                               {"displayName", "DirectoryRole"},
                               {"isOrganizationDefault", false},
                               {"scopeId", "/"},
                               {"scopeType", "DirectoryRole"},
                               {"rules", PolicyRules(role, world.people[3].id)}})},
  });
}

}  // namespace

const std::vector<RoleHolder>& Administrators() {
  static const std::vector<RoleHolder> kAdministrators = {
      {kRoles[0].id, 0}, {kRoles[0].id, 1}, {kRoles[0].id, 2}, {kRoles[1].id, 3}, {kRoles[2].id, 4},
      {kRoles[3].id, 5}, {kRoles[4].id, 6}, {kRoles[5].id, 7}, {kRoles[6].id, 8}};
  return kAdministrators;
}

void AddRoles(World& world) {
  std::vector<Json> definitions, assignments, schedules, policies;
  for (const Role& role : kRoles) {
    definitions.push_back(Json::Object({{"id", role.id},
                                        {"displayName", role.name},
                                        {"isBuiltIn", true},
                                        {"isEnabled", true},
                                        {"isPrivileged", role.privileged},
                                        {"resourceScopes", Json::Texts({"/"})},
                                        {"templateId", role.id},
                                        {"version", "1"}}));
    policies.push_back(PolicyAssignment(world, role));
  }
  for (const auto* holders : {&Administrators(), &Readers()}) {
    for (const RoleHolder& holder : *holders) {
      assignments.push_back(Assignment(world, holder));
      schedules.push_back(Schedule(world, holder, holder.person < 2 || holder.person == 5));
    }
  }
  assignments.push_back(GroupAssignment(world));
  world.AddGraph("/v1.0/roleManagement/directory/roleDefinitions", "RoleManagement.Read.Directory",
                 std::move(definitions));
  Resource& held = world.AddGraph("/v1.0/roleManagement/directory/roleAssignments",
                                  "RoleManagement.Read.Directory", std::move(assignments));
  held.expand = {"principal"};
  held.page = 5;
  world.AddGraph("/v1.0/roleManagement/directory/roleAssignmentScheduleInstances",
                 "RoleAssignmentSchedule.Read.Directory", std::move(schedules));
  world.AddGraph("/v1.0/roleManagement/directory/roleEligibilityScheduleInstances",
                 "RoleEligibilitySchedule.Read.Directory",
                 {Eligibility(world, 3, kRoles[7].id), Eligibility(world, 4, kRoles[8].id)});
  world
      .AddGraph("/v1.0/policies/roleManagementPolicyAssignments", "RoleManagement.Read.Directory",
                std::move(policies))
      .expand = {"policy"};
  world.AddGraph(
      "/beta/identityGovernance/roleManagementAlerts/alerts", "RoleManagementAlert.Read.Directory",
      {Json::Object(
          {{"id", "DirectoryRole_TooManyGlobalAdminsAssignedToTenantAlert"},
           {"alertDefinitionId", "DirectoryRole_TooManyGlobalAdminsAssignedToTenantAlert"},
           {"scopeId", "/"},
           {"scopeType", "DirectoryRole"},
           {"incidentCount", 1},
           {"isActive", true},
           {"lastModifiedDateTime", world.seeded().At(-4)},
           {"lastScannedDateTime", world.seeded().At(0)},
           {"alertDefinition", Json::Object({{"severityLevel", "low"}})}})});
}

}  // namespace assay::demo
