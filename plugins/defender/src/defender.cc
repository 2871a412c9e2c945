// The defender collector: the visible subscriptions, then what Defender for Cloud says of each;
// beside that the secure score, incidents and alerts of the tenant.
#include <string>

#include "assay/azure_scope.h"
#include "assay/window.h"
#include "mappings.h"

namespace assay::defender {
namespace {

/// How far back alerts and incidents of the tenant are read: as long as alerts of Azure are kept.
constexpr int kXdrDays = 90;
/// Alerts and incidents of a run, each; a backlog above that is a finding with the first thousands.
constexpr uint64_t kMostXdrRecords = 100'000;
/// Subscriptions that one query of Resource Graph may name.
constexpr size_t kSubscriptionsInQuery = 1'000;

/// "ann@contoso.example;it@contoso.example" becomes "*@contoso.example;*@contoso.example".
std::string WithoutLocalParts(std::string_view emails) {
  std::string out;
  while (!emails.empty()) {
    const size_t end = std::min(emails.find_first_of(";,"), emails.size());
    const std::string_view one = emails.substr(0, end);
    const size_t at = one.find('@');
    if (!one.empty()) out += "*";
    if (at != one.npos) out += one.substr(at);
    if (end < emails.size()) out += ';';
    emails.remove_prefix(std::min(end + 1, emails.size()));
  }
  return out;
}

class DefenderCollector : public Collector {
 public:
  void Collect(Context& context) override {
    Reader reader(context);
    AzureScope scope(context);
    reader.Add({.endpoint = &endpoint::kArmSubscriptions,
                .mapping = &subscription_,
                .hook = [&](Record& record) { Follow(record, scope); },
                .leads_to = PerSubscription()});
    AddTenantReads(reader, context.NowMs());
    reader.Drain();
    AddFindings(reader);
    reader.Drain();
    std::vector<const DatasetInfo*> azure = PerSubscription();
    azure.push_back(&defender_subscription::kDataset);
    scope.StateUnseen(context, azure);
  }

 private:
  std::vector<const DatasetInfo*> PerSubscription() const {
    std::vector<const DatasetInfo*> out = {
        &defender_pricing::kDataset,          &defender_plan_list::kDataset,
        &defender_contact::kDataset,          &defender_standard::kDataset,
        &defender_standard_control::kDataset, &defender_subassessment::kDataset};
    for (const Listing& listing : listings_) out.push_back(&listing.mapping.dataset());
    return out;
  }

  void Follow(Record& record, AzureScope& scope) {
    const std::string id(record.row().TextOf(defender_subscription::kId));
    if (!scope.Wants(id, record.row().TextOf(defender_subscription::kDisplayName)))
      return record.Drop();
    if (id.empty() || record.row().TextOf(defender_subscription::kState) == "Deleted") return;
    subscriptions_.push_back(id);
    Reader& reader = record.reader();
    for (const Listing& listing : listings_)
      reader.Add({.endpoint = listing.endpoint,
                  .mapping = &listing.mapping,
                  .params = {{"subscriptionId", id}},
                  .preset = {{listing.subscription, id}}});
    AddPlans(reader, id);
    reader.Add({.endpoint = &endpoint::kDefenderSecurityContacts,
                .mapping = &contact_,
                .params = {{"subscriptionId", id}},
                .preset = {{defender_contact::kSubscriptionId, id}},
                .hook = [](Record& contact) {
                  namespace t = defender_contact;
                  if (contact.row().IsNull(t::kEmails)) return;
                  const std::string masked = WithoutLocalParts(contact.row().TextOf(t::kEmails));
                  contact.row().TextCopy(t::kEmails, masked);
                }});
    AddStandards(reader, id);
  }

  /// Findings of vulnerability scans, counted by the service over many subscriptions at once.
  void AddFindings(Reader& reader) {
    for (size_t from = 0; from < subscriptions_.size(); from += kSubscriptionsInQuery) {
      const size_t end = std::min(from + kSubscriptionsInQuery, subscriptions_.size());
      std::string list;
      for (size_t at = from; at < end; ++at) list += (at == from ? "" : ",") + subscriptions_[at];
      reader.Add({.endpoint = &endpoint::kDefenderSubassessments,
                  .mapping = &subassessment_,
                  .params = {{"subscriptions", list}},
                  .hook = [this](Record& record) {
                    record.row().Int(defender_subassessment::kNumber, findings_++);
                  }});
    }
  }

  void AddPlans(Reader& reader, const std::string& id) {
    reader.Add({.endpoint = &endpoint::kDefenderPricings,
                .mapping = &pricing_,
                .params = {{"subscriptionId", id}},
                .preset = {{defender_pricing::kSubscriptionId, id}},
                .also = {&defender_plan_list::kDataset},
                .ended = [&reader, id](const Page& page, uint64_t plans) {
                  Row row(defender_plan_list::kDataset);
                  row.Text(defender_plan_list::kSubscriptionId, id);
                  row.Int(defender_plan_list::kPlans, static_cast<int64_t>(plans));
                  reader.context().Emit(row, page, ASSAY_NO_RECORD);
                }});
  }

  void AddStandards(Reader& reader, const std::string& id) {
    namespace t = defender_standard;
    reader.Add({.endpoint = &endpoint::kDefenderRegulatoryStandards,
                .mapping = &standard_,
                .params = {{"subscriptionId", id}},
                .preset = {{t::kSubscriptionId, id}},
                .hook =
                    [this, id](Record& record) {
                      const std::string name(record.row().TextOf(t::kName));
                      if (!name.empty()) AddControls(record.reader(), id, name);
                    },
                .leads_to = {&defender_standard_control::kDataset}});
  }

  void AddControls(Reader& reader, const std::string& id, const std::string& standard) {
    namespace t = defender_standard_control;
    reader.Add({.endpoint = &endpoint::kDefenderRegulatoryControls,
                .mapping = &standard_control_,
                .params = {{"subscriptionId", id}, {"standard", standard}},
                .preset = {{t::kSubscriptionId, id}, {t::kStandard, standard}}});
  }

  void AddTenantReads(Reader& reader, int64_t now_ms) {
    reader.Add({.endpoint = &endpoint::kDefenderM365SecureScore,
                .mapping = &tenant_score_,
                .hook = [this, position = int64_t{0}](
                            Record& record) mutable { TakeScore(record, position++); },
                .also = {&m365_control_score::kDataset}});
    reader.Add({.endpoint = &endpoint::kDefenderM365SecureScoreProfiles, .mapping = &profile_});
    reader.Add({.endpoint = &endpoint::kDefenderMdiHealthIssues, .mapping = &health_issue_});
    const std::string since = TimeText(now_ms - kXdrDays * kDayMs);
    alerts_left_ = incidents_left_ = kMostXdrRecords;
    reader.Add({.endpoint = &endpoint::kDefenderXdrAlerts,
                .mapping = &xdr_alert_,
                .params = {{"since", since}},
                .hook = [](Record& alert) { HideOwner(alert, xdr_alert::kAssigned); },
                .budget = &alerts_left_});
    reader.Add({.endpoint = &endpoint::kDefenderXdrIncidents,
                .mapping = &xdr_incident_,
                .params = {{"since", since}},
                .hook = [](Record& incident) { HideOwner(incident, xdr_incident::kAssigned); },
                .budget = &incidents_left_});
  }

  /// One score of the tenant, the newest first; of that one also its parts.
  void TakeScore(Record& record, int64_t position) {
    record.row().Int(m365_secure_score::kPosition, position);
    if (position > 0 || !record.Has(kControlScores)) return;
    int64_t part = 0;
    record.Each(kControlScores, control_score_,
                [&](Row& row) { row.Int(m365_control_score::kPosition, part++); });
  }

  static void HideOwner(Record& record, uint32_t column) {
    if (!record.row().IsNull(column)) record.row().Text(column, "yes");
  }

  const std::vector<Listing> listings_ = Listings();
  const Mapping subscription_ = SubscriptionMapping();
  const Mapping pricing_ = PricingMapping();
  const Mapping contact_ = ContactMapping();
  const Mapping subassessment_ = SubassessmentMapping();
  const Mapping standard_ = StandardMapping();
  const Mapping standard_control_ = StandardControlMapping();
  const Mapping tenant_score_ = TenantScoreMapping();
  const Mapping control_score_ = ControlScoreMapping();
  const Mapping profile_ = ControlProfileMapping();
  const Mapping xdr_alert_ = XdrAlertMapping();
  const Mapping xdr_incident_ = XdrIncidentMapping();
  const Mapping health_issue_ = HealthIssueMapping();
  std::vector<std::string> subscriptions_;
  int64_t findings_ = 0;
  uint64_t alerts_left_ = 0;
  uint64_t incidents_left_ = 0;
};

}  // namespace
}  // namespace assay::defender

ASSAY_PLUGIN(assay::defender::DefenderCollector);
