// The built-in clouds: hosts, scopes and accepted audiences of Microsoft's national clouds.
#include "broker/broker.h"

namespace assay::broker {
namespace {

constexpr char kGraphAppId[] = "00000003-0000-0000-c000-000000000000";
constexpr char kArmAppId[] = "797f4846-ba00-4fd7-ba43-dac1f8f63013";

Cloud Make(const std::string& name, const std::string& login, const std::string& graph,
           const std::string& arm, const std::vector<std::string>& more_arm) {
  Cloud cloud;
  cloud.name = name;
  cloud.login = login;
  cloud.graph = graph;
  cloud.arm = arm;
  cloud.graph_scope = graph + "/.default";
  cloud.arm_scope = arm + "/.default";
  cloud.graph_audiences = {graph, graph + "/", kGraphAppId};
  cloud.arm_audiences = {arm, arm + "/"};
  cloud.issuers = {"https://sts.windows.net/{tid}/", login + "/{tid}/v2.0"};
  cloud.arm_audiences.insert(cloud.arm_audiences.end(), more_arm.begin(), more_arm.end());
  return cloud;
}

Cloud WithSuffixes(Cloud cloud, const std::string& vault, const std::string& blob) {
  cloud.vault_suffix = vault;
  cloud.vault_scope = "https://" + vault + "/.default";
  cloud.blob_suffix = blob;
  return cloud;
}

}  // namespace

std::optional<Cloud> BuiltInCloud(std::string_view name) {
  if (name == "global")
    return Make(
        "global", "https://login.microsoftonline.com", "https://graph.microsoft.com",
        "https://management.azure.com",
        {"https://management.core.windows.net", "https://management.core.windows.net/", kArmAppId});
  if (name == "usgov")
    return WithSuffixes(Make("usgov", "https://login.microsoftonline.us",
                             "https://graph.microsoft.us", "https://management.usgovcloudapi.net",
                             {"https://management.core.usgovcloudapi.net/", kArmAppId}),
                        "vault.usgovcloudapi.net", "blob.core.usgovcloudapi.net");
  if (name == "usgov-dod")
    return WithSuffixes(
        Make("usgov-dod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us",
             "https://management.usgovcloudapi.net",
             {"https://management.core.usgovcloudapi.net/"}),
        "vault.usgovcloudapi.net", "blob.core.usgovcloudapi.net");
  if (name != "china") return std::nullopt;
  Cloud cloud = WithSuffixes(
      Make("china", "https://login.partner.microsoftonline.cn",
           "https://microsoftgraph.chinacloudapi.cn", "https://management.chinacloudapi.cn",
           {"https://management.core.chinacloudapi.cn/"}),
      "vault.azure.cn", "blob.core.chinacloudapi.cn");
  cloud.issuers.push_back("https://sts.chinacloudapi.cn/{tid}/");
  return cloud;
}

}  // namespace assay::broker
