// Which system calls a worker may make in which stage, and why. The only place to change that.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace assay::sandbox {

/// How the arguments of an allowed call are narrowed.
enum class Narrow : uint8_t {
  kNone,
  kNoExec,       ///< argument 2 (prot) without PROT_EXEC
  kNoWriteExec,  ///< argument 2 (prot) not PROT_WRITE and PROT_EXEC at once
  kChannelOnly,  ///< argument 0 is the channel
  kReportOnly,   ///< argument 0 is the channel or the report descriptor
  kAbortSelf,    ///< argument 0 is this process, argument 2 SIGABRT
};

struct AllowedCall {
  int number;
  Narrow narrow;
  std::string_view reason;
};

/// Allowed in stage B, which holds plugin code.
std::span<const AllowedCall> RunCalls();
/// Allowed in stage A; no plugin code runs there.
std::span<const AllowedCall> LoadCalls();
/// Fail with EACCES: things that libraries and runtimes try and can do without.
std::span<const int> RefusedCalls();
/// Fail with ENOSYS: callers fall back to an older call.
std::span<const int> UnknownCalls();

}  // namespace assay::sandbox
