// Progress of a run as events for programs (--jsonl): one JSON object a line, each with "event".
#pragma once

#include <functional>
#include <mutex>

#include "assess/progress.h"

namespace assay::cli {

class ProgressEvents : public assess::Progress {
 public:
  /// `sink` gets whole lines, newline included, one at a time.
  ProgressEvents(std::function<void(const std::string&)> sink, std::string tenant)
      : sink_(std::move(sink)), tenant_(std::move(tenant)) {}
  void PhaseStarted(const std::string& phase) override;
  void PhaseFinished(const std::string& phase) override;
  void EndpointFinished(const std::string& plugin, const std::string& endpoint) override;
  void Waiting(const broker::WaitNote& note) override;
  void CollectorFinished(const std::string& plugin, bool ok, const std::string& detail) override;
  void MarksRefused(const std::string& plugin, const std::string& endpoint,
                    uint64_t pages) override;
  void PluginLog(const std::string& plugin, int severity, const std::string& line) override;
  void CheckFinished(const CheckResult& result) override;

 private:
  void Emit(const std::string& event, const std::string& members);

  std::function<void(const std::string&)> sink_;
  std::string tenant_;
  std::mutex mutex_;
};

}  // namespace assay::cli
