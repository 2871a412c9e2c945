// Defender for Cloud: plans, secure scores, recommendations. Planted: every plan off in one
// subscription, recommendations of high severity that stay open.
#include <fmt/format.h>

#include <array>

#include "demo/azure_ids.h"
#include "demo/world.h"

namespace assay::demo {
namespace {

constexpr std::array<const char*, 12> kPlans = {"VirtualMachines",
                                                "SqlServers",
                                                "AppServices",
                                                "StorageAccounts",
                                                "SqlServerVirtualMachines",
                                                "KeyVaults",
                                                "Arm",
                                                "OpenSourceRelationalDatabases",
                                                "CosmosDbs",
                                                "Containers",
                                                "CloudPosture",
                                                "Api"};

Json Pricing(const World& world, size_t sub, const char* plan) {
  std::string_view name = plan;
  bool off = sub == 1 || name == "Api";
  Json properties = Json::Object(
      {{"pricingTier", off ? "Free" : "Standard"}, {"freeTrialRemainingTime", "PT0S"}});
  if (!off && name == "VirtualMachines") properties.Set("subPlan", "P2");
  if (!off && name == "StorageAccounts") properties.Set("subPlan", "DefenderForStorageV2");
  if (!off) {
    properties.Set("enablementTime", world.seeded().Day(plan, -300));
    properties.Set("resourcesCoverageStatus", "FullyCovered");
    if (name == "VirtualMachines" || name == "CloudPosture") {
      properties.Set(
          "extensions",
          Json::Array({Json::Object({{"name", "AgentlessVmScanning"}, {"isEnabled", "True"}})}));
    } else if (name == "StorageAccounts") {
      properties.Set("extensions", Json::Array({Json::Object({{"name", "OnUploadMalwareScanning"},
                                                              {"isEnabled", "True"}})}));
    }
  }
  return Json::Object({{"id", Scope(world, sub) + "/providers/Microsoft.Security/pricings/" + plan},
                       {"name", plan},
                       {"type", "Microsoft.Security/pricings"},
                       {"properties", std::move(properties)}});
}

constexpr std::array<const char*, 4> kTypes = {"Microsoft.Storage/storageAccounts",
                                               "Microsoft.KeyVault/vaults", "Microsoft.Web/sites",
                                               "Microsoft.Network/virtualNetworks"};

struct Advice {
  const char* key;
  const char* title;
  const char* severity;
};
constexpr std::array<Advice, 6> kAdvice = {
    {{"e1145ab1-eb4f-43d8-911b-36ddf771d13f", "Install updates on machines", "High"},
     {"1c5de8e1-f68d-6a17-e0d2-ec259c42768c", "Storage accounts accept encrypted transport only",
      "High"},
     {"d8326952-60bb-40fb-b33f-51e662708a88", "Key vaults keep deleted objects", "Medium"},
     {"eade5b56-eefd-444f-95c8-23f29e5d93cb", "Subnets have a security group", "Low"},
     {"151e82c5-5341-a74b-1eb0-bc38d2c84bb5", "Owners of subscriptions use a second factor",
      "High"},
     {"57e98606-6b1e-6193-0e3d-fe621387c16b", "Virtual machines encrypt temporary disks",
      "Medium"}}};

/// "Machines should have vulnerability findings resolved" of Defender for Cloud.
constexpr const char* kScan = "1195afff-c881-495e-9bc5-1486211ae03f";

Json Assessment(const World& world, size_t sub, size_t i) {
  const Advice& advice = kAdvice[i % kAdvice.size()];
  std::string label = fmt::format("assessment/{}/{}", sub, i);
  std::string resource = ResourceId(world, sub, kTypes[i % kTypes.size()], i);
  bool healthy = i % 4 != 0 || i % kAdvice.size() == 0;
  Json status =
      Json::Object({{"code", healthy ? "Healthy" : "Unhealthy"},
                    {"firstEvaluationDate", world.seeded().Day(label + "/first", -200)},
                    {"statusChangeDate", world.seeded().Day(label, i % 8 == 0 ? -75 : -6)}});
  return Json::Object(
      {{"type", "Microsoft.Security/assessments"},
       {"id", resource + "/providers/Microsoft.Security/assessments/" + advice.key},
       {"name", advice.key},
       {"properties",
        Json::Object({{"resourceDetails", Json::Object({{"Source", "Azure"}, {"Id", resource}})},
                      {"displayName", advice.title},
                      {"status", std::move(status)},
                      {"metadata", Json::Object({{"displayName", advice.title},
                                                 {"assessmentType", "BuiltIn"},
                                                 {"description", "Shortened for the demo tenant."},
                                                 {"severity", advice.severity},
                                                 {"userImpact", "Low"},
                                                 {"implementationEffort", "Low"}})}})}});
}

/// Findings of vulnerability scans, counted by machine and severity as the query asks for them.
void AddScanFindings(World& world) {
  std::vector<Json> rows;
  for (size_t sub = 0; sub < kSubscriptions; ++sub) {
    const std::string machine = ResourceId(world, sub, "Microsoft.Compute/virtualMachines", 0);
    for (const auto& [severity, count] : {std::pair("High", sub == 1 ? 3 : 0), std::pair("Low", 7)})
      if (count > 0)
        rows.push_back(Json::Object(
            {{"subscriptionId", world.subscriptions()[sub]},
             {"severity", severity},
             {"assessment", machine + "/providers/Microsoft.Security/assessments/" + kScan},
             {"n", count}}));
  }
  Resource& answer =
      world.AddArm(std::string(kResourceGraph) + "/microsoft.security/assessments/subassessments",
                   std::move(rows));
  answer.read_post = true;
  answer.page = 20;
}

}  // namespace

void AddDefender(World& world) {
  AddScanFindings(world);
  constexpr std::array<int, kSubscriptions> kScore = {41, 17, 36};  // of 58
  for (size_t sub = 0; sub < kSubscriptions; ++sub) {
    std::string base = Scope(world, sub) + "/providers/Microsoft.Security/";
    std::vector<Json> pricings, assessments;
    for (const char* plan : kPlans) pricings.push_back(Pricing(world, sub, plan));
    Resource& plans = world.AddArm(base + "pricings", std::move(pricings));
    plans.page = 100;  // the service does not page this list
    int score = kScore[sub];
    world.AddArm(
        base + "secureScores",
        {Json::Object(
            {{"id", base + "secureScores/ascScore"},
             {"name", "ascScore"},
             {"type", "Microsoft.Security/secureScores"},
             {"properties",
              Json::Object({{"displayName", "ASC score"},
                            {"score", Json::Object({{"max", 58},
                                                    {"current", score},
                                                    {"percentage", Json::Raw(fmt::format(
                                                                       "{:.4f}", score / 58.0))}})},
                            {"weight", 120}})}})});
    for (size_t i = 0; i < (sub == 0 ? 24u : 11u); ++i)
      assessments.push_back(Assessment(world, sub, i));
    Resource& list = world.AddArm(base + "assessments", std::move(assessments));
    // `metadata` sits inside properties; the service adds it only when asked, the demo always does.
    list.page = 8;
  }
}

}  // namespace assay::demo
