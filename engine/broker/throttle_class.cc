// The table of classes, the paths that belong to each, and resource units.
#include "broker/throttle_class.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace assay::broker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

enum Id : size_t {
  kGraphGlobal,
  kGraphIdentity,
  kGraphCa,
  kGraphReports,
  kIntuneConfig,
  kIntuneDevices,
  kGraphSecurity,
  kReportsCsv,
  kServiceHealth,
  kGovernance,
  kArm,
  kPolicyInsights,
  kResourceGraph,
  kCost,
  kActivityLog,
  kBlob,
};

ThrottleClass Class(std::string_view name, BudgetWindow first, BudgetWindow second = {}) {
  ThrottleClass out;
  out.name = name;
  out.windows = {first, second};
  return out;
}

std::vector<ThrottleClass> MakeClasses() {
  std::vector<ThrottleClass> table = {
      Class("graph-global", {2000, seconds(1)}),
      // In resource units. The smallest tenant's bucket: how large this one is, nobody says.
      Class("graph-identity", {3500, seconds(10)}),
      Class("graph-ca-idp", {1, seconds(1)}),
      Class("graph-aad-reports", {5, seconds(10)}),
      Class("graph-intune-config", {1000, seconds(20)}),
      Class("graph-intune-devices", {2000, seconds(20)}),
      Class("graph-security", {150, seconds(60)}),
      Class("graph-reports-csv", {14, seconds(600)}),
      Class("graph-servicehealth", {240, seconds(60)}, {800, seconds(3600)}),
      Class("graph-governance", {5, seconds(1)}),
      // The service's bucket holds 250 and gains 25 each second.
      Class("arm", {250, seconds(10)}),
      Class("arm-policyinsights", {2, seconds(1)}),
      Class("arm-resourcegraph", {15, seconds(5)}),
      Class("arm-cost", {4, seconds(60)}),
      Class("arm-activitylog", {50, seconds(30)}),
      Class("blob", {20000, seconds(1)}),
  };
  table[kGraphCa].first_back_off = milliseconds(5'000);  // its 429 names no time
  table[kGraphSecurity].in_flight = 4;
  table[kPolicyInsights].in_flight = 1;
  table[kActivityLog].in_flight = 1;
  for (const Id id : {kArm, kPolicyInsights, kCost, kActivityLog})
    table[id].per_subscription = true;
  return table;
}

struct Row {
  std::string_view path;  ///< lower-case segments that begin the path after Graph's version
  Id id;
};

// First match wins.
constexpr Row kGraphRows[] = {
    {"auditlogs", kGraphReports},
    {"reports/authenticationmethods", kGraphReports},
    {"reports", kReportsCsv},
    {"identity/conditionalaccess", kGraphCa},
    {"identityprotection", kGraphCa},
    {"devicemanagement/manageddevices", kIntuneDevices},
    {"devicemanagement/manageddevicecleanuprules", kIntuneDevices},
    {"devicemanagement/detectedapps", kIntuneDevices},
    {"devicemanagement/applepushnotificationcertificate", kIntuneDevices},
    {"devicemanagement", kIntuneConfig},
    {"deviceappmanagement", kIntuneConfig},
    {"admin/serviceannouncement", kServiceHealth},
    {"security/datasecurityandgovernance", kGovernance},
    {"security", kGraphSecurity},
    {"identitygovernance", kGovernance},
    {"informationprotection", kGovernance},
    {"directory/recommendations", kGovernance},
    {"directory/devicelocalcredentials", kGovernance},
    {"rolemanagement/directory/roleassignmentscheduleinstances", kGovernance},
    {"rolemanagement/directory/roleeligibilityscheduleinstances", kGovernance},
    {"policies/rolemanagementpolicyassignments", kGovernance},
    {"$batch", kGraphGlobal},
};

// Anywhere in a path of ARM.
constexpr Row kArmRows[] = {
    {"microsoft.resourcegraph", kResourceGraph},
    {"microsoft.policyinsights/policystates", kPolicyInsights},
    {"microsoft.costmanagement", kCost},
    {"microsoft.consumption", kCost},
    {"microsoft.insights/eventtypes", kActivityLog},
};

/// "/users/{id}/owners" in lower case, with a slash before each segment from `first` on.
std::string LowerPath(const std::vector<std::string>& segments, size_t first) {
  std::string out;
  for (size_t i = first; i < segments.size(); ++i) out += "/" + AsciiLower(segments[i]);
  return out;
}

/// Whether `words` stand in `path` as whole segments at `at`.
bool StandsAt(std::string_view path, size_t at, std::string_view words) {
  path.remove_prefix(at);
  if (!path.starts_with('/') || !path.substr(1).starts_with(words)) return false;
  const std::string_view rest = path.substr(1 + words.size());
  return rest.empty() || rest.front() == '/';
}

bool StandsIn(std::string_view path, std::string_view words) {
  for (size_t at = path.find('/'); at != path.npos; at = path.find('/', at + 1))
    if (StandsAt(path, at, words)) return true;
  return false;
}

const std::string* OptionOf(const RequestShape& shape, std::string_view name) {
  for (const auto& [key, value] : shape.query)
    if (EqualsIgnoreCase(key, name)) return &value;
  return nullptr;
}

Id GraphClassOf(const RequestShape& shape) {
  // The date of the last sign-in comes from the reporting service, whoever is asked for it.
  if (const std::string* select = OptionOf(shape, "$select");
      select && AsciiLower(*select).find("signinactivity") != std::string::npos)
    return kGraphReports;
  const std::string path = LowerPath(shape.segments, 1);
  for (const Row& row : kGraphRows)
    if (StandsAt(path, 0, row.path)) return row.id;
  return kGraphIdentity;
}

Id ArmClassOf(const RequestShape& shape) {
  const std::string path = LowerPath(shape.segments, 0);
  for (const Row& row : kArmRows)
    if (StandsIn(path, row.path)) return row.id;
  return kArm;
}

bool AsksForFew(const RequestShape& shape) {
  const std::string* top = OptionOf(shape, "$top");
  unsigned count = 0;
  return top && std::from_chars(top->data(), top->data() + top->size(), count).ec == std::errc() &&
         count < 20;
}

int BaseUnits(std::string_view path) {
  if (path.ends_with("/transitivemembers")) return 5;
  if (path.ends_with("/members") || path == "/subscribedskus" || path == "/contracts") return 3;
  for (const std::string_view list :
       {"/users", "/applications", "/oauth2permissiongrants", "/approleassignments"})
    if (path.ends_with(list)) return 2;
  return 1;
}

}  // namespace

const std::vector<ThrottleClass>& ThrottleClasses() {
  static const std::vector<ThrottleClass> table = MakeClasses();
  return table;
}

const ThrottleClass& ThrottleClassOf(const RequestShape& shape) {
  if (shape.host == ServiceHost::kBlob) return ThrottleClasses()[kBlob];
  return ThrottleClasses()[shape.host == ServiceHost::kGraph ? GraphClassOf(shape)
                                                             : ArmClassOf(shape)];
}

uint32_t CostOf(const ThrottleClass& throttle, const RequestShape& shape) {
  if (&throttle != &ThrottleClasses()[kGraphIdentity]) return 1;
  int units = BaseUnits(LowerPath(shape.segments, 1));
  if (OptionOf(shape, "$select")) --units;
  if (OptionOf(shape, "$expand")) ++units;
  if (AsksForFew(shape)) --units;
  return static_cast<uint32_t>(std::max(units, 1));
}

std::string BudgetScopeOf(const ThrottleClass& throttle, const RequestShape& shape) {
  if (!throttle.per_subscription || shape.segments.size() < 2 ||
      !EqualsIgnoreCase(shape.segments[0], "subscriptions"))
    return "";
  return AsciiLower(shape.segments[1]);
}

}  // namespace assay::broker
