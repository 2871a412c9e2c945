// Roll-up of a control that has two parts, neither of which stands in for the other: a technical
// one that checks show, and a human one that a person attests.
#pragma once

#include <string>

#include "assay/roll_up.h"

namespace assay {

namespace detail {

/// Checks that pass by themselves; a `manual` one that a person settled is not among them.
inline uint64_t PassingChecks(const assay_control_t& control) {
  uint64_t passing = 0;
  for (uint64_t i = 0; i < control.check_count; ++i)
    if (control.checks[i].verdict == ASSAY_VERDICT_PASS) ++passing;
  return passing;
}

}  // namespace detail

/// RollUp with two rules more. An attestation is always needed, whatever the package says. And it
/// does not replace the technical part: with no check that passes by itself the control is
/// `unknown`, however much was attested. Failures, unknown checks and exceptions count as ever.
inline Conclusion RollUpBoth(const assay_control_t& control) {
  assay_control_t both = control;
  both.needs_attestation = 1;
  const Conclusion whole = RollUp(both);
  if (whole.state == ASSAY_CONTROL_UNKNOWN && control.attested == 0 &&
      detail::PassingChecks(control) == control.check_count && control.check_count > 0)
    return {ASSAY_CONTROL_UNKNOWN, "the technical part holds, " +
                                       detail::Of(control.check_count, control.check_count) +
                                       "passing; a person must attest the other part"};
  if (whole.state != ASSAY_CONTROL_SATISFIED) return whole;
  if (detail::PassingChecks(control) == 0)
    return {ASSAY_CONTROL_UNKNOWN, "a person attested it, but no check shows the technical part"};
  return {ASSAY_CONTROL_SATISFIED, "both parts: " + whole.why};
}

}  // namespace assay
