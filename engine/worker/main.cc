// assay-worker: one confined process for one plugin, the evaluator or the canary. Order matters
// here: Init comes while no byte of a plugin is in the process, the loader runs in stage A,
// everything of the plugin in stage B.
#include <fmt/format.h>
#include <unistd.h>

#include <exception>
#include <new>

#include "sandbox/confine.h"
#include "worker/evaluator.h"
#include "worker/load.h"
#include "worker/run_plugin.h"

using namespace assay;

namespace {

/// Result of the work, or the exit code that tells the engine what went wrong before it.
struct End {
  int exit_code = 0;
  Error error;
};

End Failed(int exit_code, Error error) { return {exit_code, std::move(error)}; }

/// How a run that could not be told by kDone ends.
End EndOf(const Status& status) {
  if (status) return {};
  const Error& error = status.error();
  if (error.code == Code::kLimitExceeded) return Failed(sandbox::kExitOutOfMemory, error);
  return Failed(sandbox::kExitProtocol, error);
}

Status RunCanary(ipc::Channel& channel) {
  ipc::Hello hello;
  hello.engine_detail = sandbox::RunCanaryAttempts();
  ASSAY_TRY(channel.Send(static_cast<uint16_t>(ipc::Type::kHello), Encode(hello)));
  return channel.Send(static_cast<uint16_t>(ipc::Type::kDone), Encode(ipc::Done{}));
}

Result<ipc::Init> ReceiveInit(ipc::Channel& channel) {
  ASSAY_ASSIGN(const ipc::Frame frame, channel.Receive());
  if (frame.type != static_cast<uint16_t>(ipc::Type::kInit))
    return Fail(Code::kCorrupt, "first message is not init");
  return ipc::ParseInit(frame.payload);
}

bool HasPlugin(ipc::Role role) {
  return role == ipc::Role::kCollector || role == ipc::Role::kFramework;
}

End Work(ipc::Channel& channel, const ipc::Init& init, const worker::LoadedPlugin& plugin) {
  switch (init.role) {
    case ipc::Role::kCanary:
      return EndOf(RunCanary(channel));
    case ipc::Role::kEvaluator:
      return EndOf(worker::RunEvaluator(channel, init));
    case ipc::Role::kCollector:
    case ipc::Role::kFramework:
      break;
  }
  if (auto made = worker::RunConstructors(plugin, init); !made)
    return Failed(sandbox::kExitLoadFailed, made.error());
  return EndOf(worker::RunPlugin(channel, init, *plugin.descriptor));
}

End Run(int argc, char** argv) {
  const auto tier = sandbox::TierFromArguments(argc, argv);
  if (!tier) return Failed(sandbox::kExitSetupFailed, tier.error());
  if (auto work = sandbox::AwaitWork(*tier); !work)
    return Failed(sandbox::kExitSetupFailed, work.error());
  ipc::Channel channel{UniqueFd(sandbox::kChannelFd)};
  const auto init = ReceiveInit(channel);
  if (!init) return Failed(sandbox::kExitProtocol, init.error());
  const sandbox::StageOptions options{*tier, init->role, init->limits};
  const auto path = sandbox::EnterStageA(options);
  if (!path) return Failed(sandbox::kExitSetupFailed, path.error());
  worker::LoadedPlugin plugin;
  if (HasPlugin(init->role)) {
    auto loaded = worker::LoadPlugin(*path);
    if (!loaded) return Failed(sandbox::kExitLoadFailed, loaded.error());
    plugin = *loaded;
  }
  if (auto confined = sandbox::EnterStageB(options); !confined)
    return Failed(sandbox::kExitSetupFailed, confined.error());
  return Work(channel, *init, plugin);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const End end = Run(argc, argv);
    // No destructor and no atexit handler of the plugin runs: its work is told, its clean-up is
    // nobody's business.
    if (end.exit_code == 0) ::_exit(0);
    sandbox::ExitReporting(end.exit_code, end.error);
  } catch (const std::bad_alloc&) {
    ::_exit(sandbox::kExitOutOfMemory);
  } catch (const std::exception& e) {
    sandbox::ExitReporting(sandbox::kExitProtocol,
                           Error{Code::kInvalidInput, e.what(), {}, {}, {}, {}});
  }
}
