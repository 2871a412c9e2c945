// Names of tiers and fates, and the one place that turns an exit status into a fate.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "sandbox/confine.h"
#include "sandbox/spawn_protocol.h"
#include "sandbox/syscall_filter.h"

namespace assay::sandbox {
namespace {

/// The kernel's limit counts ticks, its account of the time is exact: 0.25 s of 1 s and 0.4 s of
/// 2 s apart were seen on busy machines, and the difference grows with the time.
constexpr uint64_t CpuClockSlackMs(uint64_t limit_ms) { return 300 + limit_ms / 10; }

struct FateName {
  Fate fate;
  std::string_view name;
};
constexpr FateName kFates[] = {
    {Fate::kRunning, "running"},
    {Fate::kOk, "ok"},
    {Fate::kPluginError, "plugin_error"},
    {Fate::kCrashed, "crashed"},
    {Fate::kViolation, "violation"},
    {Fate::kCpuLimit, "cpu_limit"},
    {Fate::kMemoryLimit, "memory_limit"},
    {Fate::kTimedOut, "timed_out"},
    {Fate::kFlooded, "flooded"},
    {Fate::kProtocolError, "protocol_error"},
    {Fate::kExited, "exited"},
    {Fate::kSetupFailed, "setup_failed"},
    {Fate::kLoadFailed, "load_failed"},
};

WorkerOutcome JudgeSignal(WorkerOutcome out, const EndState& end, const WorkerLimits& limits) {
  const uint64_t cpu_limit_ms = uint64_t{limits.cpu_seconds} * 1000;
  const char* name = sigabbrev_np(end.signal);
  out.detail = fmt::format("signal {} (SIG{})", end.signal, name != nullptr ? name : "?");
  if (end.violation >= 0) {
    out.fate = Fate::kViolation;
    out.detail = fmt::format("{} (call {}) is forbidden", CallName(end.violation), end.violation);
  } else if (end.signal == SIGKILL && end.denied_total > limits.denied_calls) {
    out.fate = Fate::kFlooded;
    out.detail =
        fmt::format("denied_calls: more than {} refused system calls", limits.denied_calls);
  } else if (end.signal == SIGSYS) {
    out.fate = Fate::kViolation;
    out.detail = "killed by the system call filter";
  } else if (end.signal == SIGXCPU ||
             (end.signal == SIGKILL &&
              end.cpu_ms + CpuClockSlackMs(cpu_limit_ms) >= cpu_limit_ms)) {
    // The first process of a pid namespace ignores SIGXCPU; the kernel then kills it at the hard
    // limit.
    out.fate = Fate::kCpuLimit;
    out.detail = fmt::format("used {} ms of processor time; the limit is {} s", end.cpu_ms,
                             limits.cpu_seconds);
  } else if (end.signal == SIGKILL) {
    out.fate = Fate::kMemoryLimit;
    out.detail = "killed from outside, as the kernel does when memory runs out";
  } else {
    out.fate = Fate::kCrashed;
  }
  return out;
}

/// Exit codes of confine.h; kRunning when the code is none of them or may be a plugin's own.
Fate FateOfExitCode(int code, bool after_hello) {
  switch (code) {
    case kExitSetupFailed:
      return after_hello ? Fate::kRunning : Fate::kSetupFailed;
    case kExitLoadFailed:
      return after_hello ? Fate::kRunning : Fate::kLoadFailed;
    case kExitOutOfMemory:
      return Fate::kMemoryLimit;
    case kExitProtocol:
      return Fate::kProtocolError;
    default:
      return Fate::kRunning;
  }
}

}  // namespace

std::string_view Name(Tier tier) {
  switch (tier) {
    case Tier::kStrict:
      return "strict";
    case Tier::kReduced:
      return "reduced";
    case Tier::kMinimal:
      return "minimal";
  }
  return "unknown";
}

std::optional<Tier> ParseTier(std::string_view word) {
  for (Tier tier : {Tier::kStrict, Tier::kReduced, Tier::kMinimal})
    if (Name(tier) == word) return tier;
  return std::nullopt;
}

std::string_view Name(Fate fate) {
  for (const FateName& f : kFates)
    if (f.fate == fate) return f.name;
  return "unknown";
}

WorkerOutcome JudgeEnd(const EndState& end, const std::optional<ipc::Done>& done,
                       const WorkerLimits& limits, bool after_hello) {
  WorkerOutcome out;
  out.exit_code = end.exit_code;
  out.signal = end.signal;
  out.denied = end.denied;
  out.cpu_ms = end.cpu_ms;
  out.peak_bytes = end.peak_bytes;
  if (!end.known) {
    out.fate = Fate::kCrashed;
    out.detail = "the spawner is gone";
    return out;
  }
  if (end.signal != 0) return JudgeSignal(std::move(out), end, limits);
  out.fate = FateOfExitCode(end.exit_code, after_hello);
  if (out.fate != Fate::kRunning) {
    out.detail = end.report;
    return out;
  }
  if (done && done->status != 0) {
    out.fate = Fate::kPluginError;
    out.detail = done->message;
  } else if (done && end.exit_code == 0) {
    out.fate = Fate::kOk;
  } else {
    out.fate = Fate::kExited;
    out.detail =
        fmt::format("exited with {}{}", end.exit_code, done ? "" : " without its last message");
  }
  return out;
}

}  // namespace assay::sandbox
