// Intune as a service of the demo tenant: enrolment, connections, roles, logs. Planted: devices
// without a policy count as compliant, private Windows devices may enrol, a volume purchase token
// that runs out, a silent certificate connector, two laptops whose password is not kept.
#include <fmt/format.h>

#include <string_view>

#include "demo/world.h"

namespace assay::demo {
namespace {

constexpr const char* kService = "DeviceManagementServiceConfig.Read.All";
constexpr const char* kConfiguration = "DeviceManagementConfiguration.Read.All";
constexpr const char* kDevices = "DeviceManagementManagedDevices.Read.All";
constexpr const char* kRoles = "DeviceManagementRBAC.Read.All";

Json Restriction(bool personal) {
  return Json::Object({{"platformBlocked", false},
                       {"personalDeviceEnrollmentBlocked", !personal},
                       {"osMinimumVersion", ""},
                       {"osMaximumVersion", ""}});
}

void AddEnrolment(World& world) {
  const std::string id = world.seeded().Guid("enrolment");
  Json platforms = Json::Object(
      {{"@odata.type", "#microsoft.graph.deviceEnrollmentPlatformRestrictionsConfiguration"},
       {"id", id + "_DefaultPlatformRestrictions"},
       {"displayName", "All users and all devices"},
       {"priority", 0},
       {"iosRestriction", Restriction(false)},
       {"androidRestriction", Restriction(false)},
       {"androidForWorkRestriction", Restriction(false)},
       {"windowsRestriction", Restriction(true)},
       {"macOSRestriction", Restriction(false)},
       {"assignments", Json::Array()}});
  Json hello = Json::Object(
      {{"@odata.type", "#microsoft.graph.deviceEnrollmentWindowsHelloForBusinessConfiguration"},
       {"id", id + "_DefaultWindowsHelloForBusiness"},
       {"displayName", "All users and all devices"},
       {"priority", 0},
       {"state", "enabled"},
       {"enhancedBiometricsState", "enabled"},
       {"pinMinimumLength", 6},
       {"securityDeviceRequired", true},
       {"assignments", Json::Array()}});
  world
      .AddGraph("/v1.0/deviceManagement/deviceEnrollmentConfigurations", kService,
                {std::move(platforms), std::move(hello)})
      .expand = {"assignments"};
  world.AddGraphSingle(
      "/beta/deviceManagement", kService,
      Json::Object({{"id", world.seeded().Guid("intune")},
                    {"subscriptionState", "active"},
                    {"settings", Json::Object({{"deviceComplianceCheckinThresholdDays", 30},
                                               {"isScheduledActionEnabled", true},
                                               {"secureByDefault", false}})},
                    {"intuneBrand", Json::Object({{"displayName", "Aurelia Instruments"}})}}));
}

void AddTokens(World& world) {
  const Seeded& seeded = world.seeded();
  world.AddGraphSingle("/v1.0/deviceManagement/applePushNotificationCertificate", kService,
                       Json::Object({{"id", seeded.Guid("apns")},
                                     {"appleIdentifier", "devices@aurelia.example"},
                                     {"lastModifiedDateTime", seeded.At(-150)},
                                     {"expirationDateTime", seeded.At(215)}}));
  world.AddGraph("/beta/deviceManagement/depOnboardingSettings", kService,
                 {Json::Object({{"id", seeded.Guid("dep")},
                                {"tokenName", "Apple Business Manager"},
                                {"tokenExpirationDateTime", seeded.At(190)},
                                {"lastSuccessfulSyncDateTime", seeded.Day("dep/sync", 0)},
                                {"lastSyncErrorCode", 0}})});
  world.AddGraph("/v1.0/deviceAppManagement/vppTokens", kService,
                 {Json::Object({{"id", seeded.Guid("vpp")},
                                {"organizationName", "Aurelia Instruments"},
                                {"state", "valid"},
                                {"expirationDateTime", seeded.At(12)},
                                {"lastSyncDateTime", seeded.Day("vpp/sync", 0)},
                                {"lastSyncStatus", "completed"}})});
  world.AddGraphSingle("/beta/deviceManagement/androidManagedStoreAccountEnterpriseSettings",
                       kConfiguration,
                       Json::Object({{"id", "androidManagedStoreAccountEnterpriseSettings"},
                                     {"bindStatus", "boundAndValidated"},
                                     {"lastAppSyncDateTime", seeded.Day("play", 0)},
                                     {"lastAppSyncStatus", "success"},
                                     {"enrollmentTarget", "all"}}));
}

void AddConnectors(World& world) {
  const Seeded& seeded = world.seeded();
  world.AddGraph("/beta/deviceManagement/ndesConnectors", kConfiguration,
                 {Json::Object({{"id", seeded.Guid("ndes")},
                                {"displayName", "PKI-CONNECTOR-01"},
                                {"state", "inactive"},
                                {"lastConnectionDateTime", seeded.Day("ndes", -9)},
                                {"connectorVersion", "6.2406.0.1001"}})});
  world.AddGraph("/v1.0/deviceManagement/mobileThreatDefenseConnectors", kService,
                 {Json::Object({{"id", "fc780465-2017-40d4-a0c5-307022471b92"},
                                {"partnerState", "enabled"},
                                {"lastHeartbeatDateTime", seeded.Day("mtd", 0)},
                                {"windowsEnabled", true},
                                {"androidEnabled", true},
                                {"iosEnabled", true},
                                {"partnerUnresponsivenessThresholdInDays", 7},
                                {"partnerUnsupportedOsVersionBlocked", false}})});
}

void AddAdministration(World& world) {
  const Seeded& seeded = world.seeded();
  Json action =
      Json::Object({{"allowedResourceActions", Json::Texts({"Microsoft.Intune_Devices_Read"})},
                    {"notAllowedResourceActions", Json::Array()}});
  Json permission = Json::Object({{"resourceActions", Json::Array({std::move(action)})}});
  world.AddGraph("/v1.0/deviceManagement/roleDefinitions", kRoles,
                 {Json::Object({{"id", seeded.Guid("intune/role")},
                                {"displayName", "Help desk"},
                                {"isBuiltIn", true},
                                {"rolePermissions", Json::Array({std::move(permission)})}})});
  world.AddGraph("/v1.0/deviceManagement/roleAssignments", kRoles,
                 {Json::Object({{"id", seeded.Guid("intune/assignment")},
                                {"displayName", "Help desk of the plant"},
                                {"members", Json::Texts({seeded.Guid("group/1")})},
                                {"resourceScopes", Json::Texts({seeded.Guid("group/2")})},
                                {"scopeType", "resourceScope"}})});
  world.AddGraph("/beta/deviceManagement/operationApprovalPolicies", kConfiguration, {});
  world.AddGraph("/beta/deviceManagement/managedDeviceCleanupRules", kDevices,
                 {Json::Object({{"id", seeded.Guid("cleanup")},
                                {"displayName", "Gone for a quarter"},
                                {"deviceCleanupRulePlatformType", "all"},
                                {"deviceInactivityBeforeRetirementInDays", 90}})});
  world.AddGraph("/v1.0/deviceManagement/termsAndConditions", kService,
                 {Json::Object({{"id", seeded.Guid("terms")},
                                {"displayName", "Use of company devices"},
                                {"version", 2},
                                {"lastModifiedDateTime", seeded.Day("terms", -400)}})});
}

/// A change by the first administrator, `hours` ago.
Json Change(const World& world, const char* type, const char* operation, const char* resource,
            int hours) {
  const std::string label = std::string("intune/change/") + type;
  Json target = Json::Object({{"displayName", "Aurelia"}, {"type", resource}});
  return Json::Object(
      {{"id", world.seeded().Guid(label)},
       {"componentName", "DeviceConfiguration"},
       {"activityDateTime", Seconds(world.seeded().now() - std::chrono::hours(hours))},
       {"activityType", type},
       {"activityOperationType", operation},
       {"activityResult", "Success"},
       {"category", "DeviceConfiguration"},
       {"actor", Json::Object({{"type", "ItPro"},
                               {"applicationId", "5926fc8e-304e-4f59-8bed-58ca97cc39a4"},
                               {"userPrincipalName", world.people[0].upn}})},
       {"resources", Json::Array({std::move(target)})}});
}

void AddChanges(World& world) {
  world.AddGraph(
      "/v1.0/deviceManagement/auditEvents", "DeviceManagementApps.Read.All",
      {Change(world, "Patch DeviceCompliancePolicy", "Patch", "DeviceCompliancePolicy", 30),
       Change(world, "wipe ManagedDevice", "Action", "ManagedDevice", 75),
       Change(world, "Create DeviceConfiguration", "Create", "DeviceConfiguration", 400)});
}

/// Windows laptops of the list of devices; for all but two the password is kept.
void AddLaps(World& world, const Resource& devices) {
  std::vector<Json> kept;
  size_t windows = 0;
  for (const Json& device : devices.items) {
    if (device.Find("operatingSystem")->text() != "Windows") continue;
    const std::string name = device.Find("deviceName")->text();
    if (++windows == 7 || windows == 15) continue;
    kept.push_back(Json::Object({{"id", device.Find("azureADDeviceId")->text()},
                                 {"deviceName", name},
                                 {"lastBackupDateTime", world.seeded().Day("laps/" + name, -12)},
                                 {"refreshDateTime", world.seeded().Day("laps/" + name, 18)}}));
  }
  world
      .AddGraph("/v1.0/directory/deviceLocalCredentials", "DeviceLocalCredential.ReadBasic.All",
                std::move(kept))
      .page = 100;
}

void AddReports(World& world, const Resource& devices) {
  int compliant = 0, broken = 0, grace = 0;
  for (const Json& device : devices.items) {
    const std::string& state = device.Find("complianceState")->text();
    ++(state == "compliant" ? compliant : state == "inGracePeriod" ? grace : broken);
  }
  world.AddGraphSingle("/v1.0/deviceManagement/deviceCompliancePolicyDeviceStateSummary",
                       kConfiguration,
                       Json::Object({{"id", world.seeded().Guid("summary")},
                                     {"compliantDeviceCount", compliant},
                                     {"nonCompliantDeviceCount", broken},
                                     {"inGracePeriodCount", grace},
                                     {"errorDeviceCount", 0},
                                     {"conflictDeviceCount", 0},
                                     {"unknownDeviceCount", 0},
                                     {"remediatedDeviceCount", 0},
                                     {"notApplicableDeviceCount", 0}}));
  world.AddGraph("/v1.0/deviceManagement/detectedApps", kDevices,
                 {Json::Object({{"id", world.seeded().Guid("app/7zip")},
                                {"displayName", "7-Zip 24.08"},
                                {"version", "24.08"},
                                {"deviceCount", 19},
                                {"platform", "windows"},
                                {"publisher", "Igor Pavlov"}})});
  world.AddGraph("/v1.0/informationProtection/bitlocker/recoveryKeys", "BitlockerKey.ReadBasic.All",
                 {Json::Object({{"id", world.seeded().Guid("recovery")},
                                {"createdDateTime", world.seeded().Day("recovery", -300)},
                                {"volumeType", "operatingSystemVolume"},
                                {"deviceId", devices.items[0].Find("azureADDeviceId")->text()}})});
  world.AddArm("/providers/microsoft.intune/diagnosticSettings", {});
}

}  // namespace

void AddIntuneService(World& world) {
  const Resource& devices = *world.Find(Host::kGraph, "/v1.0/deviceManagement/managedDevices");
  AddEnrolment(world);
  AddTokens(world);
  AddConnectors(world);
  AddAdministration(world);
  AddChanges(world);
  AddLaps(world, devices);
  AddReports(world, devices);
}

}  // namespace assay::demo
