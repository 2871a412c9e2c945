#include "assess/coverage.h"

#include <algorithm>

namespace assay::assess {

Coverage CoverageOf(const FrameworkSpec& spec) {
  Coverage coverage;
  coverage.controls = spec.controls.size();
  for (const ControlSpec& control : spec.controls) {
    if (control.automation == "n/a")
      ++coverage.not_applicable;
    else if (control.checks.empty())
      ++coverage.uncovered;
    else
      ++(control.needs_attestation ? coverage.with_attestation : coverage.by_checks);
  }
  return coverage;
}

std::vector<const ControlSpec*> Uncovered(const FrameworkSpec& spec) {
  std::vector<const ControlSpec*> out;
  for (const ControlSpec& control : spec.controls)
    if (control.automation != "n/a" && control.checks.empty()) out.push_back(&control);
  return out;
}

const ControlResult* FindResult(const std::vector<ControlResult>& results,
                                std::string_view framework, std::string_view control) {
  const auto at = std::find_if(results.begin(), results.end(), [&](const ControlResult& result) {
    return result.framework == framework && result.control == control;
  });
  return at == results.end() ? nullptr : &*at;
}

Standing StandingOf(const FrameworkSpec& spec, const std::vector<ControlResult>& results) {
  Standing out;
  for (const ControlSpec& control : spec.controls) {
    const ControlResult* result = FindResult(results, spec.id, control.id);
    if (control.automation == "n/a") {
      ++out.not_applicable;
    } else if (result == nullptr) {
      ++out.excluded;
    } else {
      switch (result->state) {
        case ControlState::kSatisfied:
          ++out.satisfied;
          break;
        case ControlState::kNotSatisfied:
          ++out.not_satisfied;
          break;
        case ControlState::kExcepted:
          ++out.excepted;
          break;
        case ControlState::kUnknown:
          ++out.unknown;
          break;
        case ControlState::kUncovered:
          ++out.uncovered;
          break;
      }
    }
  }
  return out;
}

}  // namespace assay::assess
