// Managed devices and compliance policies; planted: devices that are not compliant, not encrypted
// or silent for weeks.
#include <fmt/format.h>

#include <array>

#include "demo/world.h"

namespace assay::demo {
namespace {

constexpr size_t kDevices = 48;

struct System {
  const char* name;
  const char* version;
  const char* prefix;
};
constexpr std::array<System, 4> kSystems = {{{"Windows", "10.0.26100.4351", "AUR-LT"},
                                             {"iOS", "18.6.2", "AUR-IP"},
                                             {"macOS", "15.6.1", "AUR-MB"},
                                             {"Android", "15", "AUR-AN"}}};

const System& SystemOf(size_t i) { return kSystems[i % 8 < 5 ? 0 : i % 8 - 4]; }

const char* ComplianceOf(size_t i) {
  if (i == 4 || i == 19 || i == 33) return "noncompliant";
  return i == 11 ? "inGracePeriod" : "compliant";
}

Json Device(const World& world, size_t i) {
  const Seeded& seeded = world.seeded();
  const System& system = SystemOf(i);
  std::string label = fmt::format("device/{}", i);
  bool personal = i % 9 == 7;
  bool android = std::string_view(system.name) == "Android";
  bool windows = std::string_view(system.name) == "Windows";
  bool old = i == 16;
  return Json::Object({
      {"id", seeded.Guid(label)},
      {"userId", world.people[9 + i * 2].id},
      {"deviceName", fmt::format("{}-{:03}", system.prefix, 100 + i)},
      {"managedDeviceOwnerType", personal ? "personal" : "company"},
      {"enrolledDateTime", seeded.Day(label, -500 + static_cast<int>(i) * 9)},
      {"lastSyncDateTime", seeded.Day(label + "/sync", i == 22 || i == 40 ? -64 : 0)},
      {"operatingSystem", system.name},
      {"complianceState", ComplianceOf(i)},
      {"jailBroken", windows ? "Unknown" : "False"},
      {"managementAgent", "mdm"},
      {"osVersion", old ? "10.0.19042.1288" : system.version},
      {"azureADRegistered", true},
      {"deviceEnrollmentType", windows ? "windowsAzureADJoin" : "userEnrollment"},
      {"azureADDeviceId", seeded.Guid(label + "/entra")},
      {"deviceRegistrationState", "registered"},
      {"isSupervised", std::string_view(system.name) == "iOS" && !personal},
      {"isEncrypted", !(i == 3 || i == 19)},
      {"complianceGracePeriodExpirationDateTime", i == 11 ? seeded.At(2) : "9999-12-31T23:59:59Z"},
      {"androidSecurityPatchLevel", android ? Json(seeded.At(-40).substr(0, 10)) : Json("")},
      {"partnerReportedThreatState", "unknown"},
  });
}

Json Policy(const World& world, const char* type, const char* name,
            std::vector<Json::Member> settings, bool assigned) {
  const Seeded& seeded = world.seeded();
  std::string label = std::string("compliance/") + name;
  Json assignments = Json::Array();
  if (assigned) {
    assignments = Json::Array({Json::Object(
        {{"id", seeded.Guid(label) + "_adadadad-808e-44e2-905a-0b7873a8a531"},
         {"source", "direct"},
         {"target",
          Json::Object({{"@odata.type", "#microsoft.graph.allDevicesAssignmentTarget"}})}})});
  }
  Json action = Json::Object({{"id", seeded.Guid(label + "/action")},
                              {"gracePeriodHours", 24},
                              {"actionType", "block"},
                              {"notificationTemplateId", ""},
                              {"notificationMessageCCList", Json::Array()}});
  Json policy = Json::Object({{"@odata.type", type},
                              {"id", seeded.Guid(label)},
                              {"createdDateTime", seeded.Day(label, -350)},
                              {"description", nullptr},
                              {"lastModifiedDateTime", seeded.Day(label, -45)},
                              {"displayName", name},
                              {"version", 3}});
  for (auto& [key, value] : settings) policy.Set(key, std::move(value));
  policy.Set("assignments", std::move(assignments));
  policy.Set("scheduledActionsForRule",
             Json::Array({Json::Object(
                 {{"id", seeded.Guid(label + "/rule")},
                  {"ruleName", nullptr},
                  {"scheduledActionConfigurations", Json::Array({std::move(action)})}})}));
  return policy;
}

}  // namespace

void AddIntune(World& world) {
  std::vector<Json> devices;
  for (size_t i = 0; i < kDevices; ++i) devices.push_back(Device(world, i));
  world
      .AddGraph("/v1.0/deviceManagement/managedDevices", "DeviceManagementManagedDevices.Read.All",
                std::move(devices))
      .page = 20;
  std::vector<Json> policies = {
      Policy(world, "#microsoft.graph.windows10CompliancePolicy", "Windows baseline",
             {{"bitLockerEnabled", true},
              {"storageRequireEncryption", true},
              {"secureBootEnabled", true},
              {"codeIntegrityEnabled", true},
              {"osMinimumVersion", "10.0.22631.0"},
              {"passwordRequired", true},
              {"defenderEnabled", true},
              {"rtpEnabled", true},
              {"antivirusRequired", true},
              {"activeFirewallRequired", true},
              {"deviceThreatProtectionEnabled", true},
              {"deviceThreatProtectionRequiredSecurityLevel", "low"}},
             true),
      Policy(world, "#microsoft.graph.iosCompliancePolicy", "iPhone baseline",
             {{"passcodeRequired", true},
              {"securityBlockJailbrokenDevices", true},
              {"osMinimumVersion", "18.0"}},
             true),
      Policy(world, "#microsoft.graph.macOSCompliancePolicy", "Mac baseline",
             {{"storageRequireEncryption", true}, {"passwordRequired", true}}, true),
      Policy(world, "#microsoft.graph.androidWorkProfileCompliancePolicy", "Android work profile",
             {{"passwordRequired", true}, {"securityBlockJailbrokenDevices", true}}, false)};
  Resource& compliance =
      world.AddGraph("/beta/deviceManagement/deviceCompliancePolicies",
                     "DeviceManagementConfiguration.Read.All", std::move(policies));
  compliance.expand = {"assignments", "scheduledActionsForRule"};
}

}  // namespace assay::demo
