#include "demo/cost_export.h"

#include <fmt/format.h>

#include "demo/azure_ids.h"

namespace assay::demo {
namespace {

constexpr int kDays = 30;
constexpr char kHeader[] =
    "BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,BillingPeriodEnd,"
    "BillingPeriodStart,ChargeCategory,ChargeClass,ChargeDescription,ChargePeriodEnd,"
    "ChargePeriodStart,CommitmentDiscountStatus,ContractedCost,EffectiveCost,InvoiceIssuerName,"
    "ListCost,PricingQuantity,PricingUnit,ProviderName,PublisherName,RegionId,ServiceCategory,"
    "ServiceName,SubAccountId,Tags\r\n";

struct Service {
  const char *category, *name, *publisher, *region;
  int cents;  ///< of a common day
};
constexpr Service kServices[] = {
    {"Compute", "Virtual Machines", "Microsoft", "westeurope", 4211},
    {"Storage", "Storage Accounts", "Microsoft", "westeurope", 1290},
    {"Databases", "Azure SQL Database", "Microsoft", "northeurope", 2835},
    {"Web", "Azure App Service", "Microsoft", "eastus", 377},
    {"Security", "Log search", "Gauge & Sons Software", "", 610},
};

struct Charge {
  const Service* service;
  std::string account, amount, tags;
  int day;
};

std::string Line(const Seeded& seeded, const Charge& charge) {
  const std::string amount = charge.amount;
  return fmt::format(
      "{},4711,Aurelia Instruments,EUR,{},{},Usage,,{},{},{},,{},{},Microsoft,{},1,1 Day,Microsoft,"
      "{},{},{},{},{},{}\r\n",
      amount, seeded.At(1), seeded.At(-kDays), charge.service->name, seeded.At(charge.day + 1),
      seeded.At(charge.day), amount, amount, amount, charge.service->publisher,
      charge.service->region, charge.service->category, charge.service->name, charge.account,
      charge.tags);
}

/// The charges as CSV, and how many there are.
std::pair<std::string, int> Charges(const World& world) {
  const Seeded& seeded = world.seeded();
  std::string out = kHeader;
  int rows = 0;
  for (int day = -kDays; day < 0; ++day)
    for (size_t sub = 0; sub < kSubscriptions; ++sub)
      for (const Service& service : kServices) {
        if (sub > 0 && service.region == std::string("eastus")) continue;
        const std::string label = fmt::format("cost/{}/{}/{}", day, sub, service.name);
        uint64_t cents = static_cast<uint64_t>(service.cents) + seeded.Below(label, 90);
        if (day == -3 && sub == 1) cents *= 10;  // somebody left a test running
        const bool tagged = sub != 2 && seeded.Below(label + "/tag", 10) > 0;
        out += Line(seeded, {&service, Scope(world, sub),
                             fmt::format("{}.{:02}{:06}", cents / 100, cents % 100,
                                         seeded.Below(label + "/part", 1'000'000)),
                             tagged ? "\"{\"\"costCenter\"\":\"\"4711\"\"}\"" : "", day});
        ++rows;
      }
  return {std::move(out), rows};
}

}  // namespace

std::map<std::string, std::string> CostExport(const World& world) {
  const Seeded& seeded = world.seeded();
  const auto [csv, rows] = Charges(world);
  const std::string run = seeded.Guid("cost/run");
  const std::string folder = "focus/daily/" + run + "/";
  const Json blob = Json::Object({{"blobName", folder + "part_0_0001.csv"},
                                  {"byteCount", static_cast<int64_t>(csv.size())},
                                  {"dataRowCount", rows}});
  const Json manifest = Json::Object(
      {{"manifestVersion", "2024-04-01"},
       {"byteCount", static_cast<int64_t>(csv.size())},
       {"blobCount", 1},
       {"dataRowCount", rows},
       {"exportConfig",
        Json::Object(
            {{"exportName", "daily"},
             {"resourceId", Scope(world, 0) + "/providers/Microsoft.CostManagement/exports/daily"},
             {"dataVersion", "1.0"},
             {"type", "FocusCost"}})},
       {"runInfo", Json::Object({{"runId", run},
                                 {"submittedTime", seeded.At(-1)},
                                 {"startDate", seeded.At(-kDays)},
                                 {"endDate", seeded.At(0)}})},
       {"blobs", Json::Array({blob})}});
  return {{folder + "manifest.json", manifest.Dump()}, {folder + "part_0_0001.csv", csv}};
}

}  // namespace assay::demo
