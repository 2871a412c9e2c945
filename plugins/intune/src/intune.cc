// The intune collector: managed devices and compliance policies. Personal properties of devices
// that no check needs (serial numbers, user names) are not even asked for.
#include "assay/collector.h"
#include "datasets.h"

namespace assay::intune {
namespace {

Mapping DeviceMapping() {
  namespace t = intune_device;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
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

/// Raw slice 0 holds the assignments. Names differ by platform: what a type lacks stays null.
Mapping PolicyMapping() {
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

class IntuneCollector : public Collector {
 public:
  void Collect(Context& context) override {
    Reader reader(context);
    reader.Add({.endpoint = &endpoint::kIntuneManagedDevices, .mapping = &device_});
    reader.Add({.endpoint = &endpoint::kIntuneCompliancePolicies,
                .mapping = &policy_,
                .hook = [](Record& record) {
                  if (!record.Has(0)) return;
                  record.row().Int(intune_compliance_policy::kAssignmentCount, record.Count(0));
                }});
    reader.Drain();
  }

 private:
  const Mapping device_ = DeviceMapping();
  const Mapping policy_ = PolicyMapping();
};

}  // namespace
}  // namespace assay::intune

ASSAY_PLUGIN(assay::intune::IntuneCollector);
