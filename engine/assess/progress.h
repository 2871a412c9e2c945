// What a run says while it works. The command line prints it; tests record it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "broker/pace_report.h"
#include "model/check.h"

namespace assay::assess {

/// All methods may be called from several threads at once; an implementation locks. Never blocks
/// long.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void PhaseStarted(const std::string& /*phase*/) {}
  virtual void PhaseFinished(const std::string& /*phase*/) {}
  virtual void EndpointFinished(const std::string& /*plugin*/, const std::string& /*endpoint*/) {}
  virtual void Waiting(const broker::WaitNote& /*note*/) {}
  virtual void CollectorFinished(const std::string& /*plugin*/, bool /*ok*/,
                                 const std::string& /*detail*/) {}
  /// Once for each endpoint, before its collector finishes: `pages` of it are kept as one record.
  virtual void MarksRefused(const std::string& /*plugin*/, const std::string& /*endpoint*/,
                            uint64_t /*pages*/) {}
  virtual void PluginLog(const std::string& /*plugin*/, int /*severity*/,
                         const std::string& /*line*/) {}
  virtual void CheckFinished(const CheckResult& /*result*/) {}
};

}  // namespace assay::assess
