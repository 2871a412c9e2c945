// The graph collector: asks for everything at once; what follows from answers is bounded by what
// they name (principal_reads.h).
#include <optional>

#include "assay/collector.h"
#include "datasets.h"
#include "directory.h"
#include "policies.h"
#include "principal_reads.h"
#include "privileged_reads.h"
#include "settings.h"

namespace assay::graph {
namespace {

class GraphCollector : public Collector {
 public:
  void Collect(Context& context) override {
    Reader reader(context);
    principals_.emplace(context);
    privileged_.emplace(*principals_);
    AddSimple(reader);
    AddLicences(reader);
    AddApplications(reader);
    AddRoleAssignments(reader);
    AddDomains(reader);
    settings_.AddTo(reader);
    principals_->AddTo(reader);
    privileged_->AddTo(reader);
    reader.Drain();
    principals_->Finish(context, reader);
  }

 private:
  void AddSimple(Reader& reader) {
    reader.Add({.endpoint = &endpoint::kGraphOrganization, .mapping = &organization_});
    reader.Add({.endpoint = &endpoint::kGraphUsers, .mapping = &user_});
    reader.Add({.endpoint = &endpoint::kGraphUsersSigninActivity, .mapping = &activity_});
    reader.Add({.endpoint = &endpoint::kGraphUserRegistrationDetails, .mapping = &registration_});
    reader.Add({.endpoint = &endpoint::kGraphRoleDefinitions, .mapping = &role_definition_});
    reader.Add({.endpoint = &endpoint::kGraphAuthorizationPolicy, .mapping = &authorization_});
    reader.Add({.endpoint = &endpoint::kGraphSecurityDefaults, .mapping = &security_defaults_});
    reader.Add({.endpoint = &endpoint::kGraphCaPolicies,
                .mapping = &ca_policy_,
                .hook = [this](Record& record) {
                  principals_->GroupsExcluded(record.reader(),
                                              record.row().TextOf(entra_ca_policy::kExcludeGroups));
                }});
  }

  /// Only a federated domain has a federation to be read.
  void AddDomains(Reader& reader) {
    reader.Add({.endpoint = &endpoint::kGraphDomains,
                .mapping = &domain_,
                .hook = [this](Record& record) { FollowDomain(record); },
                .leads_to = {&entra_domain_federation::kDataset}});
  }
  void FollowDomain(Record& record) {
    namespace t = entra_domain;
    const std::string id(record.row().TextOf(t::kId));
    if (id.empty() || record.row().TextOf(t::kAuthenticationType) != "Federated") return;
    record.reader().Add({.endpoint = &endpoint::kGraphDomainFederation,
                         .mapping = &domain_federation_,
                         .params = {{"domainId", id}},
                         .preset = {{entra_domain_federation::kDomainId, id}}});
  }

  void AddLicences(Reader& reader) {
    reader.Add({.endpoint = &endpoint::kGraphSubscribedSkus,
                .mapping = &sku_,
                .hook = [this](Record& record) { TakeSku(record); }});
  }
  void TakeSku(Record& record) {
    namespace t = entra_sku_plan;
    const Row& sku = record.row();
    record.Drop();  // the plans are the rows; a SKU without plans grants nothing
    record.Each(0, plan_, [&sku](Row& plan) {
      plan.Copy(t::kSkuId, sku);
      plan.Copy(t::kSkuName, sku);
      plan.Copy(t::kCapabilityStatus, sku);
      plan.Copy(t::kEnabledUnits, sku);
      plan.Copy(t::kConsumedUnits, sku);
    });
  }

  void AddApplications(Reader& reader) {
    reader.Add({.endpoint = &endpoint::kGraphApplications,
                .mapping = &application_,
                .hook = [this](Record& record) { TakeApplication(record); },
                .also = {&entra_application_credential::kDataset},
                .leads_to = {&entra_federated_credential::kDataset}});
  }
  void TakeApplication(Record& record) {
    namespace t = entra_application;
    Row& row = record.row();
    if (record.Has(0)) row.Int(t::kPasswordCount, TakeCredentials(record, 0, "password"));
    if (record.Has(1)) row.Int(t::kKeyCount, TakeCredentials(record, 1, "key"));
    if (record.Has(2)) row.Int(t::kOwnerCount, record.Count(2));
    principals_->ApplicationSeen(record.reader(), row.TextOf(t::kId));
  }
  int64_t TakeCredentials(Record& record, uint32_t raw, std::string_view kind) {
    namespace t = entra_application_credential;
    const std::string_view owner = record.row().TextOf(entra_application::kId);
    if (owner.empty()) return 0;  // the application itself is reported as a record without id
    return record.Each(raw, credential_, [&](Row& row) {
      row.Text(t::kApplicationId, owner);
      row.Text(t::kKind, kind);
    });
  }

  void AddRoleAssignments(Reader& reader) {
    reader.Add(
        {.endpoint = &endpoint::kGraphRoleAssignments,
         .mapping = &role_assignment_,
         .hook = [this](Record& record) { principals_->RoleHeld(record.reader(), record.row()); },
         .leads_to = {&entra_group_member::kDataset, &entra_sp_owner::kDataset}});
  }

  const Mapping organization_ = OrganizationMapping();
  const Mapping sku_ = SkuMapping();
  const Mapping plan_ = PlanMapping();
  const Mapping domain_ = DomainMapping();
  const Mapping domain_federation_ = DomainFederationMapping();
  const Mapping user_ = UserMapping();
  const Mapping activity_ = ActivityMapping();
  const Mapping registration_ = RegistrationMapping();
  const Mapping role_definition_ = RoleDefinitionMapping();
  const Mapping role_assignment_ = RoleAssignmentMapping();
  const Mapping authorization_ = AuthorizationPolicyMapping();
  const Mapping security_defaults_ = SecurityDefaultsMapping();
  const Mapping ca_policy_ = CaPolicyMapping();
  const Mapping application_ = ApplicationMapping();
  const Mapping credential_ = CredentialMapping();
  const Settings settings_;
  std::optional<PrincipalReads> principals_;
  std::optional<PrivilegedReads> privileged_;
};

}  // namespace
}  // namespace assay::graph

ASSAY_PLUGIN(assay::graph::GraphCollector);
