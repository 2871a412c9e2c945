#include "broker/guard_reads.h"

#include <array>

#include "assay/read.h"
#include "broker/link_policy.h"

namespace assay::broker {
namespace {

constexpr uint32_t kMaxPages = 50;

EndpointSpec Graph(const char* id, const char* path, const char* permission, Paging paging,
                   std::vector<std::pair<std::string, std::string>> query,
                   std::vector<ParamSpec> params) {
  EndpointSpec spec;
  spec.id = id;
  spec.version = "v1.0";
  spec.path = path;
  spec.permission = permission;
  spec.paging = paging;
  spec.query = std::move(query);
  spec.params = std::move(params);
  return spec;
}

EndpointSpec Arm(const char* id, const char* path, const char* version, Paging paging,
                 std::vector<std::pair<std::string, std::string>> query,
                 std::vector<ParamSpec> params) {
  EndpointSpec spec = Graph(id, path, "", paging, std::move(query), std::move(params));
  spec.host = ServiceHost::kArm;
  spec.version.clear();
  spec.api_version = version;
  return spec;
}

// Only GET; nothing here is written by a tenant or a plugin. Order: GuardRead.
std::array<EndpointSpec, 10> MakeSpecs() {
  const ParamSpec id{"id", ParamType::kGuid}, app{"appId", ParamType::kGuid},
      subscription{"subscriptionId", ParamType::kGuid}, role{"roleId", ParamType::kGuid};
  return {
      Graph("guard-principal", "/servicePrincipals", "Application.Read.All", Paging::kOdata,
            {{"$filter", "appId eq '{appId}'"}, {"$select", "id,appId"}}, {app}),
      Graph("guard-organization", "/organization", "Organization.Read.All", Paging::kOdata,
            {{"$select", "id"}}, {}),
      Graph("guard-app-roles", "/servicePrincipals/{id}/appRoleAssignments", "Application.Read.All",
            Paging::kOdata, {}, {id}),
      Graph("guard-resource-roles", "/servicePrincipals/{id}", "Application.Read.All",
            Paging::kSingle, {{"$select", "id,appId,displayName,appRoles"}}, {id}),
      Graph("guard-delegated-grants", "/oauth2PermissionGrants", "Directory.Read.All",
            Paging::kOdata, {{"$filter", "clientId eq '{id}'"}}, {id}),
      Graph("guard-directory-roles", "/roleManagement/directory/roleAssignments",
            "RoleManagement.Read.Directory", Paging::kOdata, {{"$filter", "principalId eq '{id}'"}},
            {id}),
      Arm("guard-subscriptions", "/subscriptions", "2022-12-01", Paging::kArm, {}, {}),
      Arm("guard-azure-role-assignments",
          "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/roleAssignments",
          "2022-04-01", Paging::kArm, {{"$filter", "assignedTo('{id}')"}}, {subscription, id}),
      Arm("guard-azure-role-definition",
          "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/"
          "{roleId}",
          "2022-04-01", Paging::kSingle, {}, {subscription, role}),
      Arm("guard-azure-permissions",
          "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/permissions",
          "2022-04-01", Paging::kArm, {}, {subscription}),
  };
}

}  // namespace

const EndpointSpec& GuardSpec(GuardRead read) {
  static const auto specs = MakeSpecs();
  return specs[static_cast<size_t>(read)];
}

ReadResult GuardReads::Fetch(const std::shared_ptr<ReadState>& read, const Url& url) {
  constexpr std::chrono::milliseconds kCrowded{10};
  const std::unique_ptr<PageTask> task = fetcher_.Begin(read, {url});
  for (;;) {
    const PageStep step = fetcher_.Step(*task);
    if (step.kind == PageStep::Kind::kDone) return std::move(task->result);
    // A cancelled client ends the task at its next step.
    const auto wait =
        step.kind == PageStep::Kind::kCrowd ? kCrowded : step.at - options_.clock->Now();
    SleepUnlessCancelled(*options_.clock, wait, client_);
  }
}

Result<GuardReads::Answer> GuardReads::Ask(GuardRead which, const Params& params) {
  const auto read = std::make_shared<ReadState>();
  read->spec = GuardSpec(which);
  ASSAY_ASSIGN(read->plan, BuildPlan(options_.cloud, read->spec, params));
  Url url = read->plan.url;
  ASSAY_TRY(CountLink(*read, {url}, kMaxPages));
  Answer out;
  for (uint32_t page = 1;; ++page) {
    ReadResult result = Fetch(read, url);
    out.status = result.outcome == ASSAY_PAGE_OK ? result.record.http_status : 0;
    out.why = result.detail.empty() ? "it did not answer" : result.detail;
    if (result.outcome == ASSAY_PAGE_HTTP_ERROR) out.status = result.record.http_status;
    auto rows =
        ParseJsonRows(AsText(result.body), read->spec.paging == Paging::kSingle ? "" : "value");
    done_.push_back(std::move(result));
    if (!out.ok()) return out;
    const auto unreadable = [&](const std::string& why) {
      out = Answer{};
      out.why = why;
      return out;
    };
    if (!rows) return unreadable(rows.error().message);
    std::move(rows->rows.begin(), rows->rows.end(), std::back_inserter(out.rows));
    if (rows->next.empty()) return out;
    Result<Url> next = CheckLink(read->plan, rows->next);
    if (!next) return unreadable(next.error().message);
    if (Status counted = CountLink(*read, {*next}, kMaxPages); !counted)
      return unreadable(counted.error().message);
    url = std::move(*next);
  }
}

}  // namespace assay::broker
