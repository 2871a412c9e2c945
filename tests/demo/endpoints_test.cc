// The demo tenant answers every read that the collectors' manifests declare.
#include <toml++/toml.h>

#include <filesystem>

#include "demo_client.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::demo;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> Manifests() {
  std::vector<fs::path> found;
  fs::path plugins = fs::path(ASSAY_SOURCE_DIR) / "plugins";
  if (!fs::exists(plugins)) return found;
  for (const auto& entry : fs::directory_iterator(plugins)) {
    if (fs::exists(entry.path() / "manifest.toml")) found.push_back(entry.path() / "manifest.toml");
  }
  return found;
}

/// The path with its placeholders filled from the tenant.
std::string Fill(std::string path, const World& world) {
  const std::pair<std::string, std::string> kValues[] = {
      {"{subscriptionId}", world.subscriptions()[0]},
      {"{groupId}", world.seeded().Guid("group/0")}};
  for (const auto& [name, value] : kValues) {
    if (size_t at = path.find(name); at != std::string::npos) path.replace(at, name.size(), value);
  }
  return path;
}

}  // namespace

TEST_CASE("DemoTenant: Answers every endpoint of every collector, with one gap") {
  DemoTenant tenant = MakeTenant();
  for (const fs::path& manifest : Manifests()) {
    toml::table file = toml::parse_file(manifest.string());
    for (auto& node : *file["endpoint"].as_array()) {
      const toml::table& endpoint = *node.as_table();
      std::string id = endpoint["id"].value_or(std::string());
      // Cost exports are files beside the demo's configuration (cost_export.h).
      if (endpoint["host"].value_or(std::string()) == "blob") continue;
      bool graph = endpoint["host"].value_or(std::string()) == "graph";
      std::string target = (graph ? "/" + endpoint["version"].value_or(std::string()) : "") +
                           Fill(endpoint["path"].value_or(std::string()), tenant.world()) + "?";
      if (!graph) target += "api-version=" + endpoint["api_version"].value_or(std::string()) + "&";
      if (const toml::table* query = endpoint["query"].as_table()) {
        for (auto& [key, value] : *query) {
          target +=
              std::string(key.str()) + "=" + PercentEncode(value.value_or(std::string())) + "&";
        }
      }
      target.pop_back();
      Answer answer = Ask(tenant, graph ? Host::kGraph : Host::kArm, target,
                          endpoint.contains("read_post") ? "POST" : "GET");
      INFO(id << " " << target << " " << answer.body.substr(0, 200));
      CHECK(answer.status == (id == "intune-compliance-policies" ? 403 : 200));
    }
  }
}
