// The table of buckets and the slot arithmetic.
#include "broker/pacer.h"

#include <algorithm>

#include "base/text.h"

namespace assay::broker {
namespace {

using std::chrono::milliseconds;

constexpr PaceRule kGraphGlobal{"graph-global", milliseconds(0)};
constexpr PaceRule kGraphCaIdp{"graph-ca-idp", milliseconds(1000)};  // 1/s per tenant, all apps
constexpr PaceRule kGraphReports{"graph-aad-reports", milliseconds(2000)};   // 5 per 10 s
constexpr PaceRule kGraphSecurity{"graph-security", milliseconds(400)};      // 150 per minute
constexpr PaceRule kGraphHealth{"graph-servicehealth", milliseconds(250)};   // 240 per minute
constexpr PaceRule kGraphGovernance{"graph-governance", milliseconds(200)};  // not published
constexpr PaceRule kGraphIntune{"graph-intune", milliseconds(20)};           // 1000 per 20 s
constexpr PaceRule kArm{"arm", milliseconds(40)};                            // refill 25 per second
constexpr PaceRule kArmPolicy{"arm-policyinsights", milliseconds(500)};      // not published
constexpr PaceRule kArmGraph{"arm-resourcegraph", milliseconds(334)};        // 15 per 5 s
constexpr PaceRule kArmCost{"arm-cost", milliseconds(15'000)};               // 4 per minute
constexpr PaceRule kArmActivity{"arm-activitylog", milliseconds(600)};       // about 50 per 30 s

struct Row {
  ServiceHost host;
  std::string_view word;  ///< a path segment, lower-case
  const PaceRule* rule;
};

// First match wins.
constexpr Row kRows[] = {
    {ServiceHost::kGraph, "conditionalaccess", &kGraphCaIdp},
    {ServiceHost::kGraph, "identityprotection", &kGraphCaIdp},
    {ServiceHost::kGraph, "auditlogs", &kGraphReports},
    {ServiceHost::kGraph, "reports", &kGraphReports},
    {ServiceHost::kGraph, "security", &kGraphSecurity},
    {ServiceHost::kGraph, "serviceannouncement", &kGraphHealth},
    {ServiceHost::kGraph, "identitygovernance", &kGraphGovernance},
    {ServiceHost::kGraph, "devicemanagement", &kGraphIntune},
    {ServiceHost::kGraph, "deviceappmanagement", &kGraphIntune},
    {ServiceHost::kArm, "microsoft.policyinsights", &kArmPolicy},
    {ServiceHost::kArm, "microsoft.resourcegraph", &kArmGraph},
    {ServiceHost::kArm, "microsoft.costmanagement", &kArmCost},
    {ServiceHost::kArm, "eventtypes", &kArmActivity},
};

}  // namespace

const PaceRule& PaceRuleOf(ServiceHost host, const std::vector<std::string>& segments) {
  for (const Row& row : kRows)
    if (row.host == host && std::any_of(segments.begin(), segments.end(), [&](const auto& segment) {
          return EqualsIgnoreCase(segment, row.word);
        }))
      return *row.rule;
  return host == ServiceHost::kGraph ? kGraphGlobal : kArm;
}

milliseconds Pacer::Reserve(const PaceRule& rule, Timestamp now, milliseconds* penalty) {
  const std::lock_guard lock(mutex_);
  Bucket& bucket = buckets_[rule.name];
  const Timestamp free = enforce_distance_ ? std::max(bucket.next, now) : now;
  const Timestamp slot = std::max(free, bucket.held_until);
  bucket.next = slot + rule.distance;
  *penalty = slot - free;
  return slot - now;
}

void Pacer::Hold(const PaceRule& rule, Timestamp until) {
  const std::lock_guard lock(mutex_);
  Bucket& bucket = buckets_[rule.name];
  bucket.held_until = std::max(bucket.held_until, until);
}

}  // namespace assay::broker
