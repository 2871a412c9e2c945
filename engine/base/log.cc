#include "base/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>

#include "base/files.h"

namespace assay {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kWarning};
constexpr std::string_view kNames[] = {"error", "warning", "info", "debug"};

}  // namespace

void SetLogLevel(LogLevel level) { g_level = level; }

void Log(LogLevel level, std::string_view text) {
  if (level > g_level) return;
  const std::string line = fmt::format("assay: {}: {}\n", kNames[static_cast<size_t>(level)], text);
  (void)WriteAll(STDERR_FILENO, AsBytes(line), "stderr");  // nowhere left to report it
}

}  // namespace assay
