// The rest of Microsoft Defender: contacts, settings, alerts, standards of each subscription;
// secure score, incidents and alerts of the tenant. Planted: no contact in Development, one severe
// alert and one incident that nobody works on.
#include <fmt/format.h>

#include <array>

#include "demo/azure_ids.h"
#include "demo/world.h"

namespace assay::demo {
namespace {

/// One object of the security provider of a subscription.
Json Thing(const World& world, size_t sub, const char* kind, const char* name, Json properties) {
  return Json::Object(
      {{"id", fmt::format("{}/providers/Microsoft.Security/{}/{}", Scope(world, sub), kind, name)},
       {"name", name},
       {"type", std::string("Microsoft.Security/") + kind},
       {"properties", std::move(properties)}});
}

void AddList(World& world, size_t sub, const char* kind, std::vector<Json> items) {
  world.AddArm(Scope(world, sub) + "/providers/Microsoft.Security/" + kind, std::move(items));
}

Json Contact(const World& world, size_t sub) {
  Json sources =
      Json::Array({Json::Object({{"sourceType", "Alert"}, {"minimalSeverity", "High"}}),
                   Json::Object({{"sourceType", "AttackPath"}, {"minimalRiskLevel", "Critical"}})});
  return Thing(world, sub, "securityContacts", "default",
               Json::Object({{"emails", "soc@aurelia.example;it@aurelia.example"},
                             {"phone", ""},
                             {"isEnabled", true},
                             {"notificationsByRole",
                              Json::Object({{"state", "On"}, {"roles", Json::Texts({"Owner"})}})},
                             {"notificationsSources", std::move(sources)}}));
}

Json Alert(const World& world, size_t sub, const char* severity, const char* status, int days) {
  const std::string name = fmt::format("{}-{}-{}", severity, status, sub);
  const std::string when = world.seeded().Day("alert/" + name, days);
  return Thing(
      world, sub, "locations/germanywestcentral/alerts", name.c_str(),
      Json::Object({{"alertDisplayName", "Access from an unusual place to a storage account"},
                    {"alertType", "Storage.Blob_GeoAnomaly"},
                    {"severity", severity},
                    {"status", status},
                    {"intent", "InitialAccess"},
                    {"timeGeneratedUtc", when},
                    {"startTimeUtc", when},
                    {"productName", "Microsoft Defender for Cloud"}}));
}

void AddCloud(World& world, size_t sub) {
  const std::string base = Scope(world, sub) + "/providers/Microsoft.Security/";
  const auto settings = [&](const char* name, bool on) {
    return Thing(world, sub, "settings", name, Json::Object({{"enabled", on}}));
  };
  AddList(world, sub, "securityContacts",
          sub == 1 ? std::vector<Json>{} : std::vector<Json>{Contact(world, sub)});
  AddList(world, sub, "settings", {settings("MCAS", true), settings("WDATP", true)});
  AddList(world, sub, "alerts",
          sub == 0 ? std::vector<Json>{Alert(world, sub, "High", "Active", -4),
                                       Alert(world, sub, "Medium", "Resolved", -20)}
                   : std::vector<Json>{});
  AddList(world, sub, "alertsSuppressionRules", {});
  AddList(world, sub, "jitNetworkAccessPolicies", {});
  AddList(world, sub, "secureScoreControls",
          {Thing(world, sub, "secureScoreControls", "mfa",
                 Json::Object({{"displayName", "Enable MFA"},
                               {"healthyResourceCount", 2},
                               {"unhealthyResourceCount", sub == 1 ? 1 : 0},
                               {"notApplicableResourceCount", 0},
                               {"weight", 3}}))});
  AddList(
      world, sub, "regulatoryComplianceStandards",
      {Thing(world, sub, "regulatoryComplianceStandards", "ISO-27001-2022",
             Json::Object({{"state", "Failed"}, {"passedControls", 1}, {"failedControls", 1}}))});
  const char* controls =
      "regulatoryComplianceStandards/ISO-27001-2022/regulatoryComplianceControls";
  const auto control = [&](const char* name, bool passed) {
    return Thing(world, sub, controls, name,
                 Json::Object({{"description", "Shortened for the demo tenant."},
                               {"state", passed ? "Passed" : "Failed"},
                               {"passedAssessments", 3},
                               {"failedAssessments", passed ? 0 : 1},
                               {"skippedAssessments", 0}}));
  };
  AddList(world, sub, controls, {control("A.5.15", true), control("A.8.8", sub != 1)});
  AddList(world, sub, "autoProvisioningSettings", {});
  AddList(world, sub, "serverVulnerabilityAssessmentsSettings",
          {Thing(world, sub, "serverVulnerabilityAssessmentsSettings", "AzureServersSetting",
                 Json::Object({{"selectedProvider", "MdeTvm"}}))});
  AddList(world, sub, "automations",
          {Thing(world, sub, "automations", "ExportToWorkspace",
                 Json::Object(
                     {{"isEnabled", true},
                      {"sources", Json::Array({Json::Object({{"eventSource", "Alerts"}})})},
                      {"actions", Json::Array({Json::Object({{"actionType", "Workspace"}})})}}))});
  AddList(world, sub, "governanceRules", {});
  AddList(world, sub, "securityConnectors", {});
}

Json Score(const World& world, int day) {
  const auto part = [](const char* name, const char* category, int percent) {
    return Json::Object({{"controlName", name},
                         {"controlCategory", category},
                         {"score", percent / 10},
                         {"scoreInPercentage", percent},
                         {"implementationStatus", "Shortened for the demo tenant."}});
  };
  return Json::Object(
      {{"id", world.tenant_id() + "_" + std::to_string(day)},
       {"azureTenantId", world.tenant_id()},
       {"createdDateTime", world.seeded().At(-day - 1)},
       {"currentScore", 402 - day},
       {"maxScore", 640},
       {"activeUserCount", 98},
       {"licensedUserCount", 104},
       {"controlScores", Json::Array({part("AdminMFAV2", "Identity", 80),
                                      part("BlockLegacyAuthentication", "Identity", 100),
                                      part("mdo_safelinksforemail", "Apps", 50)})}});
}

Json Profile(const char* id, const char* title, int points) {
  return Json::Object({{"id", id},
                       {"title", title},
                       {"service", "EntraID"},
                       {"controlCategory", "Identity"},
                       {"maxScore", points},
                       {"deprecated", false},
                       {"controlStateUpdates", Json::Array()}});
}

Json Incident(const World& world, const char* id, const char* severity, const char* status,
              int days, bool owned) {
  const std::string when = world.seeded().Day(std::string("incident/") + id, days);
  return Json::Object({{"id", id},
                       {"displayName", "Sign-in from an unusual place on one account"},
                       {"severity", severity},
                       {"status", status},
                       {"classification", status == std::string("resolved") ? Json("falsePositive")
                                                                            : Json("unknown")},
                       {"determination", "unknown"},
                       {"assignedTo", owned ? Json("soc@aurelia.example") : Json()},
                       {"createdDateTime", when},
                       {"lastUpdateDateTime", when},
                       {"redirectIncidentId", nullptr}});
}

}  // namespace

void AddSecurity(World& world) {
  for (size_t sub = 0; sub < kSubscriptions; ++sub) AddCloud(world, sub);
  std::vector<Json> scores;
  for (int day = 0; day < 5; ++day) scores.push_back(Score(world, day));
  constexpr const char* kEvents = "SecurityEvents.Read.All";
  world.AddGraph("/v1.0/security/secureScores", kEvents, std::move(scores));
  world.AddGraph("/v1.0/security/secureScoreControlProfiles", kEvents,
                 {Profile("AdminMFAV2", "Administrators use a second factor", 10),
                  Profile("BlockLegacyAuthentication", "Old protocols are blocked", 8),
                  Profile("mdo_safelinksforemail", "Links in mail are checked", 9)});
  world.AddGraph("/v1.0/security/incidents", "SecurityIncident.Read.All",
                 {Incident(world, "31", "high", "active", -5, false),
                  Incident(world, "30", "medium", "active", -2, true),
                  Incident(world, "27", "low", "resolved", -30, true)});
  const std::string when = world.seeded().Day("xdr/alert", -2);
  world.AddGraph("/v1.0/security/alerts_v2", "SecurityAlert.Read.All",
                 {Json::Object({{"id", "da637"},
                                {"incidentId", "30"},
                                {"title", "Suspicious rule of a mailbox"},
                                {"severity", "medium"},
                                {"status", "inProgress"},
                                {"createdDateTime", when},
                                {"lastUpdateDateTime", when},
                                {"assignedTo", "soc@aurelia.example"}})});
  world.AddGraph("/v1.0/security/identities/healthIssues", "SecurityIdentitiesHealth.Read.All", {});
}

}  // namespace assay::demo
