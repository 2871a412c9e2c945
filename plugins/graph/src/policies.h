// Where policies and applications stand in Graph's answers.
#pragma once

#include "assay/mapping.h"
#include "datasets.h"

namespace assay::graph {

inline Mapping AuthorizationPolicyMapping() {
  namespace t = entra_authorization_policy;
  return {t::kDataset,
          {{t::kId, "id"},
           {t::kAllowInvitesFrom, "allowInvitesFrom"},
           {t::kEmailSignUp, "allowedToSignUpEmailBasedSubscriptions"},
           {t::kEmailVerifiedJoin, "allowEmailVerifiedUsersToJoinOrganization"},
           {t::kBlockMsolPowershell, "blockMsolPowerShell"},
           {t::kGuestRoleId, "guestUserRoleId", Form::kFold},
           {t::kUsersCreateApps, "defaultUserRolePermissions/allowedToCreateApps"},
           {t::kUsersCreateGroups, "defaultUserRolePermissions/allowedToCreateSecurityGroups"},
           {t::kUsersCreateTenants, "defaultUserRolePermissions/allowedToCreateTenants"},
           {t::kUsersReadBitlockerKeys,
            "defaultUserRolePermissions/allowedToReadBitlockerKeysForOwnedDevice"},
           {t::kConsentPolicies, "defaultUserRolePermissions/permissionGrantPoliciesAssigned"}}};
}

inline Mapping SecurityDefaultsMapping() {
  namespace t = entra_security_defaults;
  return {t::kDataset, {{t::kId, "id"}, {t::kIsEnabled, "isEnabled"}}};
}

inline Mapping CaPolicyMapping() {
  namespace t = entra_ca_policy;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kState, "state"},
           {t::kCreated, "createdDateTime"},
           {t::kModified, "modifiedDateTime"},
           {t::kIncludeUsers, "conditions/users/includeUsers"},
           {t::kExcludeUsers, "conditions/users/excludeUsers"},
           {t::kIncludeGroups, "conditions/users/includeGroups"},
           {t::kExcludeGroups, "conditions/users/excludeGroups"},
           {t::kIncludeRoles, "conditions/users/includeRoles"},
           {t::kExcludeRoles, "conditions/users/excludeRoles"},
           {t::kIncludeGuests, "conditions/users/includeGuestsOrExternalUsers"},
           {t::kExcludeGuests, "conditions/users/excludeGuestsOrExternalUsers"},
           {t::kIncludeApps, "conditions/applications/includeApplications"},
           {t::kExcludeApps, "conditions/applications/excludeApplications"},
           {t::kUserActions, "conditions/applications/includeUserActions"},
           {t::kAppFilter, "conditions/applications/applicationFilter"},
           {t::kClientAppTypes, "conditions/clientAppTypes"},
           {t::kUserRiskLevels, "conditions/userRiskLevels"},
           {t::kSignInRiskLevels, "conditions/signInRiskLevels"},
           {t::kSpRiskLevels, "conditions/servicePrincipalRiskLevels"},
           {t::kInsiderRiskLevels, "conditions/insiderRiskLevels"},
           {t::kTransferMethods, "conditions/authenticationFlows/transferMethods"},
           {t::kPlatforms, "conditions/platforms"},
           {t::kLocations, "conditions/locations"},
           {t::kDevices, "conditions/devices"},
           {t::kGrantOperator, "grantControls/operator"},
           {t::kGrantControls, "grantControls/builtInControls"},
           {t::kTermsOfUse, "grantControls/termsOfUse"},
           {t::kCustomFactors, "grantControls/customAuthenticationFactors"},
           {t::kStrengthId, "grantControls/authenticationStrength/id", Form::kFold},
           {t::kStrengthSatisfies, "grantControls/authenticationStrength/requirementsSatisfied"},
           {t::kStrengthCombinations, "grantControls/authenticationStrength/allowedCombinations"},
           {t::kSignInFrequency, "sessionControls/signInFrequency"},
           {t::kPersistentBrowser, "sessionControls/persistentBrowser/mode"},
           {t::kTokenProtection, "sessionControls/secureSignInSession/isEnabled"}}};
}

/// Raw slices: 0 secrets, 1 certificates, 2 owners.
inline Mapping ApplicationMapping() {
  namespace t = entra_application;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kAppId, "appId", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kCreated, "createdDateTime"},
           {t::kSignInAudience, "signInAudience"},
           {0, "passwordCredentials", Form::kRaw},
           {1, "keyCredentials", Form::kRaw},
           {2, "owners", Form::kRaw},
           {t::kWebRedirects, "web/redirectUris"},
           {t::kSpaRedirects, "spa/redirectUris"},
           {t::kImplicitAccessToken, "web/implicitGrantSettings/enableAccessTokenIssuance"},
           {t::kLockEnabled, "servicePrincipalLockConfiguration/isEnabled"}}};
}

inline Mapping CredentialMapping() {
  namespace t = entra_application_credential;
  return {t::kDataset,
          {{t::kKeyId, "keyId", Form::kFold},
           {t::kStarts, "startDateTime"},
           {t::kEnds, "endDateTime"}}};
}

}  // namespace assay::graph
