// Host extension assay.log/1: lines for people, cut and counted against the quota.
#pragma once

#include "assay/log.h"
#include "worker/host.h"

namespace assay::worker {

class LogExtension : public Extension {
 public:
  explicit LogExtension(Session& session) : session_(session) {}
  std::string_view id() const override { return ASSAY_EXT_LOG; }
  const void* table() const override;
  void Write(uint32_t severity, std::string_view line);
  uint64_t dropped() const { return dropped_; }

 private:
  Session& session_;
  uint64_t bytes_ = 0, dropped_ = 0;
};

}  // namespace assay::worker
