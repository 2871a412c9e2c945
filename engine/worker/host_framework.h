// Host extension assay.framework/1: controls and check results in, one conclusion for each control
// out.
#pragma once

#include <map>

#include "assay/framework.h"
#include "worker/host.h"

namespace assay::worker {

class FrameworkExtension : public Extension {
 public:
  explicit FrameworkExtension(Session& session) : session_(session) {}
  std::string_view id() const override { return ASSAY_EXT_FRAMEWORK; }
  const void* table() const override;

  /// Takes kControls and kCheckResult frames until kConclude. kCorrupt, kCancelled, or the
  /// channel's error.
  Status Load(ipc::Channel& channel);
  /// Id of the first control that has no conclusion yet, empty when all have one.
  std::string FirstOpen() const;

  uint32_t Count() const { return static_cast<uint32_t>(controls_.size()); }
  assay_status_t Control(uint32_t index, const assay_control_t** out);
  assay_status_t Conclude(uint32_t index, uint32_t state, assay_str_t why);

 private:
  Status Take(const ipc::Frame& frame);
  void Arrange();

  Session& session_;
  std::string framework_;
  std::vector<ControlSpec> specs_;
  std::map<std::string, CheckResult> results_;
  std::vector<std::vector<assay_mapped_check_t>> mapped_;
  std::vector<assay_control_t> controls_;
  std::vector<bool> concluded_;
};

}  // namespace assay::worker
