#include "mappings.h"

namespace assay::defender {
namespace {

/// Datasets of which the item column holds everything but identity.
Mapping Named(const DatasetInfo& dataset, uint32_t id, uint32_t name) {
  return {dataset, {{id, "id", Form::kFold}, {name, "name"}}};
}

Mapping ScoreMapping() {
  namespace t = defender_secure_score;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kName, "name"},
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

Mapping AlertMapping() {
  namespace t = defender_alert;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kName, "name"},
           {t::kDisplayName, "properties/alertDisplayName"},
           {t::kAlertType, "properties/alertType"},
           {t::kSeverity, "properties/severity"},
           {t::kStatus, "properties/status"},
           {t::kIntent, "properties/intent"},
           {t::kGenerated, "properties/timeGeneratedUtc"},
           {t::kStarted, "properties/startTimeUtc"},
           {t::kProduct, "properties/productName"}}};
}

}  // namespace

std::vector<Listing> Listings() {
  namespace score = defender_secure_score;
  namespace control = defender_score_control;
  namespace assessment = defender_assessment;
  namespace alert = defender_alert;
  namespace rule = defender_suppression_rule;
  namespace setting = defender_setting;
  namespace jit = defender_jit_policy;
  namespace agent = defender_auto_provisioning;
  namespace va = defender_va_setting;
  namespace automation = defender_automation;
  namespace governance = defender_governance_rule;
  namespace connector = defender_connector;
  namespace e = endpoint;
  return {
      {&e::kDefenderSecureScores, ScoreMapping(), score::kSubscriptionId},
      {&e::kDefenderAssessments, AssessmentMapping(), assessment::kSubscriptionId},
      {&e::kDefenderAlerts, AlertMapping(), alert::kSubscriptionId},
      {&e::kDefenderJitPolicies,
       {jit::kDataset, {{jit::kId, "id", Form::kFold}}},
       jit::kSubscriptionId},
      {&e::kDefenderSecureScoreControls, Named(control::kDataset, control::kId, control::kName),
       control::kSubscriptionId},
      {&e::kDefenderAlertSuppressionRules, Named(rule::kDataset, rule::kId, rule::kName),
       rule::kSubscriptionId},
      {&e::kDefenderSettings, Named(setting::kDataset, setting::kId, setting::kName),
       setting::kSubscriptionId},
      {&e::kDefenderAutoProvisioning, Named(agent::kDataset, agent::kId, agent::kName),
       agent::kSubscriptionId},
      {&e::kDefenderServerVaSettings, Named(va::kDataset, va::kId, va::kName), va::kSubscriptionId},
      {&e::kDefenderAutomations, Named(automation::kDataset, automation::kId, automation::kName),
       automation::kSubscriptionId},
      {&e::kDefenderGovernanceRules,
       Named(governance::kDataset, governance::kId, governance::kName),
       governance::kSubscriptionId},
      {&e::kDefenderSecurityConnectors,
       Named(connector::kDataset, connector::kId, connector::kName), connector::kSubscriptionId},
  };
}

Mapping SubscriptionMapping() {
  namespace t = defender_subscription;
  return {t::kDataset,
          {{t::kId, "subscriptionId", Form::kFold},
           {t::kArmId, "id", Form::kFold},
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

Mapping ContactMapping() {
  namespace t = defender_contact;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold}, {t::kName, "name"}, {t::kEmails, "properties/emails"}}};
}

Mapping SubassessmentMapping() {
  namespace t = defender_subassessment;
  return {t::kDataset,
          {{t::kSubscriptionId, "subscriptionId", Form::kFold},
           {t::kAssessment, "assessment", Form::kFold},
           {t::kSeverity, "severity"},
           {t::kFindings, "n"}}};
}

Mapping StandardMapping() {
  namespace t = defender_standard;
  return Named(t::kDataset, t::kId, t::kName);
}

Mapping StandardControlMapping() {
  namespace t = defender_standard_control;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kName, "name"},
           {t::kDescription, "properties/description"},
           {t::kState, "properties/state"},
           {t::kPassed, "properties/passedAssessments"},
           {t::kFailed, "properties/failedAssessments"},
           {t::kSkipped, "properties/skippedAssessments"}}};
}

Mapping TenantScoreMapping() {
  namespace t = m365_secure_score;
  return {t::kDataset,
          {{t::kId, "id"},
           {t::kCreated, "createdDateTime"},
           {t::kCurrent, "currentScore"},
           {t::kMaximum, "maxScore"},
           {t::kActiveUsers, "activeUserCount"},
           {t::kLicensedUsers, "licensedUserCount"},
           {kControlScores, "controlScores", Form::kRaw}}};
}

Mapping ControlScoreMapping() {
  namespace t = m365_control_score;
  return {t::kDataset,
          {{t::kControlName, "controlName"},
           {t::kCategory, "controlCategory"},
           {t::kScore, "score"},
           {t::kScorePercent, "scoreInPercentage"},
           {t::kImplementation, "implementationStatus"}}};
}

Mapping ControlProfileMapping() {
  namespace t = m365_control_profile;
  return {t::kDataset, {{t::kId, "id"}, {t::kTitle, "title"}}};
}

Mapping XdrAlertMapping() {
  namespace t = xdr_alert;
  return {t::kDataset,
          {{t::kId, "id"},
           {t::kIncidentId, "incidentId"},
           {t::kTitle, "title"},
           {t::kSeverity, "severity"},
           {t::kStatus, "status"},
           {t::kClassification, "classification"},
           {t::kDetermination, "determination"},
           {t::kServiceSource, "serviceSource"},
           {t::kDetectionSource, "detectionSource"},
           {t::kCategory, "category"},
           {t::kCreated, "createdDateTime"},
           {t::kResolved, "resolvedDateTime"},
           {t::kUpdated, "lastUpdateDateTime"},
           {t::kAssigned, "assignedTo"}}};
}

Mapping XdrIncidentMapping() {
  namespace t = xdr_incident;
  return {t::kDataset,
          {{t::kId, "id"},
           {t::kDisplayName, "displayName"},
           {t::kSeverity, "severity"},
           {t::kStatus, "status"},
           {t::kClassification, "classification"},
           {t::kDetermination, "determination"},
           {t::kCreated, "createdDateTime"},
           {t::kUpdated, "lastUpdateDateTime"},
           {t::kRedirectId, "redirectIncidentId"},
           {t::kAssigned, "assignedTo"}}};
}

Mapping HealthIssueMapping() {
  namespace t = mdi_health_issue;
  return {t::kDataset, {{t::kId, "id"}, {t::kDisplayName, "displayName"}}};
}

}  // namespace assay::defender
