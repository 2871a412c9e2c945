// Where groups, devices, service principals and their permissions stand in Graph's answers.
#pragma once

#include "assay/mapping.h"
#include "datasets.h"

namespace assay::graph {

inline Mapping GroupMapping() {
  namespace t = entra_group;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kGroupTypes, "groupTypes"},
           {t::kSecurityEnabled, "securityEnabled"},
           {t::kMailEnabled, "mailEnabled"},
           {t::kVisibility, "visibility"},
           {t::kRoleAssignable, "isAssignableToRole"},
           {t::kMembershipRule, "membershipRule"},
           {t::kRuleProcessing, "membershipRuleProcessingState"},
           {t::kOnPremisesSyncEnabled, "onPremisesSyncEnabled"},
           {t::kCreated, "createdDateTime"},
           {t::kRenewed, "renewedDateTime"},
           {t::kExpires, "expirationDateTime"},
           {t::kLabels, "assignedLabels"}}};
}

inline Mapping GroupOwnerMapping() {
  namespace t = entra_group_owner;
  return {t::kDataset, {{t::kId, "id", Form::kFold}, {t::kOwnerType, "@odata.type"}}};
}

inline Mapping DeviceMapping() {
  namespace t = entra_device;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDeviceId, "deviceId", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kAccountEnabled, "accountEnabled"},
           {t::kLastSignIn, "approximateLastSignInDateTime"},
           {t::kIsCompliant, "isCompliant"},
           {t::kIsManaged, "isManaged"},
           {t::kOs, "operatingSystem"},
           {t::kOsVersion, "operatingSystemVersion"},
           {t::kTrustType, "trustType"},
           {t::kRegistered, "registrationDateTime"}}};
}

/// Raw slices: 0 secrets, 1 certificates, 2 application permissions that it offers.
inline Mapping ServicePrincipalMapping() {
  namespace t = entra_service_principal;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kAppId, "appId", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kAccountEnabled, "accountEnabled"},
           {t::kKind, "servicePrincipalType"},
           {t::kOwnerTenant, "appOwnerOrganizationId", Form::kFold},
           {t::kAssignmentRequired, "appRoleAssignmentRequired"},
           {t::kCreated, "createdDateTime"},
           {0, "passwordCredentials", Form::kRaw},
           {1, "keyCredentials", Form::kRaw},
           {2, "appRoles", Form::kRaw},
           {t::kSignInAudience, "signInAudience"},
           {t::kVerifiedPublisherId, "verifiedPublisher/verifiedPublisherId"},
           {t::kSsoMode, "preferredSingleSignOnMode"},
           {t::kTags, "tags"}}};
}

inline Mapping AppRoleMapping() {
  namespace t = entra_app_role;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold}, {t::kValue, "value"}, {t::kIsEnabled, "isEnabled"}}};
}

inline Mapping AppRoleAssignmentMapping() {
  namespace t = entra_app_role_assignment;
  return {t::kDataset,
          {{t::kId, "id"},
           {t::kPrincipalId, "principalId", Form::kFold},
           {t::kPrincipalType, "principalType"},
           {t::kAppRoleId, "appRoleId", Form::kFold},
           {t::kCreated, "createdDateTime"}}};
}

inline Mapping SpOwnerMapping() {
  namespace t = entra_sp_owner;
  return {t::kDataset, {{t::kId, "id", Form::kFold}, {t::kOwnerType, "@odata.type"}}};
}

inline Mapping GrantMapping() {
  namespace t = entra_oauth2_grant;
  return {t::kDataset,
          {{t::kId, "id"},
           {t::kClientId, "clientId", Form::kFold},
           {t::kConsentType, "consentType"},
           {t::kPrincipalId, "principalId", Form::kFold},
           {t::kResourceId, "resourceId", Form::kFold},
           {t::kScope, "scope"}}};
}

inline Mapping FederatedCredentialMapping() {
  namespace t = entra_federated_credential;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kName, "name"},
           {t::kIssuer, "issuer"},
           {t::kSubject, "subject"},
           {t::kAudiences, "audiences"},
           {t::kClaimsExpression, "claimsMatchingExpression"}}};
}

}  // namespace assay::graph
