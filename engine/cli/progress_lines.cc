#include "cli/progress_lines.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/files.h"

namespace assay::cli {
namespace {

using Steady = std::chrono::steady_clock;
constexpr auto kSilence = std::chrono::seconds(1);
constexpr auto kInterval = std::chrono::seconds(5);

}  // namespace

bool ProgressLines::Due() const { return enabled_ && Steady::now() - started_ > kSilence; }

void ProgressLines::Say(const std::string& line) {
  std::lock_guard lock(mutex_);
  (void)WriteAll(STDERR_FILENO, AsBytes("  " + line + "\n"), "stderr");  // nowhere left to report
}

void ProgressLines::PhaseStarted(const std::string& phase) {
  if (Due()) Say(phase);
}

void ProgressLines::EndpointFinished(const std::string& plugin, const std::string& endpoint) {
  if (!enabled_) return;
  uint64_t pages;
  {
    std::lock_guard lock(mutex_);
    pages = ++pages_;
    if (Steady::now() - started_ < kSilence || Steady::now() - last_ < kInterval) return;
    last_ = Steady::now();
  }
  Say(fmt::format("collect  {} pages so far, now {} {}", pages, plugin, endpoint));
}

void ProgressLines::Waiting(const broker::WaitNote& note) {
  if (!enabled_) return;
  const bool own = note.reason == broker::WaitReason::kBudget;
  // One's own pace is no news, unless it takes long.
  if (own && !Due()) return;
  const std::string why = own                    ? "budget of " + note.throttle
                          : note.http_status > 0 ? fmt::format("answered {}", note.http_status)
                                                 : std::string("did not answer");
  Say(fmt::format("wait     {} {}: waiting {:.1f} s", note.endpoint, why,
                  static_cast<double>(note.wait.count()) / 1000));
}

void ProgressLines::CollectorFinished(const std::string& plugin, bool ok,
                                      const std::string& detail) {
  if (!ok && enabled_)
    Say(fmt::format("collect  {} failed: {}", plugin, detail));
  else if (Due())
    Say(fmt::format("collect  {} done", plugin));
}

void ProgressLines::PluginLog(const std::string& plugin, int severity, const std::string& line) {
  if (enabled_ && verbose_ && severity > 0) Say(fmt::format("{}: {}", plugin, Quote(line, 1024)));
}

}  // namespace assay::cli
