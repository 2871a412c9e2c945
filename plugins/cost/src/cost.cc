// The cost collector: what Cost Management and Advisor hold of each visible subscription, then the
// exports that the configuration names.
#include <simdjson.h>

#include <string>

#include "assay/azure_scope.h"
#include "assay/collector.h"
#include "datasets.h"
#include "export_reader.h"

namespace assay::cost {
namespace {

/// Kept slices of a budget.
enum Slice : uint32_t { kNotifications };

Mapping SubscriptionMapping() {
  namespace t = cost_subscription;
  return {t::kDataset,
          {{t::kId, "subscriptionId", Form::kFold},
           {t::kArmId, "id", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kState, "state"}}};
}

Mapping ExportMapping() {
  namespace t = cost_export;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kName, "name"},
           {t::kStorageId, "properties/deliveryInfo/destination/resourceId", Form::kFold}}};
}

Mapping BudgetMapping() {
  namespace t = cost_budget;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kName, "name"},
           {t::kAmount, "properties/amount"},
           {t::kTimeGrain, "properties/timeGrain"},
           {t::kPeriodStart, "properties/timePeriod/startDate"},
           {t::kPeriodEnd, "properties/timePeriod/endDate"},
           {t::kCurrentSpend, "properties/currentSpend/amount"},
           {t::kUnit, "properties/currentSpend/unit"},
           {t::kForecastSpend, "properties/forecastSpend/amount"},
           {t::kFilter, "properties/filter"},
           {kNotifications, "properties/notifications", Form::kRaw}}};
}

Mapping ActionMapping() {
  namespace t = cost_scheduled_action;
  return {t::kDataset, {{t::kId, "id", Form::kFold}, {t::kName, "name"}}};
}

Mapping AlertMapping() {
  namespace t = cost_alert;
  return {t::kDataset, {{t::kId, "id", Form::kFold}, {t::kName, "name"}}};
}

Mapping RecommendationMapping() {
  namespace t = cost_recommendation;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kCategory, "properties/category"},
           {t::kImpact, "properties/impact"},
           {t::kImpactedField, "properties/impactedField"},
           {t::kImpactedValue, "properties/impactedValue"},
           {t::kProblem, "properties/shortDescription/problem"},
           {t::kLastUpdated, "properties/lastUpdated"},
           {t::kSuppressionIds, "properties/suppressionIds"}}};
}

size_t SizeOf(const simdjson::dom::element& notice, const char* list) {
  simdjson::dom::array array;
  return notice[list].get(array) == simdjson::SUCCESS ? array.size() : 0;
}

/// How many notices of a budget are on and reach somebody. Who that is stays out of the rows.
int64_t CountNotices(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object notices;
  int64_t count = 0;
  if (parser.parse(json.data(), json.size(), true).get(notices) != simdjson::SUCCESS) return 0;
  for (const auto [name, notice] : notices) {
    bool on = false;
    if (notice["enabled"].get(on) != simdjson::SUCCESS || !on) continue;
    if (SizeOf(notice, "contactEmails") + SizeOf(notice, "contactGroups") +
            SizeOf(notice, "contactRoles") >
        0)
      ++count;
  }
  return count;
}

class CostCollector : public Collector {
 public:
  void Collect(Context& context) override {
    Reader reader(context);
    AzureScope scope(context);
    const std::vector<const DatasetInfo*> further = {
        &cost_export::kDataset, &cost_budget::kDataset, &cost_scheduled_action::kDataset,
        &cost_alert::kDataset, &cost_recommendation::kDataset};
    reader.Add({.endpoint = &endpoint::kArmSubscriptions,
                .mapping = &subscription_,
                .hook = [&](Record& record) { Follow(record, scope); },
                .leads_to = further});
    reader.Drain();
    std::vector<const DatasetInfo*> all = further;
    all.push_back(&cost_subscription::kDataset);
    scope.StateUnseen(context, all);
    ExportReader(context).Read();
  }

 private:
  void Follow(Record& record, AzureScope& scope) {
    const std::string id(record.row().TextOf(cost_subscription::kId));
    if (!scope.Wants(id, record.row().TextOf(cost_subscription::kDisplayName)))
      return record.Drop();
    if (id.empty() || record.row().TextOf(cost_subscription::kState) == "Deleted") return;
    Reader& reader = record.reader();
    const std::vector<Param> params = {{"subscriptionId", id}};
    const auto add = [&](const EndpointInfo& endpoint, const Mapping& mapping, uint32_t column,
                         std::function<void(Record&)> hook = {}) {
      reader.Add({.endpoint = &endpoint,
                  .mapping = &mapping,
                  .params = params,
                  .preset = {{column, id}},
                  .hook = std::move(hook)});
    };
    add(endpoint::kCostExports, export_, cost_export::kSubscriptionId);
    add(endpoint::kCostBudgets, budget_, cost_budget::kSubscriptionId, [](Record& budget) {
      budget.row().Int(cost_budget::kNotices, CountNotices(budget.Raw(kNotifications)));
    });
    add(endpoint::kCostScheduledActions, action_, cost_scheduled_action::kSubscriptionId);
    add(endpoint::kCostAlerts, alert_, cost_alert::kSubscriptionId);
    add(endpoint::kCostAdvisor, recommendation_, cost_recommendation::kSubscriptionId);
  }

  const Mapping subscription_ = SubscriptionMapping();
  const Mapping export_ = ExportMapping();
  const Mapping budget_ = BudgetMapping();
  const Mapping action_ = ActionMapping();
  const Mapping alert_ = AlertMapping();
  const Mapping recommendation_ = RecommendationMapping();
};

}  // namespace
}  // namespace assay::cost

ASSAY_PLUGIN(assay::cost::CostCollector);
