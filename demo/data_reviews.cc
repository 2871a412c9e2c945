// Access reviews and risk. Planted: no review of guests, an instance that nobody finished, an
// account at high risk for days.
#include <fmt/format.h>

#include "demo/world.h"

namespace assay::demo {
namespace {

Json Review(const World& world, const std::string& id, const char* name, Json scope) {
  return Json::Object(
      {{"id", id},
       {"displayName", name},
       {"createdDateTime", world.seeded().Day(name, -380)},
       {"lastModifiedDateTime", world.seeded().Day(name, -200)},
       {"status", "InProgress"},
       {"scope", std::move(scope)},
       {"instanceEnumerationScope", nullptr},
       {"reviewers", Json::Array({Json::Object({{"query", "/users/" + world.people[3].id},
                                                {"queryType", "MicrosoftGraph"},
                                                {"queryRoot", nullptr}})})},
       {"settings",
        Json::Raw(
            R"({"autoApplyDecisionsEnabled":true,"defaultDecision":"Deny","instanceDurationInDays":14,)"
            R"("recurrence":{"pattern":{"type":"absoluteMonthly","interval":3,"month":0,"dayOfMonth":0},)"
            R"("range":{"type":"noEnd","numberOfOccurrences":0}}})")},
       {"stageSettings", Json::Array()}});
}

Json Instance(const World& world, const std::string& review, int start, const char* status) {
  return Json::Object({{"id", world.seeded().Guid(fmt::format("{}/{}", review, start))},
                       {"startDateTime", world.seeded().At(start)},
                       {"endDateTime", world.seeded().At(start + 14)},
                       {"status", status}});
}

}  // namespace

void AddReviews(World& world) {
  const std::string roles = world.seeded().Guid("review/roles");
  const std::string finance = world.seeded().Guid("review/finance");
  const std::string group = world.seeded().Guid("group/7");
  world.AddGraph(
      "/v1.0/identityGovernance/accessReviews/definitions", "AccessReview.Read.All",
      {Review(world, roles, "Privileged roles",
              Json::Raw(R"({"@odata.type":"#microsoft.graph.principalResourceMembershipsScope",)"
                        R"("principalScopes":[{"query":"/users","queryType":"MicrosoftGraph"}],)"
                        R"("resourceScopes":[{"query":"/roleManagement/directory/roleDefinitions",)"
                        R"("queryType":"MicrosoftGraph"}]})")),
       Review(world, finance, "Members of sg-finance",
              Json::Object({{"@odata.type", "#microsoft.graph.accessReviewQueryScope"},
                            {"query", "/groups/" + group + "/transitiveMembers"},
                            {"queryType", "MicrosoftGraph"}}))});
  const std::string base = "/v1.0/identityGovernance/accessReviews/definitions/";
  world.AddGraph(
      base + roles + "/instances", "AccessReview.Read.All",
      {Instance(world, roles, -97, "Applied"), Instance(world, roles, -7, "InProgress")});
  world.AddGraph(
      base + finance + "/instances", "AccessReview.Read.All",
      {Instance(world, finance, -137, "Applied"), Instance(world, finance, -47, "InProgress")});
}

/// What made the service suspicious of `person`, `day` days from now.
Json Detection(const World& world, const Person& person, const char* type, const char* timing,
               int day) {
  return Json::Object({{"id", world.seeded().Guid(std::string("detection/") + type)},
                       {"userId", person.id},
                       {"userPrincipalName", person.upn},
                       {"userDisplayName", person.name},
                       {"riskEventType", type},
                       {"riskLevel", "high"},
                       {"riskState", "atRisk"},
                       {"source", "IdentityProtection"},
                       {"detectionTimingType", timing},
                       {"detectedDateTime", world.seeded().At(day)}});
}

void AddRisk(World& world) {
  const Person& person = world.people[25];
  world.AddGraph("/v1.0/identityProtection/riskyUsers", "IdentityRiskyUser.Read.All",
                 {Json::Object({{"id", person.id},
                                {"userPrincipalName", person.upn},
                                {"userDisplayName", person.name},
                                {"isDeleted", false},
                                {"isProcessing", false},
                                {"riskLevel", "high"},
                                {"riskState", "atRisk"},
                                {"riskDetail", "none"},
                                {"riskLastUpdatedDateTime", world.seeded().At(-6)}})});
  world.AddGraph("/v1.0/identityProtection/riskyServicePrincipals",
                 "IdentityRiskyServicePrincipal.Read.All", {});
  world.AddGraph("/v1.0/identityProtection/riskDetections", "IdentityRiskEvent.Read.All",
                 {Detection(world, person, "unfamiliarFeatures", "realtime", -6),
                  Detection(world, person, "leakedCredentials", "offline", -40)});
}

}  // namespace assay::demo
