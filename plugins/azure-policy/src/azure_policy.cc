// The azure-policy collector. First what the tenant has: subscriptions and management groups. Then
// for each wanted subscription its policies, roles and locks, and by Resource Graph, for up to a
// thousand subscriptions at once, the resources and what lies in some of them. Policy states and
// resources come in millions of rows: one pass over each page, nothing kept between pages.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "assay/azure_scope.h"
#include "assay/collector.h"
#include "mappings.h"

namespace assay::azure_policy {
namespace {

constexpr size_t kSubscriptionsInQuery = 1000;

/// What stands after the last slash; the role's GUID in the id of a role definition.
std::string_view LastSegment(std::string_view id) {
  const size_t slash = id.rfind('/');
  return slash == std::string_view::npos ? id : id.substr(slash + 1);
}

/// Parts of "/subscriptions/{0}/resourceGroups/{1}/providers/{namespace}/{type}/{2}"; empty when
/// the id has another form.
std::vector<std::string> PartsOf(std::string_view id) {
  std::vector<std::string> parts;
  for (size_t at = 1; at <= id.size() && !id.empty();) {
    const size_t slash = std::min(id.find('/', at), id.size());
    parts.emplace_back(id.substr(at, slash - at));
    at = slash + 1;
  }
  if (parts.size() != 8 || parts[0] != "subscriptions" || parts[2] != "resourcegroups") return {};
  return {parts[1], parts[3], parts[7]};
}

class AzurePolicyCollector : public Collector {
 public:
  void Collect(Context& context) override {
    Reader reader(context);
    AzureScope scope(context);
    std::vector<const DatasetInfo*> below(std::begin(kDatasets), std::end(kDatasets));
    for (const DatasetInfo* own :
         {&azure_subscription::kDataset, &azure_management_group::kDataset,
          &azure_mg_settings::kDataset, &azure_root_role_assignment::kDataset})
      std::erase(below, own);
    reader.Add({.endpoint = &endpoint::kArmSubscriptions,
                .mapping = &maps_.subscription,
                .hook = [&](Record& record) { Note(record, scope); },
                .leads_to = below});
    reader.Add({.endpoint = &endpoint::kArmManagementGroups,
                .mapping = &maps_.group,
                .hook = [&](Record& record) {
                  if (group_tenant_.empty())
                    group_tenant_ = record.row().TextOf(azure_management_group::kTenantId);
                }});
    reader.Add({.endpoint = &endpoint::kArmRoleAssignmentsRoot,
                .mapping = &maps_.root_role_assignment,
                .hook = NoteRole(azure_root_role_assignment::kRoleDefinitionId,
                                 azure_root_role_assignment::kRoleId)});
    reader.Drain();
    AskGroupSettings(context, reader);
    for (const std::string& id : subscriptions_) AskPolicies(reader, id);
    for (const std::string& id : subscriptions_) AskAccess(reader, id);
    for (size_t at = 0; at < subscriptions_.size(); at += kSubscriptionsInQuery)
      AskResources(reader, at);
    reader.Drain();
    below.push_back(&azure_subscription::kDataset);
    scope.StateUnseen(context, below);
  }

 private:
  void Note(Record& record, AzureScope& scope) {
    Row& row = record.row();
    const std::string id(row.TextOf(azure_subscription::kId));
    if (!scope.Wants(id, row.TextOf(azure_subscription::kDisplayName))) return record.Drop();
    if (id.empty() || row.TextOf(azure_subscription::kState) == "Deleted") return;
    subscriptions_.push_back(id);
    if (own_tenant_.empty()) own_tenant_ = row.TextOf(azure_subscription::kTenantId);
  }

  /// The settings belong to the root group, which is named by the tenant's id.
  void AskGroupSettings(Context& context, Reader& reader) {
    const std::string& tenant = group_tenant_.empty() ? own_tenant_ : group_tenant_;
    if (tenant.empty()) {
      context.State(azure_mg_settings::kDataset, ASSAY_UNAVAILABLE, Why::kPermission,
                    "arm-mg-settings: no subscription or management group is visible");
      return;
    }
    reader.Add({.endpoint = &endpoint::kArmMgSettings,
                .mapping = &maps_.group_settings,
                .params = {{"tenantId", tenant}}});
  }

  /// A read for one subscription, whose id stands in column `column` of each row.
  static Job Of(const std::string& id, const EndpointInfo& endpoint, const Mapping& mapping,
                uint32_t column, std::function<void(Record&)> hook = {}) {
    return {.endpoint = &endpoint,
            .mapping = &mapping,
            .params = {{"subscriptionId", id}},
            .preset = {{column, id}},
            .hook = std::move(hook)};
  }

  void AskPolicies(Reader& reader, const std::string& id) {
    using namespace endpoint;
    reader.Add(Of(id, kArmPolicyAssignments, maps_.assignment, policy_assignment::kSubscriptionId));
    reader.Add(Of(id, kArmPolicyDefinitions, maps_.definition, policy_definition::kSubscriptionId));
    reader.Add(Of(id, kArmPolicySetDefinitions, maps_.set_definition,
                  policy_set_definition::kSubscriptionId));
    reader.Add(Of(id, kArmPolicyExemptions, maps_.exemption, policy_exemption::kSubscriptionId));
    reader.Add(
        Of(id, kArmPolicyStates, maps_.state, policy_state::kSubscriptionId, [](Record& state) {
          // Only parts of an initiative have a reference; the key needs a value.
          Row& row = state.row();
          if (row.IsNull(policy_state::kReferenceId)) row.Text(policy_state::kReferenceId, "");
        }));
    reader.Add(Of(id, kArmPolicySummary, maps_.summary, policy_summary::kSubscriptionId));
    reader.Add(
        Of(id, kArmPolicyRemediations, maps_.remediation, policy_remediation::kSubscriptionId));
    reader.Add(
        Of(id, kArmPolicyAttestations, maps_.attestation, policy_attestation::kSubscriptionId));
  }

  void AskAccess(Reader& reader, const std::string& id) {
    using namespace endpoint;
    reader.Add(
        Of(id, kArmRoleAssignments, maps_.role_assignment, azure_role_assignment::kSubscriptionId,
           NoteRole(azure_role_assignment::kRoleDefinitionId, azure_role_assignment::kRoleId)));
    reader.Add(
        Of(id, kArmRoleDefinitions, maps_.role_definition, azure_role_definition::kSubscriptionId));
    reader.Add(Of(id, kArmRoleAssignmentSchedules, maps_.role_schedule,
                  azure_role_schedule::kSubscriptionId,
                  NoteRole(azure_role_schedule::kRoleDefinitionId, azure_role_schedule::kRoleId)));
    reader.Add(
        Of(id, kArmRoleEligibilitySchedules, maps_.role_eligibility,
           azure_role_eligibility::kSubscriptionId,
           NoteRole(azure_role_eligibility::kRoleDefinitionId, azure_role_eligibility::kRoleId)));
    reader.Add(Of(id, kArmOwnPermissions, maps_.own_permission,
                  azure_own_permission::kSubscriptionId, [this, id](Record& record) {
                    record.row().Int(azure_own_permission::kNumber, ++permission_sets_[id]);
                  }));
    reader.Add(Of(id, kArmLocks, maps_.lock, azure_lock::kSubscriptionId, NoteLock));
  }

  static std::function<void(Record&)> NoteRole(uint32_t definition, uint32_t role) {
    return [definition, role](Record& record) {
      Row& row = record.row();
      if (!row.IsNull(definition)) row.TextCopy(role, LastSegment(row.TextOf(definition)));
    };
  }

  /// A lock belongs to what stands in its id before the lock itself.
  static void NoteLock(Record& record) {
    constexpr std::string_view kLocks = "/providers/microsoft.authorization/locks";
    Row& row = record.row();
    const std::string_view id = row.TextOf(azure_lock::kId);
    const size_t at = id.rfind(kLocks);
    if (at != std::string_view::npos) row.TextCopy(azure_lock::kScope, id.substr(0, at));
  }

  void AskResources(Reader& reader, size_t from) {
    using namespace endpoint;
    std::string list;
    const size_t end = std::min(from + kSubscriptionsInQuery, subscriptions_.size());
    for (size_t at = from; at < end; ++at) list += (at == from ? "" : ",") + subscriptions_[at];
    const auto ask = [&](const EndpointInfo& endpoint, const Mapping& mapping,
                         std::function<void(Record&)> hook = {},
                         std::vector<const DatasetInfo*> leads_to = {}) {
      reader.Add({.endpoint = &endpoint,
                  .mapping = &mapping,
                  .params = {{"subscriptions", list}},
                  .hook = std::move(hook),
                  .leads_to = std::move(leads_to)});
    };
    ask(kArmResourceInventory, maps_.resource);
    ask(kArmRgStorage, maps_.storage, [this](Record& record) { AskBlobs(record); },
        {&azure_blob_service::kDataset});
    ask(kArmRgKeyvaults, maps_.key_vault, [this](Record& record) { AskVault(record); },
        {&azure_key_vault_key::kDataset, &azure_key_vault_secret::kDataset});
    ask(kArmRgNsgs, maps_.nsg);
    ask(kArmRgNetwork, maps_.network);
    ask(kArmRgCompute, maps_.vm);
    ask(kArmRgData, maps_.data_service);
    ask(kArmRgRecovery, maps_.backup_item);
    ask(kArmRgVaults, maps_.backup_vault);
    ask(kArmRgWorkspaces, maps_.workspace);
  }

  void AskBlobs(Record& record) {
    const std::string id(record.row().TextOf(azure_storage_account::kId));
    const auto parts = PartsOf(id);
    if (parts.empty()) return;
    record.reader().Add(
        {.endpoint = &endpoint::kArmBlobServices,
         .mapping = &maps_.blob_service,
         .params = {{"subscriptionId", parts[0]}, {"rg", parts[1]}, {"account", parts[2]}},
         .preset = {{azure_blob_service::kAccountId, id},
                    {azure_blob_service::kSubscriptionId, parts[0]}}});
  }

  void AskVault(Record& record) {
    const std::string id(record.row().TextOf(azure_key_vault::kId));
    const auto parts = PartsOf(id);
    if (parts.empty()) return;
    const std::vector<Param> params = {
        {"subscriptionId", parts[0]}, {"rg", parts[1]}, {"vault", parts[2]}};
    record.reader().Add({.endpoint = &endpoint::kArmKeyvaultKeys,
                         .mapping = &maps_.vault_key,
                         .params = params,
                         .preset = {{azure_key_vault_key::kVaultId, id},
                                    {azure_key_vault_key::kSubscriptionId, parts[0]}}});
    record.reader().Add({.endpoint = &endpoint::kArmKeyvaultSecrets,
                         .mapping = &maps_.vault_secret,
                         .params = params,
                         .preset = {{azure_key_vault_secret::kVaultId, id},
                                    {azure_key_vault_secret::kSubscriptionId, parts[0]}}});
  }

  const Mappings maps_;
  std::vector<std::string> subscriptions_;
  std::string own_tenant_, group_tenant_;
  std::map<std::string, int64_t> permission_sets_;
};

}  // namespace
}  // namespace assay::azure_policy

ASSAY_PLUGIN(assay::azure_policy::AzurePolicyCollector);
