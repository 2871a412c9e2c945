// Base of a framework plugin. Derive, override Decide where the default does not fit, end the file
// with ASSAY_PLUGIN(YourType). A framework that needs no rule of its own is three lines.
#pragma once

#include <string>

#include "assay/export.h"
#include "assay/framework.h"
#include "assay/roll_up.h"

namespace assay {

/// A framework concludes on each control of its package, once, in order.
class Framework {
 public:
  Framework() = default;
  Framework(const Framework&) = delete;
  Framework& operator=(const Framework&) = delete;
  virtual ~Framework() = default;

  /// The state of one control and why. The default is RollUp.
  virtual Conclusion Decide(const assay_control_t& control) { return RollUp(control); }

  /// Entry of the trampolines.
  void Run(const assay_host_t* host) {
    const auto* table = static_cast<const assay_framework_v1_t*>(
        host->extension(host, ToSlice(ASSAY_EXT_FRAMEWORK)));
    if (table == nullptr) {
      throw PluginError(ASSAY_E_UNSUPPORTED, "this host offers no " ASSAY_EXT_FRAMEWORK);
    }
    const uint32_t count = table->control_count(host);
    for (uint32_t index = 0; index < count; ++index) {
      const assay_control_t* control = nullptr;
      Require(table->control(host, index, &control), "control", index);
      if (control == nullptr) throw PluginError(ASSAY_E_INTERNAL, "the host gave no control");
      const Conclusion conclusion = Decide(*control);
      Require(table->conclude(host, index, conclusion.state, ToSlice(conclusion.why)), "conclude",
              index);
    }
  }

 private:
  static void Require(assay_status_t status, const std::string& call, uint32_t index) {
    if (status == ASSAY_OK) return;
    throw PluginError(status,
                      call + " " + std::to_string(index) + ": " + std::string(StatusName(status)));
  }
};

}  // namespace assay
