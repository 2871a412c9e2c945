// Settings and state of the services beside the directory.
#include "demo/world.h"

namespace assay::demo {
namespace {

/// Planted: guests may pass on what was shared with them.
void AddSharePoint(World& world) {
  world.AddGraphSingle(
      "/v1.0/admin/sharepoint/settings", "SharePointTenantSettings.Read.All",
      Json::Object({{"sharingCapability", "existingExternalUserSharingOnly"},
                    {"sharingDomainRestrictionMode", "allowList"},
                    {"sharingAllowedDomainList", Json::Texts({"partner.example"})},
                    {"sharingBlockedDomainList", Json::Array()},
                    {"isLegacyAuthProtocolsEnabled", false},
                    {"isResharingByExternalUsersEnabled", true},
                    {"isUnmanagedSyncAppForTenantRestricted", true},
                    {"idleSessionSignOut",
                     Json::Raw(R"({"isEnabled":true,"signOutAfterInSeconds":3600})")}}));
}

void AddOfficeSettings(World& world) {
  world.AddGraphSingle("/v1.0/admin/reportSettings", "ReportSettings.Read.All",
                       Json::Object({{"displayConcealedNames", true}}));
  world.AddGraphSingle(
      "/beta/admin/appsAndServices", "OrgSettings-AppsAndServices.Read.All",
      Json::Object(
          {{"id", "appsAndServices"},
           {"settings",
            Json::Raw(R"({"isOfficeStoreEnabled":false,"isAppAndServicesTrialEnabled":false})")}}));
  world.AddGraphSingle(
      "/beta/admin/forms", "OrgSettings-Forms.Read.All",
      Json::Object(
          {{"id", "forms"},
           {"settings",
            Json::Raw(
                R"({"isInOrgFormsPhishingScanEnabled":true,"isExternalSendFormEnabled":true})")}}));
}

/// Planted: mail is slow today.
void AddHealth(World& world) {
  const auto service = [](const char* id, const char* name, const char* status) {
    return Json::Object(
        {{"id", id}, {"service", name}, {"status", status}, {"issues", Json::Array()}});
  };
  auto& health =
      world.AddGraph("/v1.0/admin/serviceAnnouncement/healthOverviews", "ServiceHealth.Read.All",
                     {service("Exchange", "Exchange Online", "serviceDegradation"),
                      service("SharePoint", "SharePoint Online", "serviceOperational"),
                      service("Teams", "Microsoft Teams", "serviceOperational")});
  health.expand = {"issues"};
}

void AddGovernance(World& world) {
  const Seeded& seeded = world.seeded();
  const auto label = [&seeded](const char* name, int priority) {
    return Json::Object({{"id", seeded.Guid(std::string("label/") + name)},
                         {"name", name},
                         {"isEnabled", true},
                         {"priority", priority},
                         {"hasProtection", priority > 1}});
  };
  world.AddGraph("/beta/security/dataSecurityAndGovernance/sensitivityLabels",
                 "SensitivityLabels.Read.All", {label("Internal", 1), label("Confidential", 2)});
  world.AddGraph("/v1.0/security/attackSimulation/simulations", "AttackSimulation.Read.All",
                 {Json::Object({{"id", seeded.Guid("simulation/parcel")},
                                {"displayName", "Parcel notice"},
                                {"status", "succeeded"},
                                {"attackType", "social"},
                                {"launchDateTime", seeded.Day("simulation/parcel", -120)}})});
  world.AddGraph("/beta/directory/recommendations", "DirectoryRecommendations.Read.All",
                 {Json::Object({{"id", world.tenant_id() + "_staleApps"},
                                {"recommendationType", "staleApps"},
                                {"status", "active"},
                                {"priority", "low"},
                                {"createdDateTime", seeded.Day("recommendation", -40)}})});
  world.AddGraphSingle("/v1.0/identityGovernance/entitlementManagement/settings",
                       "EntitlementManagement.Read.All",
                       Json::Object({{"durationUntilExternalUserDeletedAfterBlocked", "P30D"},
                                     {"externalUserLifecycleAction", "blockSignInAndDelete"}}));
  world.AddGraph("/v1.0/identityGovernance/lifecycleWorkflows/workflows",
                 "LifecycleWorkflows-Workflow.ReadBasic.All", {});
}

}  // namespace

void AddServices(World& world) {
  AddSharePoint(world);
  AddOfficeSettings(world);
  AddHealth(world);
  AddGovernance(world);
}

}  // namespace assay::demo
