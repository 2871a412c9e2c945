// Settings and policies of the tenant: small answers that are kept as items, so that a source is no
// more than an endpoint, a dataset and its key.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "assay/mapping.h"
#include "assay/reader.h"
#include "datasets.h"

namespace assay::graph {

/// One endpoint whose records become rows without further work.
struct Source {
  const EndpointInfo* endpoint;
  Mapping mapping;
  /// Columns that the answer does not hold: an object that is alone has no id of its own.
  std::vector<std::pair<uint32_t, std::string>> preset = {};
};

/// A row of a setting that exists once. Every such dataset begins with the column `id`.
inline Source Alone(const EndpointInfo& endpoint, const DatasetInfo& dataset) {
  return {&endpoint, Mapping(dataset, {}), {{0, "default"}}};
}

/// Policies of the directory: sign-in methods, consent, devices, partners.
inline std::vector<Source> DirectorySettings() {
  namespace e = endpoint;
  return {
      Alone(e::kGraphAdminConsentPolicy, entra_admin_consent_policy::kDataset),
      Alone(e::kGraphAuthMethodsPolicy, entra_auth_methods_policy::kDataset),
      Alone(e::kGraphCrossTenantDefault, entra_cross_tenant_default::kDataset),
      Alone(e::kGraphDeviceRegistrationPolicy, entra_device_registration_policy::kDataset),
      Alone(e::kGraphDefaultAppMgmtPolicy, entra_default_app_policy::kDataset),
      Alone(e::kGraphAuthFlowsPolicy, entra_auth_flows_policy::kDataset),
      Alone(e::kGraphEntitlementSettings, entra_entitlement_settings::kDataset),
  };
}

/// Settings of the services beside the directory.
inline std::vector<Source> ServiceSettings() {
  namespace e = endpoint;
  namespace health = m365_service_health;
  namespace label = m365_sensitivity_label;
  namespace simulation = m365_attack_simulation;
  return {
      Alone(e::kGraphSharepointSettings, m365_sharepoint_settings::kDataset),
      Alone(e::kGraphReportSettings, m365_report_settings::kDataset),
      Alone(e::kGraphAppsServicesSettings, m365_apps_services_settings::kDataset),
      Alone(e::kGraphFormsSettings, m365_forms_settings::kDataset),
      {&e::kGraphServiceHealth,
       {health::kDataset, {{health::kId, "id"}, {health::kService, "service"}}}},
      {&e::kGraphSensitivityLabels,
       {label::kDataset, {{label::kId, "id", Form::kFold}, {label::kName, "name"}}}},
      {&e::kGraphAttackSimulations,
       {simulation::kDataset,
        {{simulation::kId, "id", Form::kFold}, {simulation::kDisplayName, "displayName"}}}},
  };
}

/// `dataset` has the columns id, display_name and its item, in this order.
inline Source Named(const EndpointInfo& endpoint, const DatasetInfo& dataset) {
  return {&endpoint, Mapping(dataset, {{0, "id", Form::kFold}, {1, "displayName"}})};
}

/// Lists of policies of the directory.
inline std::vector<Source> PolicyLists() {
  namespace e = endpoint;
  namespace setting = entra_group_setting;
  namespace location = entra_named_location;
  namespace partner = entra_cross_tenant_partner;
  return {
      {&e::kGraphGroupSettings,
       {setting::kDataset,
        {{setting::kId, "id", Form::kFold},
         {setting::kTemplateId, "templateId", Form::kFold},
         {setting::kDisplayName, "displayName"}}}},
      {&e::kGraphGroupLifecyclePolicies,
       {entra_group_lifecycle_policy::kDataset,
        {{entra_group_lifecycle_policy::kId, "id", Form::kFold}}}},
      {&e::kGraphNamedLocations,
       {location::kDataset,
        {{location::kId, "id", Form::kFold},
         {location::kDisplayName, "displayName"},
         {location::kKind, "@odata.type"}}}},
      {&e::kGraphCrossTenantPartners,
       {partner::kDataset, {{partner::kTenantId, "tenantId", Form::kFold}}}},
      {&e::kGraphOnpremSync,
       {entra_onprem_sync::kDataset, {{entra_onprem_sync::kId, "id", Form::kFold}}}},
      {&e::kGraphRecommendations,
       {entra_recommendation::kDataset, {{entra_recommendation::kId, "id"}}}},
      Named(e::kGraphAuthStrengths, entra_auth_strength::kDataset),
      Named(e::kGraphAppMgmtPolicies, entra_app_policy::kDataset),
      Named(e::kGraphPermissionGrantPolicies, entra_permission_grant_policy::kDataset),
      Named(e::kGraphActivityTimeoutPolicies, entra_activity_timeout_policy::kDataset),
      Named(e::kGraphTokenLifetimePolicies, entra_token_lifetime_policy::kDataset),
      Named(e::kGraphLegacyPolicies, entra_legacy_policy::kDataset),
      Named(e::kGraphLifecycleWorkflows, entra_lifecycle_workflow::kDataset),
      Named(e::kGraphDelegatedAdminRelationships, entra_delegated_admin_relationship::kDataset),
  };
}

/// All of them. They are asked for at once, and depend on no other answer.
class Settings {
 public:
  Settings() : lists_{DirectorySettings(), ServiceSettings(), PolicyLists()} {}

  /// Queues their reads; this object outlives the reader's work.
  void AddTo(Reader& reader) const {
    for (const std::vector<Source>& list : lists_) {
      for (const Source& source : list) {
        reader.Add(
            {.endpoint = source.endpoint, .mapping = &source.mapping, .preset = source.preset});
      }
    }
  }

 private:
  const std::vector<std::vector<Source>> lists_;
};

/// How a federated domain trusts its identity provider; the domain comes from the request.
inline Mapping DomainFederationMapping() {
  namespace t = entra_domain_federation;
  return {t::kDataset, {{t::kId, "id", Form::kFold}}};
}

}  // namespace assay::graph
