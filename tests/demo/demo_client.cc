// Helpers of the demo tests.
#include "demo_client.h"

#include "demo/token.h"

namespace assay::demo {

CloudUrls TestUrls() {
  CloudUrls urls;
  urls.login = "http://127.0.0.1:7001";
  urls.graph = "http://127.0.0.1:7002";
  urls.arm = "http://127.0.0.1:7003";
  urls.graph_audience = kGraphAudience;
  urls.arm_audience = kArmAudience;
  urls.graph_scope = urls.graph_audience + "/.default";
  urls.arm_scope = urls.arm_audience + "/.default";
  return urls;
}

DemoTenant MakeTenant(DemoOptions options) { return DemoTenant(std::move(options), TestUrls()); }

std::string Bearer(const DemoTenant& tenant, Host host) {
  const CloudUrls& urls = tenant.urls();
  Request request;
  request.host = Host::kLogin;
  request.method = "POST";
  request.path = "/" + tenant.world().tenant_id() + "/oauth2/v2.0/token";
  request.body = "grant_type=client_credentials&client_id=" + tenant.world().client_id() +
                 "&client_secret=" + PercentEncode(tenant.client_secret()) + "&scope=" +
                 PercentEncode(host == Host::kGraph ? urls.graph_scope : urls.arm_scope);
  return "Bearer " + At(tenant.Handle(request).body, "/access_token");
}

Answer Ask(const DemoTenant& tenant, Host host, std::string_view target, std::string method) {
  Request request;
  request.host = host;
  request.method = std::move(method);
  size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  request.authorization = Bearer(tenant, host);
  return tenant.Handle(request);
}

std::vector<std::string> AllPages(const DemoTenant& tenant, Host host, std::string target,
                                  const std::string& method) {
  std::vector<std::string> bodies;
  const std::string& base = host == Host::kGraph ? tenant.urls().graph : tenant.urls().arm;
  while (!target.empty() && bodies.size() < 100) {
    Answer answer = Ask(tenant, host, target, method);
    if (answer.status != 200) return bodies;
    bodies.push_back(answer.body);
    std::string next = At(answer.body, "/@odata.nextLink");
    if (next.empty()) next = At(answer.body, "/nextLink");
    target = next.starts_with(base) ? next.substr(base.size()) : "";
  }
  return bodies;
}

std::vector<std::string> AllItems(const DemoTenant& tenant, Host host, const std::string& target,
                                  const std::string& method) {
  std::vector<std::string> items;
  simdjson::dom::parser parser;
  for (const std::string& body : AllPages(tenant, host, target, method)) {
    for (auto item : parser.parse(body)["value"].get_array())
      items.push_back(simdjson::to_string(item));
  }
  return items;
}

std::string At(const std::string& json, const std::string& pointer) {
  simdjson::dom::parser parser;
  simdjson::dom::element found;
  if (parser.parse(json).at_pointer(pointer).get(found) != simdjson::SUCCESS) return "";
  std::string_view text;
  if (found.get_string().get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::to_string(found);
}

}  // namespace assay::demo
