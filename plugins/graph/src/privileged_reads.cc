#include "privileged_reads.h"

#include "assay/window.h"
#include "datasets.h"
#include "privileged.h"

namespace assay::graph {
namespace {

/// How far back detections are read.
constexpr int kDays = 7;
/// Detections that one run takes. What lies beyond makes the dataset partial.
constexpr uint64_t kMostDetections = 100'000;

}  // namespace

PrivilegedReads::PrivilegedReads(PrincipalReads& principals)
    : principals_(principals),
      schedule_(RoleScheduleMapping()),
      eligibility_(RoleEligibilityMapping()),
      pim_policy_(PimPolicyMapping()),
      pim_rule_(PimRuleMapping()),
      pim_alert_(PimAlertMapping()),
      review_(AccessReviewMapping()),
      review_instance_(AccessReviewInstanceMapping()),
      risky_user_(RiskyUserMapping()),
      risk_detection_(RiskDetectionMapping()),
      risky_service_principal_(RiskyServicePrincipalMapping()),
      detections_left_(kMostDetections) {}

void PrivilegedReads::AddTo(Reader& reader) {
  AddRoles(reader);
  AddReviews(reader);
  AddRisk(reader);
}

void PrivilegedReads::AddRisk(Reader& reader) {
  reader.Add({.endpoint = &endpoint::kGraphRiskyUsers, .mapping = &risky_user_});
  reader.Add(
      {.endpoint = &endpoint::kGraphRiskyServicePrincipals, .mapping = &risky_service_principal_});
  const TimeWindow week = WindowsBack(reader.context().NowMs(), kDays, kDays).front();
  reader.Add({.endpoint = &endpoint::kGraphRiskDetections,
              .mapping = &risk_detection_,
              .params = {{"since", week.since}},
              .budget = &detections_left_});
}

void PrivilegedReads::AddRoles(Reader& reader) {
  reader.Add({.endpoint = &endpoint::kGraphRoleAssignmentSchedules, .mapping = &schedule_});
  reader.Add({.endpoint = &endpoint::kGraphRoleEligibilitySchedules,
              .mapping = &eligibility_,
              .hook =
                  [this](Record& record) {
                    namespace t = entra_role_eligibility;
                    principals_.Eligible(record.reader(), record.row().TextOf(t::kPrincipalId),
                                         record.row().TextOf(t::kPrincipalType));
                  },
              .leads_to = {&entra_group_member::kDataset}});
  reader.Add({.endpoint = &endpoint::kGraphPimPolicyAssignments,
              .mapping = &pim_policy_,
              .hook = [this](Record& record) { TakePolicy(record); }});
  reader.Add({.endpoint = &endpoint::kGraphRoleManagementAlerts, .mapping = &pim_alert_});
}

void PrivilegedReads::TakePolicy(Record& record) {
  namespace t = entra_pim_rule;
  const Row& policy = record.row();
  record.Drop();  // its rules are the rows
  record.Each(0, pim_rule_, [&policy](Row& rule) {
    rule.Copy(t::kAssignmentId, policy);
    rule.Copy(t::kRoleId, policy);
  });
}

void PrivilegedReads::AddReviews(Reader& reader) {
  reader.Add({.endpoint = &endpoint::kGraphAccessReviews,
              .mapping = &review_,
              .hook =
                  [this](Record& record) {
                    namespace t = entra_access_review_instance;
                    const std::string id(record.row().TextOf(entra_access_review::kId));
                    if (id.empty()) return;
                    record.reader().Add({.endpoint = &endpoint::kGraphAccessReviewInstances,
                                         .mapping = &review_instance_,
                                         .params = {{"id", id}},
                                         .preset = {{t::kDefinitionId, id}}});
                  },
              .leads_to = {&entra_access_review_instance::kDataset}});
}

}  // namespace assay::graph
