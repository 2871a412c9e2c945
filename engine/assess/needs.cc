#include "assess/needs.h"

#include <algorithm>
#include <map>

#include "assess/read_set.h"

namespace assay::assess {
namespace {

bool Contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

void AddOnce(std::vector<std::string>& list, const std::string& item) {
  if (!Contains(list, item)) list.push_back(item);
}

/// Checks that look at one of the datasets, and not only if it is there.
std::vector<std::string> ChecksOn(const std::set<std::string>& datasets,
                                  const std::vector<CheckSpec>& checks) {
  std::vector<std::string> out;
  for (const CheckSpec& check : checks)
    if (std::any_of(check.reads.begin(), check.reads.end(), [&](const std::string& dataset) {
          return datasets.contains(dataset) && !Contains(check.optional, dataset);
        }))
      out.push_back(check.id);
  std::sort(out.begin(), out.end());
  return out;
}

struct Gathered {
  PermissionNeed need;
  std::set<std::string> datasets;
  bool first = true;
};

void Add(Gathered& to, const LoadedPlugin& plugin, const EndpointSpec& endpoint) {
  to.need.permission = endpoint.permission;
  AddOnce(to.need.plugins, plugin.manifest.id);
  AddOnce(to.need.reads, ReadName(endpoint));
  if (to.first) to.need.also = endpoint.also;
  std::erase_if(to.need.also,
                [&](const std::string& name) { return !Contains(endpoint.also, name); });
  to.first = false;
  if (endpoint.optional) return;
  to.need.optional = false;
  to.datasets.insert(endpoint.datasets.begin(), endpoint.datasets.end());
}

}  // namespace

std::vector<PermissionNeed> GraphNeeds(const std::vector<LoadedPlugin>& collectors,
                                       const std::vector<CheckSpec>& checks) {
  std::map<std::string, Gathered> by_name;
  for (const LoadedPlugin& plugin : collectors)
    for (const EndpointSpec& endpoint : plugin.manifest.endpoints)
      if (endpoint.host == ServiceHost::kGraph && !endpoint.permission.empty())
        Add(by_name[endpoint.permission], plugin, endpoint);
  std::vector<PermissionNeed> out;
  for (auto& [name, gathered] : by_name) {
    gathered.need.checks = ChecksOn(gathered.datasets, checks);
    out.push_back(std::move(gathered.need));
  }
  return out;
}

std::vector<PermissionNeed> Missing(const std::vector<PermissionNeed>& needs,
                                    const std::vector<std::string>& held) {
  std::vector<PermissionNeed> out;
  for (const PermissionNeed& need : needs) {
    const bool covered = Contains(held, need.permission) ||
                         std::any_of(need.also.begin(), need.also.end(),
                                     [&](const auto& name) { return Contains(held, name); });
    if (!covered) out.push_back(need);
  }
  return out;
}

std::vector<std::string> AzureChecks(const std::vector<LoadedPlugin>& collectors,
                                     const std::vector<CheckSpec>& checks) {
  std::set<std::string> datasets;
  for (const LoadedPlugin& plugin : collectors)
    for (const EndpointSpec& endpoint : plugin.manifest.endpoints)
      if (endpoint.host == ServiceHost::kArm && !endpoint.optional)
        datasets.insert(endpoint.datasets.begin(), endpoint.datasets.end());
  return ChecksOn(datasets, checks);
}

std::vector<std::string> GuardPermissions() {
  return {"Application.Read.All", "Directory.Read.All", "RoleManagement.Read.Directory"};
}

}  // namespace assay::assess
