// How much of a framework checks speak to, and how its controls stand: counts with all of their
// denominators, never one number alone (decision of the product: no score).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/framework.h"

namespace assay::assess {

/// A framework as its package has it.
struct Coverage {
  size_t controls = 0;
  size_t by_checks = 0;         ///< with checks, and no attestation is asked for
  size_t with_attestation = 0;  ///< with checks, and a person must attest the rest
  size_t uncovered = 0;         ///< no check speaks to it
  size_t not_applicable = 0;    ///< addresses nobody here; no gap
  size_t mapped() const { return by_checks + with_attestation; }
};
Coverage CoverageOf(const FrameworkSpec& spec);

/// Controls that no check speaks to, in order; without those that are not applicable.
std::vector<const ControlSpec*> Uncovered(const FrameworkSpec& spec);

/// A framework as one run left it.
struct Standing {
  size_t satisfied = 0, not_satisfied = 0, excepted = 0, unknown = 0, uncovered = 0;
  size_t excluded = 0;        ///< of the package, but not decided in the run
  size_t not_applicable = 0;  ///< in neither of the others
  size_t assessed() const { return satisfied + not_satisfied + excepted; }
  size_t mapped() const { return assessed() + unknown; }
};
/// `results` may hold other frameworks too.
Standing StandingOf(const FrameworkSpec& spec, const std::vector<ControlResult>& results);

/// The result of one control; null when the run did not decide it.
const ControlResult* FindResult(const std::vector<ControlResult>& results,
                                std::string_view framework, std::string_view control);

}  // namespace assay::assess
