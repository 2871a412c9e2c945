#include "assess/elsewhere.h"

#include <algorithm>
#include <map>
#include <set>

namespace assay::assess {
namespace {

namespace fs = std::filesystem;

/// Dataset -> collector, of those that are installed and not enabled.
std::map<std::string, std::string> DatasetsOf(const fs::path& plugins,
                                              const std::vector<LoadedPlugin>& enabled) {
  std::map<std::string, std::string> out;
  std::error_code error;
  for (fs::directory_iterator it(plugins, error), end; !error && it != end; it.increment(error)) {
    const std::string id = it->path().filename().string();
    if (std::any_of(enabled.begin(), enabled.end(),
                    [&](const LoadedPlugin& p) { return p.manifest.id == id; }))
      continue;
    const auto plugin = LoadPlugin(it->path(), id);
    if (!plugin) continue;
    for (const DatasetSpec& dataset : plugin->manifest.datasets) out.emplace(dataset.id, id);
  }
  return out;
}

}  // namespace

void NameElsewhere(const fs::path& plugins, const std::vector<LoadedPlugin>& enabled,
                   std::vector<CheckSpec>& checks) {
  std::set<std::string> given;
  for (const LoadedPlugin& plugin : enabled)
    for (const DatasetSpec& dataset : plugin.manifest.datasets) given.insert(dataset.id);
  std::optional<std::map<std::string, std::string>> others;
  for (CheckSpec& check : checks)
    for (const std::string& dataset : check.reads) {
      if (given.contains(dataset)) continue;
      if (!others) others = DatasetsOf(plugins, enabled);
      const auto at = others->find(dataset);
      if (at != others->end()) check.elsewhere.insert(*at);
    }
}

}  // namespace assay::assess
