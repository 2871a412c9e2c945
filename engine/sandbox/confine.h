// What a worker does to itself before any byte of a plugin runs: the layers of plugins.md section
// 4, in two stages with the load of the plugin between them. Called by assay-worker's main(), by
// nobody else.
//
//   int main(int argc, char** argv) {
//     auto tier = sandbox::TierFromArguments(argc, argv);
//     sandbox::AwaitWork(*tier)          made ahead of time: waits here, in an empty jail already
//     ... read ipc::Init from kChannelFd (the engine's words; no plugin byte is in the process yet)
//     ... auto plugin_path = sandbox::EnterStageA({tier, init.role, init.limits});
//     ... dlopen(plugin_path)            the loader runs inside stage A; no constructor runs ...
//     sandbox::EnterStageB(options)      nothing can be opened, mapped executable or started any
//     more
//     ... call the constructors named in Init, create(), send Hello, run() ...
//   }
//
// Any failure: sandbox::ExitReporting(kExit..., error). The engine then knows the layer and its
// words.
#pragma once

#include <string>

#include "base/result.h"
#include "ipc/messages.h"
#include "model/manifest.h"
#include "sandbox/spawner.h"

namespace assay::sandbox {

/// Descriptors of a worker once it has work; there are no others. 0, 1 and 2 are /dev/null (2 is
/// the engine's stderr in sanitizer builds). At its start it has kReportFd alone.
inline constexpr int kChannelFd = 3;  ///< frames of ipc/channel.h, to and from the engine
inline constexpr int kReportFd =
    4;  ///< from the spawner: the other two; to it: confinement failures; closed by EnterStageB
inline constexpr int kPluginFd =
    5;  ///< sealed memfd of the plugin; absent for evaluator and canary; closed by EnterStageB

/// Exit codes with a meaning for WorkerOutcome. Anything else without kDone is Fate::kExited.
inline constexpr int kExitSetupFailed = 120;  ///< Fate::kSetupFailed: nothing of the plugin ran
inline constexpr int kExitLoadFailed = 121;   ///< Fate::kLoadFailed: the loader refused the plugin
inline constexpr int kExitOutOfMemory =
    122;  ///< Fate::kMemoryLimit: bad_alloc reached the trampoline
inline constexpr int kExitProtocol =
    123;  ///< Fate::kProtocolError: the channel broke from the worker's view

struct StageOptions {
  Tier tier = Tier::kStrict;
  ipc::Role role = ipc::Role::kCollector;
  WorkerLimits limits;
};

/// The tier that the spawner put into argv[1]. kInvalidInput when the binary was not started by a
/// spawner.
Result<Tier> TierFromArguments(int argc, char** argv);

/// What needs neither engine nor plugin: parent death signal, not dumpable, a jail that is still
/// empty (strict). Then waits until the spawner hands over channel and plugin, as kChannelFd and
/// kPluginFd. kDenied naming the layer, or that the spawner is gone. [single-threaded]
Status AwaitWork(Tier tier);

/// The plugin into the jail, which becomes read-only (strict), no_new_privs, rlimits, capabilities,
/// Landlock A, seccomp A. Returns the path to give to the loader ("/plugin.so" in the jail,
/// "/proc/self/fd/5" without), empty when no plugin came along. Irrevocable, also when it fails
/// half way: call ExitReporting then. kDenied naming the layer. [single-threaded]
Result<std::string> EnterStageA(const StageOptions& options);

/// Landlock B (no file at all), seccomp B (channel, private memory, clocks, exit). Call after the
/// load and before any constructor of the plugin. Closes kReportFd and kPluginFd. kDenied naming
/// the layer. [single-threaded]
Status EnterStageB(const StageOptions& options);

/// Sends the error's text to the spawner (at most 512 bytes) and ends the process with `exit_code`,
/// without running any destructor. Also legal after EnterStageB; the text then gets lost, the code
/// does not.
[[noreturn]] void ExitReporting(int exit_code, const Error& error);

/// The canary's part after EnterStageB: tries what must not work. One line for each attempt, "open
/// denied" or "open WORKED". Send it as Hello.engine_detail, then Done with status 0.
std::string RunCanaryAttempts();

}  // namespace assay::sandbox
