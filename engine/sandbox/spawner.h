// Starts confined workers and tells what became of them. The spawner is a small process forked from
// main() before any secret is read; it makes each worker with clone3 in new namespaces, so no
// worker is ever forked from memory that holds a token or key. plugins.md section 4 gives the order
// of the layers. From the first one on it makes the next worker of that tier ahead of time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/files.h"
#include "base/result.h"
#include "ipc/channel.h"
#include "ipc/messages.h"
#include "model/manifest.h"

namespace assay::sandbox {

/// strict: every layer. reduced: no namespaces. minimal: seccomp, no_new_privs, rlimits and own
/// uid.
enum class Tier : uint8_t { kStrict = 1, kReduced = 2, kMinimal = 3 };
std::string_view Name(Tier tier);
std::optional<Tier> ParseTier(std::string_view word);

/// What this machine offers, found by trying; `why` says what is missing for the next better tier.
struct TierReport {
  Tier best = Tier::kMinimal;
  bool user_namespaces = false;
  int landlock_abi = 0;  ///< 0: none
  bool seccomp = false;
  std::string why;
};

/// Fate of a worker; set once.
enum class Fate : uint8_t {
  kRunning,
  kOk,             ///< sent kDone with status 0 and exited 0
  kPluginError,    ///< sent kDone with another status
  kCrashed,        ///< signal other than those below
  kViolation,      ///< killed by the system call filter (SIGSYS)
  kCpuLimit,       ///< SIGXCPU or RLIMIT_CPU
  kMemoryLimit,    ///< allocation failure reported by the worker, or OOM kill
  kTimedOut,       ///< wall limit; killed by the engine
  kFlooded,        ///< a quota was exceeded: named in detail
  kProtocolError,  ///< broke the message table
  kExited,         ///< exited without kDone
  kSetupFailed,    ///< confinement could not be put in force: nothing of the plugin ran
  kLoadFailed,     ///< the loader refused the plugin under confinement
};
std::string_view Name(Fate fate);  ///< "plugin_error", "violation", ...

/// System calls of one kind that the filter refused.
struct DeniedCall {
  std::string name;  ///< "openat"
  uint32_t count = 0;
};

struct WorkerOutcome {
  Fate fate = Fate::kRunning;
  int exit_code = 0;
  int signal = 0;
  std::string detail;              ///< quota name, failing layer, system call number where known
  std::vector<DeniedCall> denied;  ///< refused calls by kind, at most 16 kinds; empty where the
                                   ///< kernel gives no listener
  uint64_t cpu_ms = 0;             ///< user and system time
  uint64_t peak_bytes = 0;         ///< largest resident size
};

struct WorkerSpec {
  ipc::Init init;  ///< role, limits, datasets, endpoints; constructors' place is filled by the
                   ///< spawner's caller
  int plugin_memfd = -1;  ///< sealed image with INIT/FINI tags removed; -1 for evaluator and canary
};

/// A running worker. Destroying it kills the process and reaps it.
class Worker {
 public:
  virtual ~Worker() = default;
  virtual ipc::Channel& channel() = 0;
  virtual int pidfd() const = 0;
  /// What the worker said of itself once confined.
  virtual const ipc::Hello& hello() const = 0;
  /// SIGKILL to the worker and all it may have made. Idempotent. The fate given here stays.
  virtual void Kill(Fate fate, std::string detail) = 0;
  /// Waits for the end, at most `timeout`; kills with kTimedOut when it does not come. `done` is
  /// the worker's last message when it sent one.
  virtual WorkerOutcome Wait(const std::optional<ipc::Done>& done,
                             std::chrono::milliseconds timeout) = 0;
};

class Spawner {
 public:
  virtual ~Spawner() = default;
  /// Forks the spawner process. Call first in main(), before threads and secrets. `worker_path`:
  /// the assay-worker binary beside assay. kNotFound, kIo.
  static Result<std::unique_ptr<Spawner>> Start(const std::string& worker_path);
  /// What the machine offers. Cached after the first call.
  virtual Result<TierReport> Probe() = 0;
  /// Starts a worker in `tier`, sends Init and waits for Hello (at most 10 s). kDenied naming the
  /// layer when confinement could not be put in force, kInvalidInput when the plugin did not load.
  /// [any thread]
  virtual Result<std::unique_ptr<Worker>> Spawn(const WorkerSpec& spec, Tier tier) = 0;
  /// Runs the built-in canary in `tier`: tries open, connect, exec, kill, writable+executable map.
  /// kDenied naming what worked; no plugin may run then.
  virtual Status RunCanary(Tier tier) = 0;
};

/// Result of the bounded ELF pass over an untrusted plugin file (plugins.md section 2).
struct PluginImage {
  ByteVector
      sealed_image;  ///< the file with DT_INIT, DT_FINI, INIT_ARRAY and FINI_ARRAY tags neutralised
  std::string manifest;                     ///< TOML text of the ELF note
  Digest file_digest{}, manifest_digest{};  ///< of the original file, of the note's text
  uint64_t init_array_offset = 0, init_array_bytes = 0, fini_array_offset = 0, fini_array_bytes = 0;
  uint64_t init_function = 0, fini_function = 0;
};
/// Checks an x86-64 or AArch64 shared object within bounds; kInvalidInput naming the rule it breaks
/// ("segment 3 is writable and executable"). Never executes or maps anything of it. [any thread]
Result<PluginImage> InspectPlugin(ByteSpan file);

}  // namespace assay::sandbox
