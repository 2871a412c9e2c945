// The organisation itself, its domains and licences.
#include "demo/world.h"

namespace assay::demo {
namespace {

Json Plan(const char* id, const char* name) {
  return Json::Object({{"servicePlanId", id},
                       {"servicePlanName", name},
                       {"provisioningStatus", "Success"},
                       {"appliesTo", "User"}});
}

Json Domain(const char* id, bool initial, bool is_default, int validity) {
  return Json::Object({{"authenticationType", "Managed"},
                       {"availabilityStatus", nullptr},
                       {"id", id},
                       {"isAdminManaged", true},
                       {"isDefault", is_default},
                       {"isInitial", initial},
                       {"isRoot", true},
                       {"isVerified", true},
                       {"supportedServices", Json::Texts({"Email", "OfficeCommunicationsOnline"})},
                       {"passwordValidityPeriodInDays", validity},
                       {"passwordNotificationWindowInDays", 14},
                       {"state", nullptr}});
}

}  // namespace

void AddOrganization(World& world) {
  const Seeded& seeded = world.seeded();
  Json organization = Json::Object({
      {"id", world.tenant_id()},
      {"deletedDateTime", nullptr},
      {"businessPhones", Json::Array()},
      {"city", "Musterhafen"},
      {"country", nullptr},
      {"countryLetterCode", "DE"},
      {"createdDateTime", seeded.Day("organization", -2900)},
      {"displayName", "Aurelia Instruments"},
      {"onPremisesLastSyncDateTime", seeded.Day("organization/sync", 0)},
      {"onPremisesSyncEnabled", true},
      {"preferredLanguage", "en"},
      {"securityComplianceNotificationMails", Json::Texts({"soc@aurelia.example"})},
      {"securityComplianceNotificationPhones", Json::Array()},
      {"technicalNotificationMails", Json::Texts({"it-operations@aurelia.example"})},
      {"tenantType", "AAD"},
      {"privacyProfile", Json::Object({{"contactEmail", "privacy@aurelia.example"},
                                       {"statementUrl", "https://www.aurelia.example/privacy"}})},
      {"verifiedDomains", Json::Array({Json::Object({{"capabilities", "Email"},
                                                     {"isDefault", true},
                                                     {"isInitial", false},
                                                     {"name", "aurelia.example"},
                                                     {"type", "Managed"}})})},
  });
  world.AddGraph("/v1.0/organization", "Organization.Read.All", {std::move(organization)});
  world.AddGraph("/v1.0/domains", "Domain.Read.All",
                 {Domain("aurelia.example", false, true, 2147483647),
                  Domain("aurelia.onmicrosoft.example", true, false, 2147483647),
                  Domain("aurelia-optics.example", false, false, 2147483647)});
  Json e5 = Json::Object(
      {{"capabilityStatus", "Enabled"},
       {"consumedUnits", 95},
       {"id", world.tenant_id() + "_06ebc4ee-1bb5-47dd-8120-11324bc54e06"},
       {"skuId", "06ebc4ee-1bb5-47dd-8120-11324bc54e06"},
       {"skuPartNumber", "SPE_E5"},
       {"appliesTo", "User"},
       {"prepaidUnits",
        Json::Object({{"enabled", 110}, {"suspended", 0}, {"warning", 0}, {"lockedOut", 0}})},
       {"servicePlans",
        Json::Array({Plan("41781fb2-bc02-4b7c-bd55-b576c07bb09d", "AAD_PREMIUM"),
                     Plan("eec0eb4f-6444-4f95-aba0-50c24d67f998", "AAD_PREMIUM_P2"),
                     Plan("c1ec4a95-1f05-45b3-a911-aa3fa01094f5", "INTUNE_A"),
                     Plan("bea4c11e-220a-4e6d-8eb8-8ea15d019f90", "RMS_S_ENTERPRISE"),
                     Plan("8e0c0a52-6a6c-4d40-8370-dd62790dcd70", "THREAT_INTELLIGENCE"),
                     Plan("efb87545-963c-4e0d-99df-69c6916d9eb0", "EXCHANGE_S_ENTERPRISE")})}});
  world.AddGraph("/v1.0/subscribedSkus", "LicenseAssignment.Read.All", {std::move(e5)});
}

}  // namespace assay::demo
