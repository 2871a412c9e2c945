// What configures the demo tenant's devices: the settings catalogue, older profiles, updates,
// protection of apps. Planted: an antivirus policy for nobody, ASR rules that only audit one
// attack, a ring without deadline beside a good one, Android apps that hand data to every app.
#include <fmt/format.h>

#include "demo/world.h"

namespace assay::demo {
namespace {

constexpr const char* kConfiguration = "DeviceManagementConfiguration.Read.All";
constexpr const char* kApps = "DeviceManagementApps.Read.All";
const std::string kValue = "#microsoft.graph.deviceManagementConfiguration";

Json Assignments(const World& world, const std::string& label, bool assigned) {
  if (!assigned) return Json::Array();
  Json target = Json::Object({{"@odata.type", "#microsoft.graph.allDevicesAssignmentTarget"}});
  return Json::Array({Json::Object({{"id", world.seeded().Guid(label + "/assignment")},
                                    {"source", "direct"},
                                    {"target", std::move(target)}})});
}

Json Policy(const World& world, const char* name, const char* family, bool assigned) {
  const std::string label = std::string("configuration/") + name;
  Json reference = Json::Object({{"templateId", world.seeded().Guid(family) + "_1"},
                                 {"templateFamily", family},
                                 {"templateDisplayName", name},
                                 {"templateDisplayVersion", "Version 1"}});
  return Json::Object({{"id", world.seeded().Guid(label)},
                       {"name", name},
                       {"platforms", "windows10"},
                       {"technologies", "mdm,microsoftSense"},
                       {"isAssigned", assigned},
                       {"lastModifiedDateTime", world.seeded().Day(label, -80)},
                       {"settingCount", 2},
                       {"templateReference", std::move(reference)},
                       {"assignments", Assignments(world, label, assigned)}});
}

/// A setting with a value of a list, and the settings that this value opens.
Json Choice(const std::string& id, const std::string& value, std::vector<Json> children = {}) {
  return Json::Object(
      {{"@odata.type", kValue + "ChoiceSettingInstance"},
       {"settingDefinitionId", id},
       {"choiceSettingValue", Json::Object({{"@odata.type", kValue + "ChoiceSettingValue"},
                                            {"value", id + value},
                                            {"children", Json::Array(std::move(children))}})}});
}

void AddSettings(World& world, const char* policy, std::vector<Json> instances) {
  std::vector<Json> settings;
  for (size_t i = 0; i < instances.size(); ++i) {
    settings.push_back(
        Json::Object({{"id", std::to_string(i)}, {"settingInstance", std::move(instances[i])}}));
  }
  const std::string id = world.seeded().Guid(std::string("configuration/") + policy);
  world.AddGraph("/beta/deviceManagement/configurationPolicies/" + id + "/settings", kConfiguration,
                 std::move(settings));
}

void AddSettingsCatalogue(World& world) {
  std::vector<Json> policies = {
      Policy(world, "Disk encryption", "endpointSecurityDiskEncryption", true),
      Policy(world, "Local administrators", "endpointSecurityAccountProtection", true),
      Policy(world, "Attack surface", "endpointSecurityAttackSurfaceReduction", true),
      Policy(world, "Antivirus", "endpointSecurityAntivirus", false),
      Policy(world, "Firewall", "endpointSecurityFirewall", true),
      Policy(world, "Onboarding", "endpointSecurityEndpointDetectionAndResponse", true),
      Policy(world, "Windows baseline", "baseline", true)};
  world.AddGraph("/beta/deviceManagement/configurationPolicies", kConfiguration,
                 std::move(policies));
  const std::string locker = "device_vendor_msft_bitlocker_";
  const std::string drives = locker + "encryptionmethodbydrivetype";
  AddSettings(
      world, "Disk encryption",
      {Choice(locker + "requiredeviceencryption", "_1"),
       Choice(drives, "_1", {Choice(drives + "_encryptionmethodwithxtsosdropdown_name", "_7")})});
  AddSettings(world, "Local administrators",
              {Choice("device_vendor_msft_laps_policies_backupdirectory", "_1")});
  const std::string rules = "device_vendor_msft_policy_config_defender_attacksurfacereductionrules";
  Json group = Json::Object(
      {{"children",
        Json::Array({Choice(rules + "_blockabuseofexploitedvulnerablesigneddrivers", "_block"),
                     Choice(rules + "_blockcredentialstealingfromwindowslocalsecurityauthority"
                                    "subsystem",
                            "_audit"),
                     Choice(rules + "_blockpersistencethroughwmieventsubscription", "_block")})}});
  AddSettings(world, "Attack surface",
              {Json::Object({{"@odata.type", kValue + "GroupSettingCollectionInstance"},
                             {"settingDefinitionId", rules},
                             {"groupSettingCollectionValue", Json::Array({std::move(group)})}})});
}

Json Ring(const World& world, const char* name, int deferral, Json deadline) {
  const std::string label = std::string("ring/") + name;
  return Json::Object({{"@odata.type", "#microsoft.graph.windowsUpdateForBusinessConfiguration"},
                       {"id", world.seeded().Guid(label)},
                       {"displayName", name},
                       {"lastModifiedDateTime", world.seeded().Day(label, -120)},
                       {"qualityUpdatesDeferralPeriodInDays", deferral},
                       {"featureUpdatesDeferralPeriodInDays", 30},
                       {"deadlineForQualityUpdatesInDays", std::move(deadline)},
                       {"deadlineForFeatureUpdatesInDays", 14},
                       {"deadlineGracePeriodInDays", 2},
                       {"automaticUpdateMode", "autoInstallAndRebootAtMaintenanceTime"},
                       {"qualityUpdatesPaused", false},
                       {"featureUpdatesPaused", false},
                       {"assignments", Assignments(world, label, true)}});
}

void AddProfiles(World& world) {
  const Seeded& seeded = world.seeded();
  world
      .AddGraph("/beta/deviceManagement/deviceConfigurations", kConfiguration,
                {Ring(world, "Pilot ring", 0, 3), Ring(world, "Plant floor ring", 21, Json())})
      .expand = {"assignments"};
  world.AddGraph("/beta/deviceManagement/compliancePolicies", kConfiguration, {}).expand = {
      "settings", "assignments"};
  world.AddGraph("/beta/deviceManagement/intents", kConfiguration, {});
  world
      .AddGraph("/beta/deviceManagement/windowsFeatureUpdateProfiles", kConfiguration,
                {Json::Object({{"id", seeded.Guid("feature/24h2")},
                               {"displayName", "Windows 11 24H2"},
                               {"featureUpdateVersion", "Windows 11, version 24H2"},
                               {"endOfSupportDate", seeded.At(340)},
                               {"assignments", Assignments(world, "feature/24h2", true)}}),
                 Json::Object({{"id", seeded.Guid("feature/22h2")},
                               {"displayName", "Hold Windows 11 22H2"},
                               {"featureUpdateVersion", "Windows 11, version 22H2"},
                               {"endOfSupportDate", seeded.At(-20)},
                               {"assignments", Assignments(world, "feature/22h2", true)}})})
      .expand = {"assignments"};
  world.AddGraph("/beta/deviceManagement/windowsQualityUpdateProfiles", kConfiguration, {});
  world.AddGraph("/beta/deviceManagement/windowsDriverUpdateProfiles", kConfiguration,
                 {Json::Object({{"id", seeded.Guid("drivers")},
                                {"displayName", "Drivers"},
                                {"approvalType", "automatic"}})});
}

Json AppProtection(const World& world, const char* name, const char* outbound) {
  const std::string label = std::string("apps/") + name;
  return Json::Object({{"id", "T_" + world.seeded().Guid(label)},
                       {"displayName", name},
                       {"isAssigned", true},
                       {"pinRequired", true},
                       {"minimumPinLength", 6},
                       {"allowedOutboundDataTransferDestinations", outbound},
                       {"allowedOutboundClipboardSharingLevel", "managedAppsWithPasteIn"},
                       {"saveAsBlocked", true},
                       {"dataBackupBlocked", true},
                       {"deviceComplianceRequired", true},
                       {"encryptAppData", true},
                       {"screenCaptureBlocked", true},
                       {"minimumRequiredOsVersion", "14.0"},
                       {"assignments", Assignments(world, label, true)}});
}

}  // namespace

void AddIntunePolicies(World& world) {
  AddSettingsCatalogue(world);
  AddProfiles(world);
  world
      .AddGraph("/v1.0/deviceAppManagement/iosManagedAppProtections", kApps,
                {AppProtection(world, "Apps on iPhones", "managedApps")})
      .expand = {"assignments"};
  world
      .AddGraph("/v1.0/deviceAppManagement/androidManagedAppProtections", kApps,
                {AppProtection(world, "Apps on Android", "allApps")})
      .expand = {"assignments"};
}

}  // namespace assay::demo
