// The defender collector: the visible subscriptions, then plans, recommendations and scores of
// each.
#include <string>

#include "assay/azure_scope.h"
#include "assay/collector.h"
#include "datasets.h"

namespace assay::defender {
namespace {

Mapping SubscriptionMapping() {
  namespace t = defender_subscription;
  return {t::kDataset,
          {{t::kId, "subscriptionId", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kState, "state"}}};
}

Mapping PricingMapping() {
  namespace t = defender_pricing;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kName, "name"},
           {t::kTier, "properties/pricingTier"},
           {t::kSubPlan, "properties/subPlan"},
           {t::kExtensions, "properties/extensions"},
           {t::kDeprecated, "properties/deprecated"},
           {t::kTrialRemaining, "properties/freeTrialRemainingTime"},
           {t::kCoverage, "properties/resourcesCoverageStatus"}}};
}

Mapping ScoreMapping() {
  namespace t = defender_secure_score;
  return {t::kDataset,
          {{t::kName, "name"},
           {t::kScoreCurrent, "properties/score/current"},
           {t::kScoreMax, "properties/score/max"},
           {t::kScoreRatio, "properties/score/percentage"}}};
}

Mapping AssessmentMapping() {
  namespace t = defender_assessment;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kName, "name", Form::kFold},
           {t::kDisplayName, "properties/displayName"},
           {t::kStatus, "properties/status/code"},
           {t::kStatusCause, "properties/status/cause"},
           {t::kFirstEvaluated, "properties/status/firstEvaluationDate"},
           {t::kStatusChanged, "properties/status/statusChangeDate"},
           {t::kSeverity, "properties/metadata/severity"},
           {t::kResourceId, "properties/resourceDetails/Id", Form::kFold}}};
}

class DefenderCollector : public Collector {
 public:
  void Collect(Context& context) override {
    Reader reader(context);
    AzureScope scope(context);
    reader.Add({.endpoint = &endpoint::kArmSubscriptions,
                .mapping = &subscription_,
                .hook = [&](Record& record) { Follow(record, scope); },
                .leads_to = {&defender_pricing::kDataset, &defender_secure_score::kDataset,
                             &defender_assessment::kDataset}});
    reader.Drain();
    scope.StateUnseen(context, {&defender_subscription::kDataset, &defender_pricing::kDataset,
                                &defender_secure_score::kDataset, &defender_assessment::kDataset});
  }

 private:
  void Follow(Record& record, AzureScope& scope) {
    const std::string id(record.row().TextOf(defender_subscription::kId));
    if (!scope.Wants(id, record.row().TextOf(defender_subscription::kDisplayName)))
      return record.Drop();
    if (id.empty() || record.row().TextOf(defender_subscription::kState) == "Deleted") return;
    Reader& reader = record.reader();
    const std::vector<Param> params = {{"subscriptionId", id}};
    reader.Add({.endpoint = &endpoint::kDefenderPricings,
                .mapping = &pricing_,
                .params = params,
                .preset = {{defender_pricing::kSubscriptionId, id}}});
    reader.Add({.endpoint = &endpoint::kDefenderSecureScores,
                .mapping = &score_,
                .params = params,
                .preset = {{defender_secure_score::kSubscriptionId, id}}});
    reader.Add({.endpoint = &endpoint::kDefenderAssessments,
                .mapping = &assessment_,
                .params = params,
                .preset = {{defender_assessment::kSubscriptionId, id}}});
  }

  const Mapping subscription_ = SubscriptionMapping();
  const Mapping pricing_ = PricingMapping();
  const Mapping score_ = ScoreMapping();
  const Mapping assessment_ = AssessmentMapping();
};

}  // namespace
}  // namespace assay::defender

ASSAY_PLUGIN(assay::defender::DefenderCollector);
