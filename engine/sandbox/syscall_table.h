// Which system calls a worker may make in which stage, and why. The only place to change that.
#pragma once

#include <sched.h>

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
  kOwnProcess,   ///< argument 0 is this process
  kThreadOnly,   ///< argument 0 is exactly kThreadFlags
  kRegister,     ///< argument 2 is 0
};

/// What glibc gives to clone for a thread, all of it and nothing else: no new namespace, no other
/// process, no signal at its end.
inline constexpr uint64_t kThreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                                         CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |
                                         CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

struct AllowedCall {
  int number;
  Narrow narrow;
  std::string_view reason;
};

/// Allowed in stage B, which holds plugin code.
std::span<const AllowedCall> RunCalls();
/// Allowed in both stages besides, where the manifest asked for threads; clone only where the tier
/// can count them.
std::span<const AllowedCall> ThreadCalls();
/// Allowed in stage A; no plugin code runs there.
std::span<const AllowedCall> LoadCalls();
/// Fail with EACCES: things that libraries and runtimes try and can do without.
std::span<const int> RefusedCalls();
/// Fail with ENOSYS: callers fall back to an older call.
std::span<const int> UnknownCalls();

}  // namespace assay::sandbox
