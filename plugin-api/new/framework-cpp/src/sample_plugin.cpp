// The sample-plugin framework. Controls and mapping are data; only what differs from the kit's
// roll-up is code.
#include "assay/framework_plugin.h"

namespace {

class SamplePlugin : public assay::Framework {
 public:
  assay::Conclusion Decide(const assay_control_t& control) override {
    // A rule of your own goes here; all else is the kit's.
    return Framework::Decide(control);
  }
};

}  // namespace

ASSAY_PLUGIN(SamplePlugin);
