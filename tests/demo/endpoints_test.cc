// The demo tenant answers every read that the collectors' manifests declare.
#include <toml++/toml.h>

#include <filesystem>

#include "base/text.h"
#include "demo/azure_ids.h"
#include "demo_client.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::demo;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kNotGranted = "DeviceManagementConfiguration.Read.All";

std::vector<fs::path> Manifests() {
  std::vector<fs::path> found;
  fs::path plugins = fs::path(ASSAY_SOURCE_DIR) / "plugins";
  if (!fs::exists(plugins)) return found;
  for (const auto& entry : fs::directory_iterator(plugins)) {
    if (fs::exists(entry.path() / "manifest.toml")) found.push_back(entry.path() / "manifest.toml");
  }
  return found;
}

/// True when `path` is the template with one segment in the place of its placeholder.
bool Fits(const std::string& path, const std::string& before, const std::string& after) {
  return path.size() > before.size() + after.size() && path.starts_with(before) &&
         path.ends_with(after) && path.find('/', before.size()) == path.size() - after.size();
}

/// Some path of the tenant that a template with one placeholder describes; else the template.
std::string Described(const std::string& path, const World& world) {
  const size_t open = path.find('{'), close = path.find('}');
  if (open == std::string::npos) return path;
  const std::string before = AsciiLower(path.substr(0, open));
  const std::string after = AsciiLower(path.substr(close + 1));
  for (const std::string version : {"/v1.0", "/beta"}) {
    for (const std::string& known : world.Paths(Host::kGraph)) {
      if (!after.empty() && Fits(known, version + before, after))
        return known.substr(version.size());
    }
  }
  return path;
}

/// The path with its placeholders filled from the tenant.
std::string Fill(std::string path, const World& world) {
  const Seeded& seeded = world.seeded();
  const std::string owned = seeded.Guid("sp/" + seeded.Guid("Backup Orchestrator/appId"));
  const std::string vault = ResourceId(world, 0, "Microsoft.KeyVault/vaults", 1);
  const std::string storage = ResourceId(world, 0, "Microsoft.Storage/storageAccounts", 0);
  const std::pair<std::string, std::string> kValues[] = {
      {"/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/providers/{provider}/"
       "{resourceType}/{name}",
       vault},
      {"/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/providers/Microsoft.Storage/"
       "storageAccounts/{name}",
       storage},
      {"/applications/{id}", "/applications/" + seeded.Guid("Lab Notebook")},
      {"/servicePrincipals/{id}", "/servicePrincipals/" + owned},
      {"/definitions/{id}", "/definitions/" + seeded.Guid("review/roles")},
      {"{resourceSpId}", seeded.Guid("sp/graph")},
      {"{subscriptionId}", world.subscriptions()[0]},
      {"{domainId}", "aurelia.example"},
      {"{groupId}", seeded.Guid("group/0")},
      {"{policyId}", seeded.Guid("configuration/Disk encryption")},
      {"{standard}", "ISO-27001-2022"},
      {"{tenantId}", world.tenant_id()},
      {"{rg}", "rg-prod-" + std::string(path.find("{vault}") == path.npos ? "1" : "2")},
      {"{account}", "prodstor00"},
      {"{vault}", "prodvaul01"}};
  for (const auto& [name, value] : kValues) {
    if (size_t at = path.find(name); at != std::string::npos) path.replace(at, name.size(), value);
  }
  return Described(path, world);
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
      const bool gap = endpoint["permission"].value_or(std::string()) == kNotGranted;
      CHECK(answer.status == (gap ? 403 : 200));
    }
  }
}
