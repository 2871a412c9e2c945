// The intune collector: asks for everything at once, and for the settings of those policies whose
// family a check looks into, never of others. Personal properties that no check needs (serial
// numbers, user names) are not even asked for.
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "administration.h"
#include "assay/collector.h"
#include "assay/window.h"
#include "datasets.h"
#include "devices.h"
#include "policies.h"
#include "setting_tree.h"

namespace assay::intune {
namespace {

/// A read whose rows need nothing but their mapping.
struct Plain {
  const EndpointInfo* endpoint;
  Mapping mapping;
};
/// A read of one object without an id of its own: column `id` of its dataset becomes "tenant".
struct Single {
  const EndpointInfo* endpoint;
  Mapping mapping;
  uint32_t id;
};
/// A read whose records carry their assignments as raw slice 0: they are counted.
struct Counted {
  const EndpointInfo* endpoint;
  Mapping mapping;
  uint32_t count;
};

/// How far back changes are read.
constexpr int kDays = 7;
/// Changes that one run takes. What lies beyond makes the dataset partial.
constexpr uint64_t kMostEvents = 500'000;

/// Families of the settings catalogue whose policies are read setting by setting.
constexpr std::array<std::string_view, 3> kFamilies = {"endpointSecurityDiskEncryption",
                                                       "endpointSecurityAccountProtection",
                                                       "endpointSecurityAttackSurfaceReduction"};

std::vector<Plain> PlainReads() {
  using namespace endpoint;
  return {{&kIntuneIntents, IntentMapping()},
          {&kIntuneEnrollmentConfigurations, EnrollmentMapping()},
          {&kIntuneDepTokens, DepTokenMapping()},
          {&kIntuneVppTokens, VppTokenMapping()},
          {&kIntuneNdesConnectors, NdesMapping()},
          {&kIntuneMtdConnectors, MtdMapping()},
          {&kIntuneFeatureUpdateProfiles, FeatureUpdateMapping()},
          {&kIntuneQualityUpdateProfiles, QualityUpdateMapping()},
          {&kIntuneDriverUpdateProfiles, DriverUpdateMapping()},
          {&kIntuneCleanupRules, CleanupRuleMapping()},
          {&kIntuneApprovalPolicies, ApprovalPolicyMapping()},
          {&kIntuneRoleDefinitions, RoleDefinitionMapping()},
          {&kIntuneRoleAssignments, RoleAssignmentMapping()},
          {&kIntuneAppProtectionIos, IosProtectionMapping()},
          {&kIntuneAppProtectionAndroid, AndroidProtectionMapping()},
          {&kIntuneDetectedApps, DetectedAppMapping()},
          {&kIntuneTermsAndConditions, TermsMapping()},
          {&kIntuneLapsCredentials, LapsMapping()},
          {&kIntuneBitlockerKeys, BitlockerKeyMapping()},
          {&kIntuneDiagnosticSettings, DiagnosticSettingMapping()}};
}

std::vector<Single> SingleReads() {
  using namespace endpoint;
  return {{&kIntuneDeviceManagement, ServiceSettingMapping(), intune_setting::kId},
          {&kIntuneApnsCertificate, ApnsMapping(), intune_apns_certificate::kId},
          {&kIntuneAndroidEnterprise, AndroidEnterpriseMapping(), intune_android_enterprise::kId},
          {&kIntuneComplianceSummary, SummaryMapping(), intune_compliance_summary::kId}};
}

std::vector<Counted> CountedReads() {
  using namespace endpoint;
  return {{&kIntuneCompliancePolicies, CompliancePolicyMapping(),
           intune_compliance_policy::kAssignmentCount},
          {&kIntuneCompliancePoliciesV2, CompliancePolicyV2Mapping(),
           intune_compliance_policy_v2::kAssignmentCount},
          {&kIntuneDeviceConfigurations, DeviceConfigurationMapping(),
           intune_device_configuration::kAssignmentCount}};
}

class IntuneCollector : public Collector {
 public:
  void Collect(Context& context) override {
    Reader reader(context);
    for (const Plain& read : plain_) {
      reader.Add({.endpoint = read.endpoint, .mapping = &read.mapping});
    }
    for (const Single& read : single_) {
      reader.Add(
          {.endpoint = read.endpoint, .mapping = &read.mapping, .preset = {{read.id, "tenant"}}});
    }
    for (const Counted& read : counted_) {
      reader.Add({.endpoint = read.endpoint,
                  .mapping = &read.mapping,
                  .hook = [column = read.count](Record& record) {
                    if (record.Has(0)) record.row().Int(column, record.Count(0));
                  }});
    }
    AddLicences(reader);
    AddDevices(reader);
    AddConfigurationPolicies(reader);
    reader.Add({.endpoint = &endpoint::kIntuneAuditEvents,
                .mapping = &audit_event_,
                .params = {{"since", WindowsBack(context.NowMs(), kDays, kDays).front().since}},
                .budget = &events_left_});
    reader.Drain();
  }

 private:
  void AddLicences(Reader& reader) {
    namespace t = intune_sku_plan;
    reader.Add({.endpoint = &endpoint::kGraphSubscribedSkus,
                .mapping = &sku_,
                .hook = [this](Record& record) {
                  const Row& sku = record.row();
                  record.Drop();  // the plans are the rows; a SKU without plans grants nothing
                  record.Each(0, plan_, [&sku](Row& plan) {
                    plan.Copy(t::kSkuId, sku);
                    plan.Copy(t::kSkuName, sku);
                    plan.Copy(t::kCapabilityStatus, sku);
                  });
                }});
  }

  void AddDevices(Reader& reader) {
    reader.Add({.endpoint = &endpoint::kIntuneManagedDevices,
                .mapping = &device_,
                .hook = [this](Record& record) { TakePlatform(record); },
                .also = {&intune_platform::kDataset}});
  }
  void TakePlatform(Record& record) {
    const std::string name(record.row().TextOf(intune_device::kOperatingSystem));
    if (record.row().IsNull(intune_device::kOperatingSystem) || !platforms_.insert(name).second)
      return;
    Row row(intune_platform::kDataset);
    row.Text(intune_platform::kOperatingSystem, name);
    record.Emit(row);
  }

  void AddConfigurationPolicies(Reader& reader) {
    namespace t = intune_configuration_policy;
    reader.Add({.endpoint = &endpoint::kIntuneConfigurationPolicies,
                .mapping = &configuration_policy_,
                .hook =
                    [this](Record& record) {
                      const std::string_view family = record.row().TextOf(t::kTemplateFamily);
                      if (std::find(kFamilies.begin(), kFamilies.end(), family) != kFamilies.end())
                        AddSettings(record.reader(), record.row().TextOf(t::kId));
                    },
                .leads_to = {&intune_policy_setting::kDataset}});
  }
  void AddSettings(Reader& reader, std::string_view view) {
    const std::string policy(view);
    if (policy.empty() || !policies_.insert(policy).second) return;
    reader.Add({.endpoint = &endpoint::kIntuneConfigurationPolicySettings,
                .mapping = &policy_setting_,
                .params = {{"policyId", policy}},
                .preset = {{intune_policy_setting::kPolicyId, policy}},
                .hook = TakeSettings});
  }
  static void TakeSettings(Record& record) {
    namespace t = intune_policy_setting;
    if (record.row().IsNull(t::kPosition)) return;  // reported as a record without position
    const std::string place(record.row().TextOf(t::kPosition));
    record.Drop();  // its values are the rows
    if (!record.Has(0)) return record.Note("a setting without settingInstance");
    uint64_t count = 0;
    SettingTree(
        [&](std::string_view id, const std::string* value) {
          Row row(t::kDataset);
          const std::string position = place + "/" + std::to_string(count++);
          row.Copy(t::kPolicyId, record.row());
          row.Text(t::kPosition, position);
          row.Text(t::kSettingId, id);
          if (value != nullptr) row.Text(t::kValue, *value);
          record.Emit(row);
        },
        [&](std::string_view what) { record.Note(what); })
        .Walk(record.Raw(0));
  }

  const std::vector<Plain> plain_ = PlainReads();
  const std::vector<Single> single_ = SingleReads();
  const std::vector<Counted> counted_ = CountedReads();
  const Mapping sku_ = SkuMapping();
  const Mapping plan_ = PlanMapping();
  const Mapping device_ = DeviceMapping();
  const Mapping configuration_policy_ = ConfigurationPolicyMapping();
  const Mapping policy_setting_ = PolicySettingMapping();
  const Mapping audit_event_ = AuditEventMapping();
  uint64_t events_left_ = kMostEvents;
  std::set<std::string> platforms_;  // seen already
  std::set<std::string> policies_;   // asked for already
};

}  // namespace
}  // namespace assay::intune

ASSAY_PLUGIN(assay::intune::IntuneCollector);
