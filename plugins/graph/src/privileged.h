// Where Privileged Identity Management, access reviews and risk stand in Graph's answers.
#pragma once

#include "assay/mapping.h"
#include "datasets.h"

namespace assay::graph {

inline Mapping RoleScheduleMapping() {
  namespace t = entra_role_schedule;
  return {t::kDataset,
          {{t::kId, "id"},
           {t::kPrincipalId, "principalId", Form::kFold},
           {t::kRoleId, "roleDefinitionId", Form::kFold},
           {t::kScope, "directoryScopeId"},
           {t::kAssignmentType, "assignmentType"},
           {t::kMemberType, "memberType"},
           {t::kStarts, "startDateTime"},
           {t::kEnds, "endDateTime"},
           {t::kOriginId, "roleAssignmentOriginId"}}};
}

inline Mapping RoleEligibilityMapping() {
  namespace t = entra_role_eligibility;
  return {t::kDataset,
          {{t::kId, "id"},
           {t::kPrincipalId, "principalId", Form::kFold},
           {t::kPrincipalType, "principal/@odata.type"},
           {t::kRoleId, "roleDefinitionId", Form::kFold},
           {t::kScope, "directoryScopeId"},
           {t::kMemberType, "memberType"},
           {t::kStarts, "startDateTime"},
           {t::kEnds, "endDateTime"}}};
}

/// Raw slice 0 holds the rules of the policy: one row each.
inline Mapping PimPolicyMapping() {
  namespace t = entra_pim_rule;
  return {t::kDataset,
          {{t::kAssignmentId, "id"},
           {t::kRoleId, "roleDefinitionId", Form::kFold},
           {0, "policy/rules", Form::kRaw}}};
}

inline Mapping PimRuleMapping() {
  namespace t = entra_pim_rule;
  return {t::kDataset,
          {{t::kId, "id"},
           {t::kKind, "@odata.type"},
           {t::kIsEnabled, "isEnabled"},
           {t::kEnabledRules, "enabledRules"},
           {t::kExpirationRequired, "isExpirationRequired"},
           {t::kMaximumDuration, "maximumDuration"},
           {t::kClaimValue, "claimValue"},
           {t::kApprovalRequired, "setting/isApprovalRequired"},
           {t::kApprovalStages, "setting/approvalStages"},
           {t::kDefaultRecipients, "isDefaultRecipientsEnabled"},
           {t::kRecipients, "notificationRecipients"}}};
}

inline Mapping PimAlertMapping() {
  namespace t = entra_pim_alert;
  return {t::kDataset,
          {{t::kId, "id"},
           {t::kDefinitionId, "alertDefinitionId"},
           {t::kSeverity, "alertDefinition/severityLevel"},
           {t::kIsActive, "isActive"},
           {t::kIncidentCount, "incidentCount"},
           {t::kModified, "lastModifiedDateTime"},
           {t::kScanned, "lastScannedDateTime"}}};
}

inline Mapping AccessReviewMapping() {
  namespace t = entra_access_review;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kStatus, "status"},
           {t::kCreated, "createdDateTime"},
           {t::kScope, "scope"},
           {t::kInstanceScope, "instanceEnumerationScope"},
           {t::kReviewers, "reviewers"},
           {t::kRecurrenceType, "settings/recurrence/pattern/type"},
           {t::kRecurrenceInterval, "settings/recurrence/pattern/interval"},
           {t::kAutoApply, "settings/autoApplyDecisionsEnabled"},
           {t::kDefaultDecision, "settings/defaultDecision"},
           {t::kDurationDays, "settings/instanceDurationInDays"},
           {t::kStages, "stageSettings"}}};
}

inline Mapping AccessReviewInstanceMapping() {
  namespace t = entra_access_review_instance;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kStatus, "status"},
           {t::kStarts, "startDateTime"},
           {t::kEnds, "endDateTime"}}};
}

inline Mapping RiskyUserMapping() {
  namespace t = entra_risky_user;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kUserPrincipalName, "userPrincipalName"},
           {t::kRiskLevel, "riskLevel"},
           {t::kRiskState, "riskState"},
           {t::kRiskDetail, "riskDetail"},
           {t::kUpdated, "riskLastUpdatedDateTime"},
           {t::kIsDeleted, "isDeleted"},
           {t::kIsProcessing, "isProcessing"}}};
}

inline Mapping RiskDetectionMapping() {
  namespace t = entra_risk_detection;
  return {t::kDataset,
          {{t::kId, "id"},
           {t::kUserId, "userId", Form::kFold},
           {t::kEventType, "riskEventType"},
           {t::kRiskLevel, "riskLevel"},
           {t::kRiskState, "riskState"},
           {t::kDetected, "detectedDateTime"},
           {t::kSource, "source"},
           {t::kTiming, "detectionTimingType"}}};
}

inline Mapping RiskyServicePrincipalMapping() {
  namespace t = entra_risky_service_principal;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kAppId, "appId", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kRiskLevel, "riskLevel"},
           {t::kRiskState, "riskState"},
           {t::kUpdated, "riskLastUpdatedDateTime"}}};
}

}  // namespace assay::graph
