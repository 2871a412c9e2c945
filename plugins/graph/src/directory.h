// Where the directory's datasets stand in Graph's answers: organisation, licences, users, roles,
// groups.
#pragma once

#include "assay/mapping.h"
#include "datasets.h"

namespace assay::graph {

inline Mapping OrganizationMapping() {
  namespace t = entra_organization;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kCountry, "countryLetterCode"},
           {t::kTenantType, "tenantType"},
           {t::kOnPremisesSyncEnabled, "onPremisesSyncEnabled"},
           {t::kOnPremisesLastSync, "onPremisesLastSyncDateTime"},
           {t::kTechnicalMails, "technicalNotificationMails"},
           {t::kSecurityMails, "securityComplianceNotificationMails"},
           {t::kPrivacyContact, "privacyProfile/contactEmail"},
           {t::kPrivacyStatement, "privacyProfile/statementUrl"}}};
}

/// Raw slice 0 holds the service plans: one row each.
inline Mapping SkuMapping() {
  namespace t = entra_sku_plan;
  return {t::kDataset,
          {{t::kSkuId, "skuId", Form::kFold},
           {t::kSkuName, "skuPartNumber"},
           {t::kCapabilityStatus, "capabilityStatus"},
           {t::kEnabledUnits, "prepaidUnits/enabled"},
           {t::kConsumedUnits, "consumedUnits"},
           {0, "servicePlans", Form::kRaw}}};
}

inline Mapping PlanMapping() {
  namespace t = entra_sku_plan;
  return {t::kDataset,
          {{t::kPlanId, "servicePlanId", Form::kFold},
           {t::kPlanName, "servicePlanName"},
           {t::kProvisioningStatus, "provisioningStatus"}}};
}

inline Mapping DomainMapping() {
  namespace t = entra_domain;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kAuthenticationType, "authenticationType"},
           {t::kIsVerified, "isVerified"},
           {t::kIsDefault, "isDefault"},
           {t::kIsRoot, "isRoot"},
           {t::kPasswordValidityDays, "passwordValidityPeriodInDays"}}};
}

inline Mapping UserMapping() {
  namespace t = entra_user;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kUserPrincipalName, "userPrincipalName"},
           {t::kDisplayName, "displayName"},
           {t::kAccountEnabled, "accountEnabled"},
           {t::kUserType, "userType"},
           {t::kOnPremisesSyncEnabled, "onPremisesSyncEnabled"},
           {t::kCreated, "createdDateTime"},
           {t::kLastPasswordChange, "lastPasswordChangeDateTime"},
           {t::kPasswordPolicies, "passwordPolicies"},
           {t::kLicenceSkus, "assignedLicenses"},
           {t::kExternalState, "externalUserState"},
           {t::kExternalStateChanged, "externalUserStateChangeDateTime"}}};
}

inline Mapping ActivityMapping() {
  namespace t = entra_user_activity;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kUserType, "userType"},
           {t::kAccountEnabled, "accountEnabled"},
           {t::kCreated, "createdDateTime"},
           {t::kLastSignIn, "signInActivity/lastSignInDateTime"},
           {t::kLastNonInteractiveSignIn, "signInActivity/lastNonInteractiveSignInDateTime"}}};
}

inline Mapping RegistrationMapping() {
  namespace t = entra_user_registration;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kUserPrincipalName, "userPrincipalName"},
           {t::kIsAdmin, "isAdmin"},
           {t::kIsMfaRegistered, "isMfaRegistered"},
           {t::kIsMfaCapable, "isMfaCapable"},
           {t::kMethods, "methodsRegistered"}}};
}

inline Mapping RoleDefinitionMapping() {
  namespace t = entra_role_definition;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kTemplateId, "templateId", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kIsBuiltIn, "isBuiltIn"},
           {t::kIsEnabled, "isEnabled"}}};
}

inline Mapping RoleAssignmentMapping() {
  namespace t = entra_role_assignment;
  return {t::kDataset,
          {{t::kId, "id"},
           {t::kPrincipalId, "principalId", Form::kFold},
           {t::kPrincipalType, "principal/@odata.type"},
           {t::kPrincipalName, "principal/displayName"},
           {t::kRoleId, "roleDefinitionId", Form::kFold},
           {t::kScope, "directoryScopeId"}}};
}

inline Mapping GroupMemberMapping() {
  namespace t = entra_group_member;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kMemberType, "@odata.type"},
           {t::kUserPrincipalName, "userPrincipalName"},
           {t::kAccountEnabled, "accountEnabled"}}};
}

}  // namespace assay::graph
