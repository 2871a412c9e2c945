// What makes an application powerful enough that its owners matter, and how many applications are
// looked at. The lists stand as views in views.sql, too (tier0_role, critical_permission);
// tests/plugins holds them together.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace assay::graph {

/// Applications whose federated credentials are asked for, one read each; beyond that the dataset
/// is partial.
inline constexpr uint32_t kMaxApplications = 20000;

/// Directory roles that control the whole tenant, by template id.
inline constexpr std::array<std::string_view, 15> kTier0Roles = {
    "62e90394-69f5-4237-9190-012177145e10", "e8611ab8-c189-46e8-94e1-60213ab1f814",
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    "158c047a-c907-4556-b7ef-446551a6b5f7", "c4e39bd9-1100-46d3-8c65-fb160da0071f",
    "0526716b-113d-4c15-b2c8-68e3c22b9f80", "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9",
    "8329153b-31d0-4727-b945-745eb3bc5f31", "be2f45a1-457d-42af-a067-6ec1fa63bc45",
    "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", "194ae4cb-b126-40b2-bd5b-6091b380977d",
    "fe930be7-5e62-47db-91af-98c3a49a38b1", "d29b2b05-8046-44ba-8758-1e26182fcf32",
    "e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8"};

/// Application permissions with which an application can make itself anything.
inline constexpr std::array<std::string_view, 27> kCriticalPermissions = {
    "RoleManagement.ReadWrite.Directory",
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadWrite.All",
    "Directory.ReadWrite.All",
    "User.ReadWrite.All",
    "UserAuthenticationMethod.ReadWrite.All",
    "PrivilegedAccess.ReadWrite.AzureADGroup",
    "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
    "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
    "RoleAssignmentSchedule.ReadWrite.Directory",
    "RoleEligibilitySchedule.ReadWrite.Directory",
    "RoleManagementPolicy.ReadWrite.Directory",
    "Policy.ReadWrite.ConditionalAccess",
    "Policy.ReadWrite.AuthenticationMethod",
    "Policy.ReadWrite.PermissionGrant",
    "Domain.ReadWrite.All",
    "Organization.ReadWrite.All",
    "Group.ReadWrite.All",
    "GroupMember.ReadWrite.All",
    "Mail.ReadWrite",
    "Sites.FullControl.All",
    "RoleManagement.ReadWrite.Exchange",
    "RoleManagement.ReadWrite.Defender",
    "DeviceManagementRBAC.ReadWrite.All",
    "DeviceManagementConfiguration.ReadWrite.All",
    "full_access_as_app",
    "Exchange.ManageAsApp"};

/// Applications of Microsoft whose application permissions are worth knowing: Graph, Exchange,
/// SharePoint, Office 365 Management.
inline constexpr std::array<std::string_view, 4> kResourceApis = {
    "00000003-0000-0000-c000-000000000000", "00000002-0000-0ff1-ce00-000000000000",
    "00000003-0000-0ff1-ce00-000000000000", "c5393580-f805-4401-95e8-94b7a6ef2fc2"};

/// True when `list` holds `text`.
template <size_t n>
bool Holds(const std::array<std::string_view, n>& list, std::string_view text) {
  for (const std::string_view one : list) {
    if (one == text) return true;
  }
  return false;
}

}  // namespace assay::graph
