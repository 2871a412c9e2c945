// The activity-log collector: logs of the tenant in windows of a day, then for each visible
// subscription its own log, where that goes, and which of its events somebody is told of.
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "assay/azure_scope.h"
#include "assay/window.h"
#include "mappings.h"

namespace assay::activity_log {
namespace {

/// How far back logs are read: what a tenant without licences still keeps of sign-ins and audits.
constexpr int kDays = 7;
/// Events that one run takes of each log. What lies beyond makes the log partial.
constexpr uint64_t kMostEvents = 500'000;
/// Subscriptions that one query of Resource Graph may name.
constexpr size_t kSubscriptionsInQuery = 1'000;
/// Resources whose own settings one run asks for; key vaults do not count against it.
constexpr size_t kMostResources = 5'000;
constexpr std::string_view kVault = "microsoft.keyvault/vaults";
constexpr std::string_view kStorage = "microsoft.storage/storageaccounts";
constexpr std::string_view kLogged[] = {kVault,
                                        kStorage,
                                        "microsoft.network/networksecuritygroups",
                                        "microsoft.network/azurefirewalls",
                                        "microsoft.network/applicationgateways",
                                        "microsoft.sql/servers"};

/// Segments of "/subscriptions/S/resourceGroups/G/providers/P/T/N"; empty when `id` is no such id.
std::vector<std::string> PartsOf(std::string_view id) {
  std::vector<std::string> parts;
  while (!id.empty() && id.front() == '/') {
    id.remove_prefix(1);
    const size_t end = std::min(id.find('/'), id.size());
    parts.emplace_back(id.substr(0, end));
    id.remove_prefix(end);
  }
  const bool fits = parts.size() == 8 && parts[0] == "subscriptions" &&
                    parts[2] == "resourcegroups" && parts[4] == "providers";
  return fits ? parts : std::vector<std::string>();
}

class ActivityLogCollector : public Collector {
 public:
  void Collect(Context& context) override {
    Reader reader(context);
    AzureScope scope(context);
    windows_ = WindowsBack(context.NowMs(), kDays);
    events_left_ = audits_left_ = sign_ins_left_ = kMostEvents;
    reader.Add({.endpoint = &endpoint::kArmSubscriptions,
                .mapping = &subscription_,
                .hook = [&](Record& record) { Follow(record, scope); },
                .leads_to = PerSubscription()});
    AddTenantReads(reader);
    reader.Drain();
    AddResources(reader);
    reader.Drain();
    if (resources_left_out_ > 0)
      context.State(log_resource_setting::kDataset, ASSAY_PARTIAL, Why::kPartial,
                    std::to_string(resources_left_out_) +
                        " resources were not asked for their settings: more than one run takes");
    std::vector<const DatasetInfo*> azure = PerSubscription();
    azure.push_back(&log_subscription::kDataset);
    scope.StateUnseen(context, azure);
  }

 private:
  static std::vector<const DatasetInfo*> PerSubscription() {
    return {&log_event::kDataset,    &log_subscription_setting::kDataset,
            &log_alert::kDataset,    &log_action_group::kDataset,
            &log_resource::kDataset, &log_resource_setting::kDataset,
            &log_window::kDataset};
  }

  void Follow(Record& record, AzureScope& scope) {
    const std::string id(record.row().TextOf(log_subscription::kId));
    if (!scope.Wants(id, record.row().TextOf(log_subscription::kDisplayName))) return record.Drop();
    if (id.empty() || record.row().TextOf(log_subscription::kState) == "Deleted") return;
    subscriptions_.push_back(id);
    Reader& reader = record.reader();
    for (const TimeWindow& window : windows_)
      reader.Add(
          {.endpoint = &endpoint::kLogActivityEvents,
           .mapping = &event_,
           .params = {{"subscriptionId", id}, {"since", window.since}, {"until", window.until}},
           .preset = {{log_event::kSubscriptionId, id}},
           .also = {&log_window::kDataset},
           .budget = &events_left_,
           .ended = EndOf(reader, "log-activity-events", id, window)});
    reader.Add(OfSubscription(endpoint::kLogSubscriptionDiagnosticSettings, subscription_setting_,
                              log_subscription_setting::kSubscriptionId, id));
    reader.Add(
        OfSubscription(endpoint::kLogActivityLogAlerts, alert_, log_alert::kSubscriptionId, id));
    reader.Add(OfSubscription(endpoint::kLogActionGroups, action_group_,
                              log_action_group::kSubscriptionId, id));
  }

  /// What Resource Graph lists, and of resources with logs of their own where those go.
  void AddResources(Reader& reader) {
    for (size_t from = 0; from < subscriptions_.size(); from += kSubscriptionsInQuery) {
      const size_t end = std::min(from + kSubscriptionsInQuery, subscriptions_.size());
      std::string list;
      for (size_t at = from; at < end; ++at) list += (at == from ? "" : ",") + subscriptions_[at];
      reader.Add({.endpoint = &endpoint::kArmResourceInventory,
                  .mapping = &resource_,
                  .params = {{"subscriptions", list}},
                  .hook = [this](Record& record) { AskResource(record); },
                  .leads_to = {&log_resource_setting::kDataset}});
    }
  }

  void AskResource(Record& record) {
    namespace t = log_resource_setting;
    const std::string_view type = record.row().TextOf(log_resource::kType);
    if (std::find(std::begin(kLogged), std::end(kLogged), type) == std::end(kLogged))
      return record.Drop();
    const std::string id(record.row().TextOf(log_resource::kId));
    const std::vector<std::string> parts = PartsOf(id);
    if (parts.empty()) return;
    if (type != kVault && asked_++ >= kMostResources) {
      ++resources_left_out_;
      return;
    }
    if (type == kStorage)
      return record.reader().Add({.endpoint = &endpoint::kLogStorageDiagnosticSettings,
                                  .mapping = &resource_setting_,
                                  .params = {{"subscriptionId", parts[1]},
                                             {"resourceGroup", parts[3]},
                                             {"name", parts[7]}},
                                  .preset = {{t::kResourceId, id + "/blobservices/default"}}});
    record.reader().Add({.endpoint = &endpoint::kLogResourceDiagnosticSettings,
                         .mapping = &resource_setting_,
                         .params = {{"subscriptionId", parts[1]},
                                    {"resourceGroup", parts[3]},
                                    {"provider", parts[5]},
                                    {"resourceType", parts[6]},
                                    {"name", parts[7]}},
                         .preset = {{t::kResourceId, id}}});
  }

  static Job OfSubscription(const EndpointInfo& endpoint, const Mapping& mapping, uint32_t column,
                            const std::string& id) {
    return {.endpoint = &endpoint,
            .mapping = &mapping,
            .params = {{"subscriptionId", id}},
            .preset = {{column, id}}};
  }

  void AddTenantReads(Reader& reader) {
    for (const TimeWindow& window : windows_) {
      reader.Add(OfTenant(endpoint::kLogTenantActivityEvents, tenant_event_, window));
      Job audits = OfTenant(endpoint::kLogDirectoryAudits, directory_audit_, window);
      audits.also = {&log_window::kDataset};
      audits.budget = &audits_left_;
      audits.ended = EndOf(reader, "log-directory-audits", "", window);
      reader.Add(std::move(audits));
      Job sign_ins = OfTenant(endpoint::kLogSignIns, sign_in_, window);
      sign_ins.budget = &sign_ins_left_;
      reader.Add(std::move(sign_ins));
    }
    reader.Add({.endpoint = &endpoint::kLogEntraDiagnosticSettings, .mapping = &entra_setting_});
    reader.Add({.endpoint = &endpoint::kLogProvisioning,
                .mapping = &provisioning_,
                .params = {{"since", windows_.back().since}}});
  }

  static Job OfTenant(const EndpointInfo& endpoint, const Mapping& mapping,
                      const TimeWindow& window) {
    return {.endpoint = &endpoint,
            .mapping = &mapping,
            .params = {{"since", window.since}, {"until", window.until}}};
  }

  /// What is done when a window was read to its end: it becomes a row of log_window.
  static std::function<void(const Page&, uint64_t)> EndOf(Reader& reader, std::string endpoint,
                                                          std::string subscription,
                                                          const TimeWindow& window) {
    return [&reader, endpoint, subscription, window](const Page& page, uint64_t records) {
      namespace t = log_window;
      Row row(t::kDataset);
      row.Text(t::kEndpoint, endpoint);
      row.Text(t::kSubscriptionId, subscription);
      row.Text(t::kSince, window.since);
      row.Text(t::kUntil, window.until);
      row.Int(t::kRecords, static_cast<int64_t>(records));
      reader.context().Emit(row, page, ASSAY_NO_RECORD);
    };
  }

  const Mapping subscription_ = SubscriptionMapping();
  const Mapping event_ = EventMapping();
  const Mapping tenant_event_ = TenantEventMapping();
  const Mapping subscription_setting_ = SubscriptionSettingMapping();
  const Mapping entra_setting_ = EntraSettingMapping();
  const Mapping resource_ = ResourceMapping();
  const Mapping resource_setting_ = ResourceSettingMapping();
  const Mapping alert_ = AlertMapping();
  const Mapping action_group_ = ActionGroupMapping();
  const Mapping directory_audit_ = DirectoryAuditMapping();
  const Mapping sign_in_ = SignInMapping();
  const Mapping provisioning_ = ProvisioningMapping();
  std::vector<TimeWindow> windows_;
  std::vector<std::string> subscriptions_;
  size_t asked_ = 0, resources_left_out_ = 0;
  uint64_t events_left_ = 0, audits_left_ = 0, sign_ins_left_ = 0;
};

}  // namespace
}  // namespace assay::activity_log

ASSAY_PLUGIN(assay::activity_log::ActivityLogCollector);
