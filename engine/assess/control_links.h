// Controls of different frameworks that the same checks speak to, and all that hangs on one check.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "assess/catalogue.h"
#include "model/framework.h"

namespace assay::assess {

/// A control of another framework that shares checks with one at hand. Evidence is shared, not
/// meaning: what the two ask for may differ.
struct Equivalent {
  std::string framework, control, title;
  size_t shared = 0;  ///< checks that both are mapped to
  size_t of = 0;      ///< checks of that control
};
/// Most shared checks first, then in order of the catalogue. Controls of the framework itself are
/// left out. [any thread]
std::vector<Equivalent> EquivalentsOf(const std::vector<InstalledFramework>& frameworks,
                                      std::string_view framework, const ControlSpec& control);

/// A control that a check is mapped to.
struct Effect {
  std::string framework, control, title;
  size_t checks = 0;  ///< of that control: 1 means that this check alone speaks to it
};
/// In order of the catalogue. [any thread]
std::vector<Effect> EffectOf(const std::vector<InstalledFramework>& frameworks,
                             std::string_view check);

}  // namespace assay::assess
