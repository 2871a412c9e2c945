// From the checks mapped to one control to the state of that control. Pure; shared by all packages.
#pragma once

#include <string>

#include "assay/framework.h"

namespace assay::frameworks {

/// State (ASSAY_CONTROL_*) and, in one line for people without personal data, why.
struct Conclusion {
  uint32_t state = ASSAY_CONTROL_UNKNOWN;
  std::string why;
};

/// not_satisfied > unknown > excepted > satisfied; a control without checks is uncovered unless a
/// person attested it. Absence of evidence is never satisfied: checks that did not run, were not
/// assessed or do not apply at all leave the control unknown.
Conclusion Conclude(const assay_control_t& control);

}  // namespace assay::frameworks
