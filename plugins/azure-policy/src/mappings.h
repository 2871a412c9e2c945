// Which member of an answer fills which column. What checks compare without regard to case (ids,
// GUIDs, types, locations) is folded here, once; whatever else they look at stands in items.
#pragma once

#include "assay/mapping.h"
#include "datasets.h"

namespace assay::azure_policy {

/// All mappings of the collector; made once, they outlive every read.
struct Mappings {
  const Mapping subscription{azure_subscription::kDataset,
                             {{azure_subscription::kId, "subscriptionId", Form::kFold},
                              {azure_subscription::kArmId, "id", Form::kFold},
                              {azure_subscription::kDisplayName, "displayName"},
                              {azure_subscription::kState, "state"},
                              {azure_subscription::kTenantId, "tenantId", Form::kFold},
                              {azure_subscription::kQuotaId, "subscriptionPolicies/quotaId"}}};
  const Mapping group{azure_management_group::kDataset,
                      {{azure_management_group::kId, "id", Form::kFold},
                       {azure_management_group::kName, "name", Form::kFold},
                       {azure_management_group::kDisplayName, "properties/displayName"},
                       {azure_management_group::kTenantId, "properties/tenantId", Form::kFold}}};
  const Mapping group_settings{azure_mg_settings::kDataset,
                               {{azure_mg_settings::kId, "id", Form::kFold}}};

  // Policy.
  const Mapping assignment{
      policy_assignment::kDataset,
      {{policy_assignment::kId, "id", Form::kFold},
       {policy_assignment::kDisplayName, "properties/displayName"},
       {policy_assignment::kDefinitionId, "properties/policyDefinitionId", Form::kFold},
       {policy_assignment::kScope, "properties/scope", Form::kFold},
       {policy_assignment::kNotScopes, "properties/notScopes"},
       {policy_assignment::kEnforcementMode, "properties/enforcementMode"}}};
  const Mapping definition{
      policy_definition::kDataset,
      {{policy_definition::kId, "id", Form::kFold},
       {policy_definition::kDisplayName, "properties/displayName"},
       {policy_definition::kPolicyType, "properties/policyType"},
       {policy_definition::kMode, "properties/mode"},
       {policy_definition::kEffect, "properties/policyRule/then/effect", Form::kFold},
       {policy_definition::kCategory, "properties/metadata/category"},
       {policy_definition::kVersion, "properties/metadata/version"}}};
  const Mapping set_definition{policy_set_definition::kDataset,
                               {{policy_set_definition::kId, "id", Form::kFold},
                                {policy_set_definition::kDisplayName, "properties/displayName"},
                                {policy_set_definition::kPolicyType, "properties/policyType"}}};
  const Mapping exemption{
      policy_exemption::kDataset,
      {{policy_exemption::kId, "id", Form::kFold},
       {policy_exemption::kDisplayName, "properties/displayName"},
       {policy_exemption::kDescription, "properties/description"},
       {policy_exemption::kAssignmentId, "properties/policyAssignmentId", Form::kFold},
       {policy_exemption::kCategory, "properties/exemptionCategory"},
       {policy_exemption::kExpiresOn, "properties/expiresOn"},
       {policy_exemption::kCreated, "systemData/createdAt"}}};
  const Mapping state{policy_state::kDataset,
                      {{policy_state::kResourceId, "resourceId", Form::kFold},
                       {policy_state::kAssignmentId, "policyAssignmentId", Form::kFold},
                       {policy_state::kReferenceId, "policyDefinitionReferenceId", Form::kFold},
                       {policy_state::kDefinitionId, "policyDefinitionId", Form::kFold},
                       {policy_state::kAction, "policyDefinitionAction", Form::kFold},
                       {policy_state::kResourceType, "resourceType", Form::kFold},
                       {policy_state::kResourceLocation, "resourceLocation", Form::kFold},
                       {policy_state::kComplianceState, "complianceState", Form::kFold}}};
  const Mapping summary{policy_summary::kDataset, {}};
  const Mapping remediation{
      policy_remediation::kDataset,
      {{policy_remediation::kId, "id", Form::kFold},
       {policy_remediation::kName, "name"},
       {policy_remediation::kAssignmentId, "properties/policyAssignmentId", Form::kFold}}};
  const Mapping attestation{
      policy_attestation::kDataset,
      {{policy_attestation::kId, "id", Form::kFold},
       {policy_attestation::kAssignmentId, "properties/policyAssignmentId", Form::kFold}}};

  // Roles and locks.
  const Mapping role_assignment{
      azure_role_assignment::kDataset,
      {{azure_role_assignment::kId, "id", Form::kFold},
       {azure_role_assignment::kScope, "properties/scope", Form::kFold},
       {azure_role_assignment::kRoleDefinitionId, "properties/roleDefinitionId", Form::kFold},
       {azure_role_assignment::kPrincipalId, "properties/principalId", Form::kFold},
       {azure_role_assignment::kPrincipalType, "properties/principalType"},
       {azure_role_assignment::kCondition, "properties/condition"},
       {azure_role_assignment::kCreated, "properties/createdOn"},
       {azure_role_assignment::kDelegatedIdentityId,
        "properties/delegatedManagedIdentityResourceId", Form::kFold}}};
  const Mapping root_role_assignment{
      azure_root_role_assignment::kDataset,
      {{azure_root_role_assignment::kId, "id", Form::kFold},
       {azure_root_role_assignment::kScope, "properties/scope", Form::kFold},
       {azure_root_role_assignment::kRoleDefinitionId, "properties/roleDefinitionId", Form::kFold},
       {azure_root_role_assignment::kPrincipalId, "properties/principalId", Form::kFold},
       {azure_root_role_assignment::kPrincipalType, "properties/principalType"}}};
  const Mapping role_definition{azure_role_definition::kDataset,
                                {{azure_role_definition::kId, "id", Form::kFold},
                                 {azure_role_definition::kRoleName, "properties/roleName"}}};
  const Mapping role_schedule{
      azure_role_schedule::kDataset,
      {{azure_role_schedule::kId, "id", Form::kFold},
       {azure_role_schedule::kScope, "properties/scope", Form::kFold},
       {azure_role_schedule::kRoleDefinitionId, "properties/roleDefinitionId", Form::kFold},
       {azure_role_schedule::kPrincipalId, "properties/principalId", Form::kFold},
       {azure_role_schedule::kPrincipalType, "properties/principalType"},
       {azure_role_schedule::kAssignmentType, "properties/assignmentType"},
       {azure_role_schedule::kMemberType, "properties/memberType"},
       {azure_role_schedule::kStarts, "properties/startDateTime"},
       {azure_role_schedule::kEnds, "properties/endDateTime"}}};
  const Mapping role_eligibility{
      azure_role_eligibility::kDataset,
      {{azure_role_eligibility::kId, "id", Form::kFold},
       {azure_role_eligibility::kScope, "properties/scope", Form::kFold},
       {azure_role_eligibility::kRoleDefinitionId, "properties/roleDefinitionId", Form::kFold},
       {azure_role_eligibility::kPrincipalId, "properties/principalId", Form::kFold},
       {azure_role_eligibility::kEnds, "properties/endDateTime"}}};
  const Mapping own_permission{azure_own_permission::kDataset, {}};
  const Mapping lock{azure_lock::kDataset,
                     {{azure_lock::kId, "id", Form::kFold},
                      {azure_lock::kName, "name"},
                      {azure_lock::kLevel, "properties/level"},
                      {azure_lock::kNotes, "properties/notes"}}};

  // Resources.
  const Mapping resource{azure_resource::kDataset,
                         {{azure_resource::kId, "id", Form::kFold},
                          {azure_resource::kSubscriptionId, "subscriptionId", Form::kFold},
                          {azure_resource::kName, "name"},
                          {azure_resource::kType, "type", Form::kFold},
                          {azure_resource::kLocation, "location", Form::kFold},
                          {azure_resource::kResourceGroup, "resourceGroup", Form::kFold},
                          {azure_resource::kKind, "kind"},
                          {azure_resource::kTags, "tags"},
                          {azure_resource::kSku, "sku"},
                          {azure_resource::kIdentityType, "identity/type"}}};
  const Mapping storage{azure_storage_account::kDataset,
                        {{azure_storage_account::kId, "id", Form::kFold},
                         {azure_storage_account::kSubscriptionId, "subscriptionId", Form::kFold},
                         {azure_storage_account::kName, "name"},
                         {azure_storage_account::kLocation, "location", Form::kFold}}};
  const Mapping key_vault{azure_key_vault::kDataset,
                          {{azure_key_vault::kId, "id", Form::kFold},
                           {azure_key_vault::kSubscriptionId, "subscriptionId", Form::kFold},
                           {azure_key_vault::kName, "name"},
                           {azure_key_vault::kLocation, "location", Form::kFold}}};
  const Mapping nsg{azure_nsg::kDataset,
                    {{azure_nsg::kId, "id", Form::kFold},
                     {azure_nsg::kSubscriptionId, "subscriptionId", Form::kFold},
                     {azure_nsg::kName, "name"},
                     {azure_nsg::kLocation, "location", Form::kFold}}};
  const Mapping network{azure_network::kDataset,
                        {{azure_network::kId, "id", Form::kFold},
                         {azure_network::kSubscriptionId, "subscriptionId", Form::kFold},
                         {azure_network::kName, "name"},
                         {azure_network::kType, "type", Form::kFold},
                         {azure_network::kLocation, "location", Form::kFold}}};
  const Mapping vm{azure_vm::kDataset,
                   {{azure_vm::kId, "id", Form::kFold},
                    {azure_vm::kSubscriptionId, "subscriptionId", Form::kFold},
                    {azure_vm::kName, "name"},
                    {azure_vm::kType, "type", Form::kFold},
                    {azure_vm::kLocation, "location", Form::kFold}}};
  const Mapping data_service{azure_data_service::kDataset,
                             {{azure_data_service::kId, "id", Form::kFold},
                              {azure_data_service::kSubscriptionId, "subscriptionId", Form::kFold},
                              {azure_data_service::kName, "name"},
                              {azure_data_service::kType, "type", Form::kFold},
                              {azure_data_service::kLocation, "location", Form::kFold},
                              {azure_data_service::kKind, "kind"}}};
  const Mapping backup_item{
      azure_backup_item::kDataset,
      {{azure_backup_item::kId, "id", Form::kFold},
       {azure_backup_item::kSubscriptionId, "subscriptionId", Form::kFold},
       {azure_backup_item::kType, "type", Form::kFold},
       {azure_backup_item::kSourceId, "properties/sourceResourceId", Form::kFold},
       {azure_backup_item::kVmId, "properties/virtualMachineId", Form::kFold}}};
  const Mapping backup_vault{azure_backup_vault::kDataset,
                             {{azure_backup_vault::kId, "id", Form::kFold},
                              {azure_backup_vault::kSubscriptionId, "subscriptionId", Form::kFold},
                              {azure_backup_vault::kName, "name"},
                              {azure_backup_vault::kType, "type", Form::kFold},
                              {azure_backup_vault::kLocation, "location", Form::kFold}}};
  const Mapping workspace{azure_workspace::kDataset,
                          {{azure_workspace::kId, "id", Form::kFold},
                           {azure_workspace::kSubscriptionId, "subscriptionId", Form::kFold},
                           {azure_workspace::kName, "name"},
                           {azure_workspace::kLocation, "location", Form::kFold}}};
  const Mapping blob_service{azure_blob_service::kDataset,
                             {{azure_blob_service::kId, "id", Form::kFold}}};
  const Mapping vault_key{
      azure_key_vault_key::kDataset,
      {{azure_key_vault_key::kId, "id", Form::kFold}, {azure_key_vault_key::kName, "name"}}};
  const Mapping vault_secret{azure_key_vault_secret::kDataset,
                             {{azure_key_vault_secret::kId, "id", Form::kFold}}};
};

}  // namespace assay::azure_policy
