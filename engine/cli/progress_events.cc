#include "cli/progress_events.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/time.h"

namespace assay::cli {

void ProgressEvents::Emit(const std::string& event, const std::string& members) {
  const std::string line =
      fmt::format("{{\"event\":\"{}\",\"time\":\"{}\",\"tenant\":{},{}}}\n", event,
                  FormatTime(SystemClock().Now()), JsonString(tenant_), members);
  std::lock_guard lock(mutex_);
  sink_(line);
}

void ProgressEvents::PhaseStarted(const std::string& phase) {
  Emit("phase_started", fmt::format("\"phase\":{}", JsonString(phase)));
}

void ProgressEvents::PhaseFinished(const std::string& phase) {
  Emit("phase_finished", fmt::format("\"phase\":{}", JsonString(phase)));
}

void ProgressEvents::EndpointFinished(const std::string& plugin, const std::string& endpoint) {
  Emit("page",
       fmt::format("\"plugin\":{},\"endpoint\":{}", JsonString(plugin), JsonString(endpoint)));
}

void ProgressEvents::Waiting(const broker::WaitNote& note) {
  Emit("waiting",
       fmt::format("\"endpoint\":{},\"wait_ms\":{},\"status\":{},\"reason\":\"{}\",\"throttle\":{}",
                   JsonString(note.endpoint), note.wait.count(), note.http_status,
                   Name(note.reason), JsonString(note.throttle)));
}

void ProgressEvents::CollectorFinished(const std::string& plugin, bool ok,
                                       const std::string& detail) {
  Emit("collector_finished", fmt::format("\"plugin\":{},\"ok\":{},\"detail\":{}",
                                         JsonString(plugin), ok, JsonString(detail)));
}

void ProgressEvents::MarksRefused(const std::string& plugin, const std::string& endpoint,
                                  uint64_t pages) {
  Emit("marks_refused", fmt::format("\"plugin\":{},\"endpoint\":{},\"pages\":{}",
                                    JsonString(plugin), JsonString(endpoint), pages));
}

void ProgressEvents::PluginLog(const std::string& plugin, int severity, const std::string& line) {
  Emit("plugin_log", fmt::format("\"plugin\":{},\"severity\":{},\"line\":{}", JsonString(plugin),
                                 severity, JsonString(line)));
}

void ProgressEvents::CheckFinished(const CheckResult& result) {
  Emit("check",
       fmt::format("\"check\":{},\"verdict\":\"{}\",\"reason\":{},\"fail\":{},\"subjects\":{}",
                   JsonString(result.check), Name(result.verdict),
                   result.reason == Reason::kNone ? "null" : JsonString(Name(result.reason)),
                   result.fail, result.subjects()));
}

}  // namespace assay::cli
