// How DORA's controls are decided where the kit's roll-up is not enough.
#pragma once

#include <string_view>

#include "assay/framework_plugin.h"
#include "assay/roll_up_both.h"

namespace assay {

/// Article 9 asks for tools and for the policies and procedures behind them: settings that hold do
/// not show the procedure, and an attested procedure does not show the settings. Its items need
/// both; all others follow the kit's roll-up.
class Dora : public Framework {
 public:
  Conclusion Decide(const assay_control_t& control) override {
    const bool both = FromSlice(control.id).substr(0, 7) == "Art. 9(";
    return both ? RollUpBoth(control) : RollUp(control);
  }
};

}  // namespace assay
