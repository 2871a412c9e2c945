// App registrations with their credentials; planted: an expired secret and one about to expire.
#include <fmt/format.h>

#include <array>

#include "demo/world.h"

namespace assay::demo {
namespace {

struct App {
  const char* name;
  int secret_from, secret_until;  ///< days from now; 0,0: no secret
  int key_until;                  ///< 0: no certificate
  const char* redirect;
  bool owner;
  bool multi_tenant;
};
constexpr std::array<App, 14> kApps = {{
    {"assay evidence reader", -20, 160, 0, "", true, false},
    {"Calibration Portal", -10, 80, 0, "https://calibration.aurelia.example/signin", true, false},
    {"Spare Parts Shop", -200, -40, 0, "https://shop.aurelia.example/auth", true, true},
    {"Lab Notebook", 0, 0, 300, "https://lab.aurelia.example/", true, false},
    {"Payroll Bridge", -170, 9, 0, "https://payroll.aurelia.example/cb", true, false},
    {"Fleet Tracker", -30, 140, 0, "https://fleet.aurelia.example/cb", true, false},
    {"Visitor Kiosk", 0, 0, 0, "https://kiosk.aurelia.example/cb", true, false},
    {"Metrology Dashboard", 0, 0, 200, "https://metrology.aurelia.example/", true, false},
    {"Works Council Votes", 0, 0, 0, "https://votes.aurelia.example/", true, false},
    {"Backup Orchestrator", 0, 0, 90, "", true, false},
    {"Ticket Sync", -60, 100, 0, "", true, false},
    {"Firmware Signer", 0, 0, 340, "", true, false},
    {"Docs Search", 0, 0, 0, "http://localhost:4200/", true, false},
    {"Press Review", -5, 85, 0, "https://press.aurelia.example/cb", true, false},
}};

Json Secret(const Seeded& seeded, const App& app) {
  return Json::Object({{"customKeyIdentifier", nullptr},
                       {"displayName", "set by script"},
                       {"endDateTime", seeded.At(app.secret_until)},
                       {"hint", "dmo"},
                       {"keyId", seeded.Guid(std::string(app.name) + "/secret")},
                       {"secretText", nullptr},
                       {"startDateTime", seeded.At(app.secret_from)}});
}

Json Certificate(const Seeded& seeded, const App& app) {
  return Json::Object({{"customKeyIdentifier", "QXVyZWxpYQ=="},
                       {"displayName", fmt::format("CN={}", app.name)},
                       {"endDateTime", seeded.At(app.key_until)},
                       {"key", nullptr},
                       {"keyId", seeded.Guid(std::string(app.name) + "/key")},
                       {"startDateTime", seeded.At(app.key_until - 365)},
                       {"type", "AsymmetricX509Cert"},
                       {"usage", "Verify"}});
}

Json Web(const App& app) {
  std::vector<std::string> redirects;
  if (*app.redirect != '\0') redirects.push_back(app.redirect);
  return Json::Object({{"homePageUrl", nullptr},
                       {"logoutUrl", nullptr},
                       {"redirectUris", Json::Texts(redirects)},
                       {"implicitGrantSettings", Json::Object({{"enableAccessTokenIssuance", false},
                                                               {"enableIdTokenIssuance", false}})},
                       {"redirectUriSettings", Json::Array()}});
}

Json Application(const World& world, const App& app, size_t i) {
  const Seeded& seeded = world.seeded();
  std::string app_id = i == 0 ? world.client_id() : seeded.Guid(std::string(app.name) + "/appId");
  Json secrets = Json::Array(), keys = Json::Array(), owners = Json::Array();
  if (app.secret_until != 0) secrets = Json::Array({Secret(seeded, app)});
  if (app.key_until != 0) keys = Json::Array({Certificate(seeded, app)});
  if (app.owner) {
    owners = Json::Array({Json::Object(
        {{"@odata.type", "#microsoft.graph.user"}, {"id", world.people[3 + i % 6].id}})});
  }
  return Json::Object({
      {"id", seeded.Guid(app.name)},
      {"appId", app_id},
      {"displayName", app.name},
      {"createdDateTime", seeded.Day(app.name, -600 + static_cast<int>(i) * 30)},
      {"signInAudience", app.multi_tenant ? "AzureADMultipleOrgs" : "AzureADMyOrg"},
      {"isDeviceOnlyAuthSupported", nullptr},
      {"isFallbackPublicClient", nullptr},
      {"servicePrincipalLockConfiguration", Json::Object({{"isEnabled", true},
                                                          {"allProperties", true},
                                                          {"credentialsWithUsageVerify", true},
                                                          {"credentialsWithUsageSign", true},
                                                          {"identifierUris", false},
                                                          {"tokenEncryptionKeyId", true}})},
      {"verifiedPublisher", Json::Object({{"displayName", nullptr},
                                          {"verifiedPublisherId", nullptr},
                                          {"addedDateTime", nullptr}})},
      {"appRoles", Json::Array()},
      {"api", Json::Raw(R"({"acceptMappedClaims":null,"knownClientApplications":[],)"
                        R"("requestedAccessTokenVersion":2,"oauth2PermissionScopes":[],)"
                        R"("preAuthorizedApplications":[]})")},
      {"keyCredentials", std::move(keys)},
      {"passwordCredentials", std::move(secrets)},
      {"publicClient", Json::Raw(R"({"redirectUris":[]})")},
      {"requiredResourceAccess", Json::Array()},
      {"web", Web(app)},
      {"spa", Json::Raw(R"({"redirectUris":[]})")},
      {"owners", std::move(owners)},
  });
}

}  // namespace

void AddApplications(World& world) {
  std::vector<Json> applications;
  for (size_t i = 0; i < kApps.size(); ++i) applications.push_back(Application(world, kApps[i], i));
  Resource& all =
      world.AddGraph("/v1.0/applications", "Application.Read.All", std::move(applications));
  all.page = 6;
  all.expand = {"owners"};
}

}  // namespace assay::demo
