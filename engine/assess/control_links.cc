#include "assess/control_links.h"

#include <algorithm>
#include <set>

namespace assay::assess {

std::vector<Equivalent> EquivalentsOf(const std::vector<InstalledFramework>& frameworks,
                                      std::string_view framework, const ControlSpec& control) {
  const std::set<std::string> own(control.checks.begin(), control.checks.end());
  std::vector<Equivalent> out;
  for (const InstalledFramework& other : frameworks) {
    if (other.spec.id == framework) continue;
    for (const ControlSpec& candidate : other.spec.controls) {
      const auto shared = static_cast<size_t>(
          std::count_if(candidate.checks.begin(), candidate.checks.end(),
                        [&](const std::string& check) { return own.contains(check); }));
      if (shared > 0)
        out.push_back(
            {other.spec.id, candidate.id, candidate.title, shared, candidate.checks.size()});
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Equivalent& a, const Equivalent& b) { return a.shared > b.shared; });
  return out;
}

std::vector<Effect> EffectOf(const std::vector<InstalledFramework>& frameworks,
                             std::string_view check) {
  std::vector<Effect> out;
  for (const InstalledFramework& framework : frameworks)
    for (const ControlSpec& control : framework.spec.controls)
      if (std::find(control.checks.begin(), control.checks.end(), check) != control.checks.end())
        out.push_back({framework.spec.id, control.id, control.title, control.checks.size()});
  return out;
}

}  // namespace assay::assess
