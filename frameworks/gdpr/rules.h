// How the GDPR's controls are decided where the kit's roll-up is not enough.
#pragma once

#include <string_view>

#include "assay/framework_plugin.h"
#include "assay/roll_up_both.h"

namespace assay {

/// Article 32(1)(d) asks for a process by which measures are tested again and again. Assessments
/// that the platform repeats show the testing, not that somebody judges the results; a person who
/// attests the process shows no testing. It needs both; all others follow the kit's roll-up.
class Gdpr : public Framework {
 public:
  Conclusion Decide(const assay_control_t& control) override {
    return FromSlice(control.id) == "Art. 32(1)(d)" ? RollUpBoth(control) : RollUp(control);
  }
};

}  // namespace assay
