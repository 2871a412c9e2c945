// Where Graph's answers on policies keep what the datasets hold. Raw slice 0 of those that have
// assignments holds them: the hook counts.
#pragma once

#include "assay/mapping.h"
#include "datasets.h"

namespace assay::intune {

/// Names differ by platform: what a type lacks stays null.
inline Mapping CompliancePolicyMapping() {
  namespace t = intune_compliance_policy;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kKind, "@odata.type"},
           {t::kModified, "lastModifiedDateTime"},
           {0, "assignments", Form::kRaw},
           {t::kScheduledActions, "scheduledActionsForRule"},
           {t::kBitlocker, "bitLockerEnabled"},
           {t::kStorageEncryption, "storageRequireEncryption"},
           {t::kSecureBoot, "secureBootEnabled"},
           {t::kCodeIntegrity, "codeIntegrityEnabled"},
           {t::kOsMinimum, "osMinimumVersion"},
           {t::kPasswordRequired, "passwordRequired"},
           {t::kPasscodeRequired, "passcodeRequired"},
           {t::kDefender, "defenderEnabled"},
           {t::kRealTimeProtection, "rtpEnabled"},
           {t::kAntivirus, "antivirusRequired"},
           {t::kFirewall, "activeFirewallRequired"},
           {t::kThreatProtection, "deviceThreatProtectionEnabled"},
           {t::kThreatLevel, "deviceThreatProtectionRequiredSecurityLevel"},
           {t::kBlockJailbroken, "securityBlockJailbrokenDevices"},
           {t::kSafetynetIntegrity, "securityRequireSafetyNetAttestationBasicIntegrity"},
           {t::kPlayIntegrity, "securityRequirePlayIntegrityBasicIntegrity"}}};
}

inline Mapping CompliancePolicyV2Mapping() {
  namespace t = intune_compliance_policy_v2;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kName, "name"},
           {t::kPlatforms, "platforms"},
           {t::kTechnologies, "technologies"},
           {0, "assignments", Form::kRaw}}};
}

inline Mapping DeviceConfigurationMapping() {
  namespace t = intune_device_configuration;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kKind, "@odata.type"},
           {t::kModified, "lastModifiedDateTime"},
           {0, "assignments", Form::kRaw},
           {t::kQualityDeferralDays, "qualityUpdatesDeferralPeriodInDays"},
           {t::kQualityDeadlineDays, "deadlineForQualityUpdatesInDays"},
           {t::kQualityPaused, "qualityUpdatesPaused"},
           {t::kBitlockerEncrypt, "bitLockerEncryptDevice"}}};
}

inline Mapping ConfigurationPolicyMapping() {
  namespace t = intune_configuration_policy;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kName, "name"},
           {t::kPlatforms, "platforms"},
           {t::kTechnologies, "technologies"},
           {t::kIsAssigned, "isAssigned"},
           {t::kTemplateFamily, "templateReference/templateFamily"}}};
}

/// Raw slice 0 is the tree of one setting; setting_tree.h makes the rows.
inline Mapping PolicySettingMapping() {
  namespace t = intune_policy_setting;
  return {t::kDataset, {{t::kPosition, "id"}, {0, "settingInstance", Form::kRaw}}};
}

inline Mapping IntentMapping() {
  namespace t = intune_intent;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kIsAssigned, "isAssigned"},
           {t::kTemplateId, "templateId", Form::kFold},
           {t::kModified, "lastModifiedDateTime"}}};
}

inline Mapping FeatureUpdateMapping() {
  namespace t = intune_feature_update_profile;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kVersion, "featureUpdateVersion"},
           {t::kEndOfSupport, "endOfSupportDate"}}};
}

inline Mapping QualityUpdateMapping() {
  namespace t = intune_quality_update_profile;
  return {t::kDataset, {{t::kId, "id", Form::kFold}, {t::kDisplayName, "displayName"}}};
}

inline Mapping DriverUpdateMapping() {
  namespace t = intune_driver_update_profile;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kApprovalType, "approvalType"}}};
}

inline Mapping IosProtectionMapping() {
  namespace t = intune_ios_protection;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kIsAssigned, "isAssigned"},
           {t::kPinRequired, "pinRequired"},
           {t::kOutboundTransfer, "allowedOutboundDataTransferDestinations"},
           {t::kSaveAsBlocked, "saveAsBlocked"},
           {t::kBackupBlocked, "dataBackupBlocked"}}};
}

inline Mapping AndroidProtectionMapping() {
  namespace t = intune_android_protection;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kIsAssigned, "isAssigned"},
           {t::kPinRequired, "pinRequired"},
           {t::kOutboundTransfer, "allowedOutboundDataTransferDestinations"},
           {t::kSaveAsBlocked, "saveAsBlocked"},
           {t::kEncryptAppData, "encryptAppData"}}};
}

}  // namespace assay::intune
