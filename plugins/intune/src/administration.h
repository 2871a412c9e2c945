// Where Graph's and ARM's answers on enrolment, connections, roles and logs of the service keep
// what the datasets hold.
#pragma once

#include "assay/mapping.h"
#include "datasets.h"

namespace assay::intune {

/// The answer has no id of its own: the key comes from the request.
inline Mapping ServiceSettingMapping() {
  namespace t = intune_setting;
  return {t::kDataset,
          {{t::kSubscriptionState, "subscriptionState"},
           {t::kSecureByDefault, "settings/secureByDefault"},
           {t::kCheckinThresholdDays, "settings/deviceComplianceCheckinThresholdDays"},
           {t::kScheduledActionsEnabled, "settings/isScheduledActionEnabled"}}};
}

inline Mapping EnrollmentMapping() {
  namespace t = intune_enrollment_configuration;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kKind, "@odata.type"},
           {t::kPriority, "priority"},
           {t::kState, "state"},
           {t::kSecurityDeviceRequired, "securityDeviceRequired"}}};
}

/// The key comes from the request: there is one certificate or none.
inline Mapping ApnsMapping() {
  namespace t = intune_apns_certificate;
  return {t::kDataset,
          {{t::kAppleIdentifier, "appleIdentifier"},
           {t::kExpires, "expirationDateTime"},
           {t::kModified, "lastModifiedDateTime"}}};
}

inline Mapping DepTokenMapping() {
  namespace t = intune_dep_token;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kName, "tokenName"},
           {t::kExpires, "tokenExpirationDateTime"},
           {t::kLastSuccessfulSync, "lastSuccessfulSyncDateTime"},
           {t::kLastSyncError, "lastSyncErrorCode"}}};
}

inline Mapping VppTokenMapping() {
  namespace t = intune_vpp_token;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kOrganization, "organizationName"},
           {t::kState, "state"},
           {t::kExpires, "expirationDateTime"},
           {t::kLastSync, "lastSyncDateTime"},
           {t::kLastSyncStatus, "lastSyncStatus"}}};
}

/// The key comes from the request: a tenant has one binding at most.
inline Mapping AndroidEnterpriseMapping() {
  namespace t = intune_android_enterprise;
  return {t::kDataset,
          {{t::kBindStatus, "bindStatus"},
           {t::kLastAppSync, "lastAppSyncDateTime"},
           {t::kLastAppSyncStatus, "lastAppSyncStatus"},
           {t::kEnrollmentTarget, "enrollmentTarget"}}};
}

inline Mapping NdesMapping() {
  namespace t = intune_ndes_connector;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kState, "state"},
           {t::kLastConnection, "lastConnectionDateTime"},
           {t::kVersion, "connectorVersion"}}};
}

inline Mapping MtdMapping() {
  namespace t = intune_mtd_connector;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kPartnerState, "partnerState"},
           {t::kLastHeartbeat, "lastHeartbeatDateTime"}}};
}

inline Mapping ApprovalPolicyMapping() {
  namespace t = intune_approval_policy;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kPolicyType, "policyType"}}};
}

inline Mapping RoleDefinitionMapping() {
  namespace t = intune_role_definition;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kIsBuiltIn, "isBuiltIn"}}};
}

inline Mapping RoleAssignmentMapping() {
  namespace t = intune_role_assignment;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kScopeType, "scopeType"}}};
}

inline Mapping TermsMapping() {
  namespace t = intune_terms;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kVersion, "version"},
           {t::kModified, "lastModifiedDateTime"}}};
}

inline Mapping AuditEventMapping() {
  namespace t = intune_audit_event;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kAt, "activityDateTime"},
           {t::kActivityType, "activityType"},
           {t::kOperationType, "activityOperationType"},
           {t::kResult, "activityResult"},
           {t::kCategory, "category"},
           {t::kComponent, "componentName"},
           {t::kActorType, "actor/type"},
           {t::kActorAppId, "actor/applicationId", Form::kFold}}};
}

inline Mapping DiagnosticSettingMapping() {
  namespace t = intune_diagnostic_setting;
  return {t::kDataset,
          {{t::kName, "name"},
           {t::kLogs, "properties/logs"},
           {t::kWorkspaceId, "properties/workspaceId", Form::kFold},
           {t::kStorageAccountId, "properties/storageAccountId", Form::kFold},
           {t::kEventHubRuleId, "properties/eventHubAuthorizationRuleId", Form::kFold},
           {t::kMarketplacePartnerId, "properties/marketplacePartnerId", Form::kFold}}};
}

}  // namespace assay::intune
