#include "worker/host_log.h"

#include <algorithm>

namespace assay::worker {
namespace {

/// Said once, out of the plugin's own quota, when a line did not fit any more.
constexpr std::string_view kUsedUp = "log quota is used up; further lines are dropped";

constexpr assay_log_v1_t kTable{
    [](const assay_host_t* abi, uint32_t severity, assay_str_t line) {
      Guarded(abi, [&](Host& host) {
        host.log->Write(severity, TextOf(line).value_or(""));
        return ASSAY_OK;
      });
    },
};

}  // namespace

const void* LogExtension::table() const { return &kTable; }

void LogExtension::Write(uint32_t severity, std::string_view line) {
  const std::string text = ipc::OneLine(line.substr(0, ipc::kMaxLine));
  const uint64_t quota = session_.init().limits.log_bytes;
  if (dropped_ > 0 || bytes_ + text.size() + kUsedUp.size() > quota) {
    const bool first = dropped_++ == 0;
    if (first && bytes_ + kUsedUp.size() <= quota)
      session_.Send(ipc::Type::kLog, Encode(ipc::Log{ASSAY_LOG_WARNING, std::string(kUsedUp)}));
    return;
  }
  bytes_ += text.size();
  const auto level =
      static_cast<uint8_t>(std::min<uint32_t>(severity, uint32_t{ASSAY_LOG_HOST_MISBEHAVING}));
  session_.Send(ipc::Type::kLog, Encode(ipc::Log{level, text}));
}

}  // namespace assay::worker
