// Progress of a run on stderr: one line for each change of state, none before the first second, so
// that a quick run says nothing and a slow one is never silent.
#pragma once

#include <chrono>
#include <mutex>

#include "assess/progress.h"

namespace assay::cli {

class ProgressLines : public assess::Progress {
 public:
  /// `enabled` false (--quiet, --json): says nothing at all. `verbose`: what plugins log, too.
  explicit ProgressLines(bool enabled, bool verbose = false)
      : enabled_(enabled), verbose_(verbose), started_(std::chrono::steady_clock::now()) {}
  void PhaseStarted(const std::string& phase) override;
  void EndpointFinished(const std::string& plugin, const std::string& endpoint) override;
  void Waiting(const broker::WaitNote& note) override;
  void CollectorFinished(const std::string& plugin, bool ok, const std::string& detail) override;
  void PluginLog(const std::string& plugin, int severity, const std::string& line) override;

 private:
  bool Due() const;
  void Say(const std::string& line);

  bool enabled_, verbose_;
  std::chrono::steady_clock::time_point started_;
  std::mutex mutex_;
  uint64_t pages_ = 0;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace assay::cli
