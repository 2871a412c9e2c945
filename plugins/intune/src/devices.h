// Where Graph's answers on devices and licences keep what the datasets hold.
#pragma once

#include "assay/mapping.h"
#include "datasets.h"

namespace assay::intune {

/// Raw slice 0 holds the service plans: one row each.
inline Mapping SkuMapping() {
  namespace t = intune_sku_plan;
  return {t::kDataset,
          {{t::kSkuId, "skuId", Form::kFold},
           {t::kSkuName, "skuPartNumber"},
           {t::kCapabilityStatus, "capabilityStatus"},
           {0, "servicePlans", Form::kRaw}}};
}

inline Mapping PlanMapping() {
  namespace t = intune_sku_plan;
  return {t::kDataset,
          {{t::kPlanId, "servicePlanId", Form::kFold},
           {t::kPlanName, "servicePlanName"},
           {t::kProvisioningStatus, "provisioningStatus"}}};
}

inline Mapping DeviceMapping() {
  namespace t = intune_device;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kEntraDeviceId, "azureADDeviceId", Form::kFold},
           {t::kDeviceName, "deviceName"},
           {t::kOperatingSystem, "operatingSystem"},
           {t::kOsVersion, "osVersion"},
           {t::kComplianceState, "complianceState"},
           {t::kIsEncrypted, "isEncrypted"},
           {t::kJailBroken, "jailBroken"},
           {t::kLastSync, "lastSyncDateTime"},
           {t::kOwnerType, "managedDeviceOwnerType"},
           {t::kManagementAgent, "managementAgent"},
           {t::kIsSupervised, "isSupervised"},
           {t::kThreatState, "partnerReportedThreatState"},
           {t::kAndroidPatchLevel, "androidSecurityPatchLevel"}}};
}

/// The answer has no id of its own: the key comes from the request.
inline Mapping SummaryMapping() {
  namespace t = intune_compliance_summary;
  return {t::kDataset,
          {{t::kCompliant, "compliantDeviceCount"},
           {t::kNonCompliant, "nonCompliantDeviceCount"},
           {t::kInGracePeriod, "inGracePeriodCount"},
           {t::kError, "errorDeviceCount"},
           {t::kConflict, "conflictDeviceCount"},
           {t::kUnknown, "unknownDeviceCount"},
           {t::kRemediated, "remediatedDeviceCount"},
           {t::kNotApplicable, "notApplicableDeviceCount"}}};
}

inline Mapping CleanupRuleMapping() {
  namespace t = intune_cleanup_rule;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kPlatform, "deviceCleanupRulePlatformType"},
           {t::kInactivityDays, "deviceInactivityBeforeRetirementInDays"}}};
}

inline Mapping DetectedAppMapping() {
  namespace t = intune_detected_app;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kVersion, "version"},
           {t::kDeviceCount, "deviceCount"},
           {t::kPlatform, "platform"},
           {t::kPublisher, "publisher"}}};
}

inline Mapping LapsMapping() {
  namespace t = intune_laps_credential;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDeviceName, "deviceName"},
           {t::kLastBackup, "lastBackupDateTime"},
           {t::kRefresh, "refreshDateTime"}}};
}

inline Mapping BitlockerKeyMapping() {
  namespace t = intune_bitlocker_key;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kCreated, "createdDateTime"},
           {t::kVolumeType, "volumeType"},
           {t::kDeviceId, "deviceId", Form::kFold}}};
}

}  // namespace assay::intune
