// What Cost Management and Advisor hold of each subscription. Planted: one budget is overspent, one
// subscription has neither budget nor anomaly alert, one security recommendation is open.
#include <fmt/format.h>

#include "demo/azure_ids.h"
#include "demo/world.h"

namespace assay::demo {
namespace {

Json Export(const World& world, const std::string& base) {
  const Seeded& seeded = world.seeded();
  Json done = Json::Object({{"status", "Completed"},
                            {"executionType", "Scheduled"},
                            {"submittedTime", seeded.At(-1)},
                            {"processingEndTime", seeded.At(-1)}});
  Json properties = Json::Object(
      {{"format", "Csv"},
       {"compressionMode", "none"},
       {"partitionData", true},
       {"dataOverwriteBehavior", "CreateNewReport"},
       {"definition", Json::Object({{"type", "FocusCost"}, {"timeframe", "MonthToDate"}})},
       {"schedule", Json::Object({{"status", "Active"},
                                  {"recurrence", "Daily"},
                                  {"recurrencePeriod", Json::Object({{"from", seeded.At(-400)},
                                                                     {"to", seeded.At(900)}})}})},
       {"deliveryInfo",
        Json::Object({{"destination",
                       Json::Object({{"resourceId",
                                      ResourceId(world, 0, "Microsoft.Storage/storageAccounts", 0)},
                                     {"container", "exports"},
                                     {"rootFolderPath", "focus"}})}})},
       {"runHistory",
        Json::Object(
            {{"value", Json::Array({Json::Object({{"properties", std::move(done)}})})}})}});
  return Json::Object({{"id", base + "Microsoft.CostManagement/exports/daily"},
                       {"name", "daily"},
                       {"type", "Microsoft.CostManagement/exports"},
                       {"properties", std::move(properties)}});
}

Json Budget(const World& world, const std::string& base, const char* spent) {
  Json notice = Json::Object({{"enabled", true},
                              {"operator", "GreaterThan"},
                              {"threshold", 80},
                              {"contactEmails", Json::Texts({"controlling@aurelia.example"})},
                              {"contactRoles", Json::Array()}});
  Json properties =
      Json::Object({{"amount", Json::Raw("4000.0")},
                    {"timeGrain", "Monthly"},
                    {"timePeriod", Json::Object({{"startDate", world.seeded().At(-300)},
                                                 {"endDate", world.seeded().At(400)}})},
                    {"currentSpend", Json::Object({{"amount", Json::Raw(spent)}, {"unit", "EUR"}})},
                    {"notifications", Json::Object({{"Actual_80", std::move(notice)}})}});
  return Json::Object({{"id", base + "Microsoft.Consumption/budgets/monthly"},
                       {"name", "monthly"},
                       {"type", "Microsoft.Consumption/budgets"},
                       {"properties", std::move(properties)}});
}

Json AnomalyAlert(const World& world, const std::string& base) {
  Json properties = Json::Object(
      {{"displayName", "Unusual spend"},
       {"status", "Enabled"},
       {"schedule", Json::Object({{"frequency", "Daily"}, {"endDate", world.seeded().At(300)}})}});
  return Json::Object({{"id", base + "Microsoft.CostManagement/scheduledActions/anomalies"},
                       {"name", "anomalies"},
                       {"kind", "InsightAlert"},
                       {"properties", std::move(properties)}});
}

Json Recommendation(const World& world, size_t sub, const char* category, const char* impact,
                    const char* problem) {
  const std::string machine = ResourceId(world, sub, "Microsoft.Web/sites", 1);
  const std::string name = world.seeded().Guid(fmt::format("advice/{}/{}", sub, category));
  return Json::Object(
      {{"id", machine + "/providers/Microsoft.Advisor/recommendations/" + name},
       {"name", name},
       {"type", "Microsoft.Advisor/recommendations"},
       {"properties", Json::Object({{"category", category},
                                    {"impact", impact},
                                    {"impactedField", "Microsoft.Web/sites"},
                                    {"impactedValue", machine.substr(machine.rfind('/') + 1)},
                                    {"lastUpdated", world.seeded().Day(name, -2)},
                                    {"shortDescription", Json::Object({{"problem", problem}})}})}});
}

}  // namespace

void AddCost(World& world) {
  for (size_t sub = 0; sub < kSubscriptions; ++sub) {
    const std::string base = Scope(world, sub) + "/providers/";
    std::vector<Json> exports, budgets, actions, advice;
    if (sub == 0) exports.push_back(Export(world, base));
    if (sub < 2) budgets.push_back(Budget(world, base, sub == 0 ? "2711.48" : "4318.02"));
    if (sub < 2) actions.push_back(AnomalyAlert(world, base));
    advice.push_back(Recommendation(world, sub, "Cost", "Medium", "Sites are larger than needed"));
    if (sub == 1)
      advice.push_back(
          Recommendation(world, sub, "Security", "High", "Sites accept old versions of TLS"));
    world.AddArm(base + "Microsoft.CostManagement/exports", std::move(exports));
    world.AddArm(base + "Microsoft.Consumption/budgets", std::move(budgets));
    world.AddArm(base + "Microsoft.CostManagement/scheduledActions", std::move(actions));
    world.AddArm(base + "Microsoft.CostManagement/alerts", {});
    world.AddArm(base + "Microsoft.Advisor/recommendations", std::move(advice));
  }
}

}  // namespace assay::demo
