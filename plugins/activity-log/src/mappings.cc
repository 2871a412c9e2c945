#include "mappings.h"

namespace assay::activity_log {

Mapping SubscriptionMapping() {
  namespace t = log_subscription;
  return {t::kDataset,
          {{t::kId, "subscriptionId", Form::kFold},
           {t::kArmId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kState, "state"}}};
}

Mapping EventMapping() {
  namespace t = log_event;
  return {t::kDataset,
          {{t::kId, "eventDataId", Form::kFold},
           {t::kAt, "eventTimestamp"},
           {t::kOperation, "operationName/value"},
           {t::kCategory, "category/value"},
           {t::kLevel, "level"},
           {t::kStatus, "status/value"},
           {t::kCaller, "caller"},
           {t::kAction, "authorization/action"},
           {t::kScope, "authorization/scope", Form::kFold},
           {t::kResourceId, "resourceId", Form::kFold},
           {t::kResourceType, "resourceType/value", Form::kFold},
           {t::kCorrelationId, "correlationId", Form::kFold}}};
}

Mapping TenantEventMapping() {
  namespace t = log_tenant_event;
  return {t::kDataset,
          {{t::kId, "eventDataId", Form::kFold},
           {t::kAt, "eventTimestamp"},
           {t::kOperation, "operationName/value"},
           {t::kStatus, "status/value"},
           {t::kCaller, "caller"},
           {t::kScope, "authorization/scope", Form::kFold},
           {t::kCorrelationId, "correlationId", Form::kFold}}};
}

Mapping SubscriptionSettingMapping() {
  namespace t = log_subscription_setting;
  return {t::kDataset, {{t::kId, "id", Form::kFold}, {t::kName, "name"}}};
}

Mapping EntraSettingMapping() {
  namespace t = log_entra_setting;
  return {t::kDataset, {{t::kId, "id", Form::kFold}, {t::kName, "name"}}};
}

Mapping ResourceMapping() {
  namespace t = log_resource;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kSubscriptionId, "subscriptionId", Form::kFold},
           {t::kType, "type", Form::kFold}}};
}

Mapping ResourceSettingMapping() {
  namespace t = log_resource_setting;
  return {t::kDataset, {{t::kId, "id", Form::kFold}, {t::kName, "name"}}};
}

Mapping AlertMapping() {
  namespace t = log_alert;
  return {t::kDataset, {{t::kId, "id", Form::kFold}, {t::kName, "name"}}};
}

Mapping ActionGroupMapping() {
  namespace t = log_action_group;
  return {t::kDataset, {{t::kId, "id", Form::kFold}, {t::kName, "name"}}};
}

Mapping DirectoryAuditMapping() {
  namespace t = log_directory_audit;
  return {t::kDataset,
          {{t::kId, "id"},
           {t::kAt, "activityDateTime"},
           {t::kActivity, "activityDisplayName"},
           {t::kCategory, "category"},
           {t::kOperationType, "operationType"},
           {t::kResult, "result"},
           {t::kService, "loggedByService"},
           {t::kUserId, "initiatedBy/user/id", Form::kFold},
           {t::kAppId, "initiatedBy/app/appId", Form::kFold},
           {t::kServicePrincipalId, "initiatedBy/app/servicePrincipalId", Form::kFold},
           {t::kAppName, "initiatedBy/app/displayName"}}};
}

Mapping SignInMapping() {
  namespace t = log_sign_in;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kAt, "createdDateTime"},
           {t::kUserId, "userId", Form::kFold},
           {t::kAppId, "appId", Form::kFold},
           {t::kAppName, "appDisplayName"},
           {t::kClientApp, "clientAppUsed"},
           {t::kCaStatus, "conditionalAccessStatus"},
           {t::kInteractive, "isInteractive"},
           {t::kErrorCode, "status/errorCode"},
           {t::kRiskLevel, "riskLevelDuringSignIn"},
           {t::kRiskState, "riskState"},
           {t::kDeviceCompliant, "deviceDetail/isCompliant"},
           {t::kDeviceManaged, "deviceDetail/isManaged"},
           {t::kDeviceTrust, "deviceDetail/trustType"},
           {t::kCountry, "location/countryOrRegion"},
           {t::kResourceName, "resourceDisplayName"},
           {t::kRequirement, "authenticationRequirement"}}};
}

Mapping ProvisioningMapping() {
  namespace t = log_provisioning;
  return {t::kDataset,
          {{t::kId, "id"},
           {t::kAt, "activityDateTime"},
           {t::kAction, "provisioningAction"},
           {t::kStatus, "provisioningStatusInfo/status"},
           {t::kServicePrincipal, "servicePrincipal/displayName"}}};
}

}  // namespace assay::activity_log
