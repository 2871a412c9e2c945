// The compiled list itself. Adding a row is a security decision: the operation must need only a
// "/read" action and must create nothing, not even a query object.
#include "broker/read_posts.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "model/ids.h"

namespace assay::broker {
namespace {

constexpr std::string_view kGraphPath = "/providers/Microsoft.ResourceGraph/resources";
constexpr std::string_view kGraphVersion = "2022-10-01";

// Policy states take their options in the query string and have no body. Resource Graph takes a
// query in its own language: each stands here as a whole, and holds nothing that JSON escapes.
constexpr ReadPost kReadPosts[] = {
    {"policy-states-query", ServiceHost::kArm,
     "/subscriptions/{}/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults",
     "2019-10-01", ""},
    {"policy-states-summarize", ServiceHost::kArm,
     "/subscriptions/{}/providers/Microsoft.PolicyInsights/policyStates/latest/summarize",
     "2019-10-01", ""},
    {"resource-graph-inventory", ServiceHost::kArm, kGraphPath, kGraphVersion,
     "resources | project id, name, type, location, resourceGroup, subscriptionId, tags, sku, "
     "kind, identity"},
    {"resource-graph-storage", ServiceHost::kArm, kGraphPath, kGraphVersion,
     "resources | where type =~ 'microsoft.storage/storageaccounts' | project id, name, location, "
     "subscriptionId, tags, sku, kind, properties"},
    {"resource-graph-keyvaults", ServiceHost::kArm, kGraphPath, kGraphVersion,
     "resources | where type =~ 'microsoft.keyvault/vaults' | project id, name, location, "
     "subscriptionId, tags, properties"},
    {"resource-graph-nsgs", ServiceHost::kArm, kGraphPath, kGraphVersion,
     "resources | where type =~ 'microsoft.network/networksecuritygroups' | project id, name, "
     "location, subscriptionId, properties"},
    {"resource-graph-network", ServiceHost::kArm, kGraphPath, kGraphVersion,
     "resources | where type in~ ('microsoft.network/virtualnetworks',"
     "'microsoft.network/networkwatchers','microsoft.network/networkwatchers/flowlogs',"
     "'microsoft.network/publicipaddresses','microsoft.network/azurefirewalls',"
     "'microsoft.network/bastionhosts','microsoft.network/applicationgateways',"
     "'microsoft.network/frontdoorwebapplicationfirewallpolicies',"
     "'microsoft.network/applicationgatewaywebapplicationfirewallpolicies') | project id, name, "
     "type, location, subscriptionId, sku, properties"},
    {"resource-graph-compute", ServiceHost::kArm, kGraphPath, kGraphVersion,
     "resources | where type in~ ('microsoft.compute/virtualmachines','microsoft.compute/disks',"
     "'microsoft.compute/virtualmachinescalesets') | project id, name, type, location, "
     "subscriptionId, tags, identity, zones, properties"},
    {"resource-graph-data", ServiceHost::kArm, kGraphPath, kGraphVersion,
     "resources | where type in~ ('microsoft.sql/servers',"
     "'microsoft.dbforpostgresql/flexibleservers','microsoft.dbformysql/flexibleservers',"
     "'microsoft.documentdb/databaseaccounts','microsoft.web/sites',"
     "'microsoft.containerservice/managedclusters','microsoft.containerregistry/registries') | "
     "project id, name, type, kind, location, subscriptionId, identity, properties"},
    {"resource-graph-recovery", ServiceHost::kArm, kGraphPath, kGraphVersion,
     "recoveryservicesresources | where type in~ "
     "('microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems',"
     "'microsoft.dataprotection/backupvaults/backupinstances') | project id, type, "
     "subscriptionId, properties"},
    {"resource-graph-vaults", ServiceHost::kArm, kGraphPath, kGraphVersion,
     "resources | where type in~ ('microsoft.recoveryservices/vaults',"
     "'microsoft.dataprotection/backupvaults') | project id, name, type, location, "
     "subscriptionId, sku, properties"},
    {"resource-graph-subassessments", ServiceHost::kArm, kGraphPath, kGraphVersion,
     "securityresources | where type =~ 'microsoft.security/assessments/subassessments' | where "
     "properties.status.code =~ 'Unhealthy' | summarize n=count() by subscriptionId, "
     "severity=tostring(properties.status.severity), "
     "assessment=tostring(split(id,'/subassessments/')[0])"},
    {"resource-graph-workspaces", ServiceHost::kArm, kGraphPath, kGraphVersion,
     "resources | where type =~ 'microsoft.operationalinsights/workspaces' | project id, name, "
     "location, subscriptionId, properties"},
};

constexpr std::string_view kHead = R"({"subscriptions":[")";
constexpr std::string_view kToken = R"(,"$skipToken":")";

}  // namespace

const ReadPost* FindReadPost(std::string_view id) {
  for (const ReadPost& post : kReadPosts)
    if (post.id == id) return &post;
  return nullptr;
}

std::string WriteQuery(const ReadPost& post, const QueryParts& parts) {
  if (post.query.empty()) return {};
  std::string out(kHead);
  out += Join(parts.subscriptions, "\",\"");
  out += R"("],"query":")";
  out += post.query;
  out += R"(","options":{"resultFormat":"objectArray","$top":1000)";
  if (!parts.skip_token.empty()) {
    out += kToken;
    out += parts.skip_token;
    out += '"';
  }
  return out + "}}";
}

std::optional<QueryParts> ReadQuery(const ReadPost& post, std::string_view body) {
  QueryParts parts;
  if (post.query.empty()) return body.empty() ? std::optional(parts) : std::nullopt;
  const size_t end = body.find(']');
  if (!body.starts_with(kHead) || end == body.npos || end < kHead.size() + 1) return std::nullopt;
  std::string list(body.substr(kHead.size(), end - 1 - kHead.size()));
  std::erase(list, '"');
  auto subscriptions = SplitGuids(list);
  if (!subscriptions) return std::nullopt;
  parts.subscriptions = std::move(*subscriptions);
  if (const size_t at = body.find(kToken, end); at != body.npos && body.ends_with("\"}}")) {
    const size_t begin = at + kToken.size();
    if (begin + 3 > body.size()) return std::nullopt;
    parts.skip_token = body.substr(begin, body.size() - 3 - begin);
    if (!CheckSkipToken(parts.skip_token)) return std::nullopt;
  }
  if (WriteQuery(post, parts) != body) return std::nullopt;
  return parts;
}

Status CheckSkipToken(std::string_view token) {
  if (token.empty()) return Fail(Code::kDenied, "continuation token: it is empty");
  if (token.size() > kMaxSkipTokenBytes)
    return Fail(Code::kDenied, "continuation token: it is longer than 8192 bytes");
  const bool opaque = std::all_of(token.begin(), token.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
  if (!opaque)
    return Fail(Code::kDenied, "continuation token: it holds a character that no token has");
  return {};
}

Result<std::vector<std::string>> SplitGuids(std::string_view list) {
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const std::string_view part : Split(list, ',')) {
    if (!IsGuid(part)) return Fail(Code::kInvalidInput, "holds something that is not a GUID");
    if (out.size() == kMaxGuids)
      return Fail(Code::kInvalidInput, "holds more than " + std::to_string(kMaxGuids) + " GUIDs");
    out.push_back(AsciiLower(part));
    if (!seen.insert(out.back()).second) return Fail(Code::kInvalidInput, "holds a GUID twice");
  }
  return out;
}

}  // namespace assay::broker
