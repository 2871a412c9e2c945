// The azure-policy collector: the visible subscriptions, then four reads for each of them. Policy
// states come in millions of rows: one pass over each page, nothing kept between pages.
#include <string>

#include "assay/azure_scope.h"
#include "assay/collector.h"
#include "datasets.h"

namespace assay::azure_policy {
namespace {

Mapping SubscriptionMapping() {
  namespace t = azure_subscription;
  return {t::kDataset,
          {{t::kId, "subscriptionId", Form::kFold},
           {t::kDisplayName, "displayName"},
           {t::kState, "state"},
           {t::kTenantId, "tenantId", Form::kFold},
           {t::kQuotaId, "subscriptionPolicies/quotaId"}}};
}

Mapping AssignmentMapping() {
  namespace t = policy_assignment;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "properties/displayName"},
           {t::kDefinitionId, "properties/policyDefinitionId", Form::kFold},
           {t::kScope, "properties/scope", Form::kFold},
           {t::kNotScopes, "properties/notScopes"},
           {t::kEnforcementMode, "properties/enforcementMode"}}};
}

Mapping DefinitionMapping() {
  namespace t = policy_definition;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "properties/displayName"},
           {t::kPolicyType, "properties/policyType"},
           {t::kMode, "properties/mode"},
           {t::kEffect, "properties/policyRule/then/effect", Form::kFold},
           {t::kCategory, "properties/metadata/category"},
           {t::kVersion, "properties/metadata/version"}}};
}

Mapping ExemptionMapping() {
  namespace t = policy_exemption;
  return {t::kDataset,
          {{t::kId, "id", Form::kFold},
           {t::kDisplayName, "properties/displayName"},
           {t::kDescription, "properties/description"},
           {t::kAssignmentId, "properties/policyAssignmentId", Form::kFold},
           {t::kCategory, "properties/exemptionCategory"},
           {t::kExpiresOn, "properties/expiresOn"},
           {t::kCreated, "systemData/createdAt"}}};
}

Mapping StateMapping() {
  namespace t = policy_state;
  return {t::kDataset,
          {{t::kResourceId, "resourceId", Form::kFold},
           {t::kAssignmentId, "policyAssignmentId", Form::kFold},
           {t::kReferenceId, "policyDefinitionReferenceId", Form::kFold},
           {t::kDefinitionId, "policyDefinitionId", Form::kFold},
           {t::kAction, "policyDefinitionAction", Form::kFold},
           {t::kResourceType, "resourceType", Form::kFold},
           {t::kResourceLocation, "resourceLocation", Form::kFold},
           {t::kComplianceState, "complianceState", Form::kFold}}};
}

class AzurePolicyCollector : public Collector {
 public:
  void Collect(Context& context) override {
    Reader reader(context);
    AzureScope scope(context);
    reader.Add({.endpoint = &endpoint::kArmSubscriptions,
                .mapping = &subscription_,
                .hook = [&](Record& record) { Follow(record, scope); },
                .leads_to = {&policy_assignment::kDataset, &policy_definition::kDataset,
                             &policy_exemption::kDataset, &policy_state::kDataset}});
    reader.Drain();
    scope.StateUnseen(context, {&azure_subscription::kDataset, &policy_assignment::kDataset,
                                &policy_definition::kDataset, &policy_exemption::kDataset,
                                &policy_state::kDataset});
  }

 private:
  void Follow(Record& record, AzureScope& scope) {
    const std::string id(record.row().TextOf(azure_subscription::kId));
    if (!scope.Wants(id, record.row().TextOf(azure_subscription::kDisplayName)))
      return record.Drop();
    if (id.empty() || record.row().TextOf(azure_subscription::kState) == "Deleted") return;
    Reader& reader = record.reader();
    const std::vector<Param> params = {{"subscriptionId", id}};
    reader.Add({.endpoint = &endpoint::kArmPolicyAssignments,
                .mapping = &assignment_,
                .params = params,
                .preset = {{policy_assignment::kSubscriptionId, id}}});
    reader.Add({.endpoint = &endpoint::kArmPolicyDefinitions,
                .mapping = &definition_,
                .params = params,
                .preset = {{policy_definition::kSubscriptionId, id}}});
    reader.Add({.endpoint = &endpoint::kArmPolicyExemptions,
                .mapping = &exemption_,
                .params = params,
                .preset = {{policy_exemption::kSubscriptionId, id}}});
    reader.Add({.endpoint = &endpoint::kArmPolicyStates,
                .mapping = &state_,
                .params = params,
                .preset = {{policy_state::kSubscriptionId, id}},
                .hook = [](Record& state) {
                  // Only parts of an initiative have a reference; the key needs a value.
                  Row& row = state.row();
                  if (row.IsNull(policy_state::kReferenceId)) {
                    row.Text(policy_state::kReferenceId, "");
                  }
                }});
  }

  const Mapping subscription_ = SubscriptionMapping();
  const Mapping assignment_ = AssignmentMapping();
  const Mapping definition_ = DefinitionMapping();
  const Mapping exemption_ = ExemptionMapping();
  const Mapping state_ = StateMapping();
};

}  // namespace
}  // namespace assay::azure_policy

ASSAY_PLUGIN(assay::azure_policy::AzurePolicyCollector);
