#include "assess/framework_session.h"

#include <fmt/format.h>

#include <map>

#include "assess/await_frame.h"
#include "assess/worker_spec.h"

namespace assay::assess {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTimeout = std::chrono::minutes(2);
constexpr milliseconds kEndTimeout = std::chrono::seconds(10);
constexpr size_t kControlsPerFrame = 256;  // far below a frame's megabyte

Status SendAll(ipc::Channel& channel, const LoadedPlugin& plugin,
               const std::vector<CheckResult>& results, const std::set<std::string>& attested) {
  const auto send = [&](ipc::Type type, ByteSpan payload) {
    return channel.Send(static_cast<uint16_t>(type), payload, -1, kTimeout);
  };
  std::vector<ControlSpec> controls = plugin.framework.controls;
  for (ControlSpec& control : controls) control.attested = attested.contains(control.id);
  for (size_t i = 0; i < controls.size(); i += kControlsPerFrame) {
    const size_t n = std::min(kControlsPerFrame, controls.size() - i);
    ASSAY_TRY(send(ipc::Type::kControls,
                   ipc::EncodeControls(plugin.framework.id,
                                       {controls.begin() + static_cast<ptrdiff_t>(i),
                                        controls.begin() + static_cast<ptrdiff_t>(i + n)})));
  }
  for (const CheckResult& result : results)
    ASSAY_TRY(send(ipc::Type::kCheckResult, ipc::Encode(result)));
  return send(ipc::Type::kConclude, {});
}

/// Takes results until kDone; every control once, none that was not asked.
Result<ipc::Done> Collect(ipc::Channel& channel, milliseconds timeout,
                          const std::atomic<bool>* cancelled,
                          std::map<std::string, ControlResult>& open) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
    ASSAY_ASSIGN(ipc::Frame frame, AwaitFrame(channel, left, cancelled));
    const auto type = static_cast<ipc::Type>(frame.type);
    if (type == ipc::Type::kDone) return ipc::ParseDone(frame.payload);
    if (type == ipc::Type::kLog) continue;
    if (type != ipc::Type::kControlResult)
      return Fail(Code::kCorrupt, fmt::format("message {} is not its to send", frame.type));
    ASSAY_ASSIGN(ControlResult result, ipc::ParseControlResult(frame.payload));
    const auto at = open.find(result.control);
    if (at == open.end())
      return Fail(Code::kCorrupt, "concluded on unknown control " + Quote(result.control));
    at->second.state = result.state;
    at->second.why = result.why;
  }
}

/// The worker of a run that is being cancelled gets a moment to end by itself.
tl::unexpected<Error> CancelFramework(sandbox::Worker& worker, milliseconds grace,
                                      const std::string& framework) {
  std::map<std::string, ControlResult> ignored;
  (void)worker.channel().Send(static_cast<uint16_t>(ipc::Type::kCancel), {}, -1, grace);
  const auto done = Collect(worker.channel(), grace, nullptr, ignored);
  if (!done)
    worker.Kill(sandbox::Fate::kTimedOut,
                fmt::format("cancel: did not end within {} ms", grace.count()));
  (void)worker.Wait(done ? std::optional(*done) : std::nullopt, kEndTimeout);
  return Fail(Code::kCancelled, fmt::format("framework {}: the run is being cancelled", framework));
}

}  // namespace

Result<std::vector<ControlResult>> ConcludeFramework(sandbox::Spawner& spawner, sandbox::Tier tier,
                                                     int64_t now_ms, const LoadedPlugin& plugin,
                                                     const std::vector<CheckResult>& results,
                                                     FrameworkTerms* terms) {
  const FrameworkSpec& framework = plugin.framework;
  ASSAY_ASSIGN(const UniqueFd image, SealedMemfd("plugin", plugin.image.sealed_image));
  sandbox::WorkerSpec spec = PluginWorkerSpec(plugin, ipc::Role::kFramework, now_ms, image.get());
  FrameworkTerms plain;
  FrameworkTerms& seen = terms != nullptr ? *terms : plain;
  spec.init.drill = seen.drill;
  auto worker = spawner.Spawn(spec, tier);
  if (!worker) return Fail(std::move(worker.error()).Context("framework " + framework.id));
  std::map<std::string, ControlResult> open;
  for (const ControlSpec& control : framework.controls)
    open[control.id] = {framework.id, control.id, ControlState::kUnknown,
                        "the framework plugin gave no result"};
  Status sent = SendAll((*worker)->channel(), plugin, results, seen.attested);
  Result<ipc::Done> done = Fail(Code::kUnavailable, "");
  if (sent) done = Collect((*worker)->channel(), kTimeout, seen.cancelled, open);
  if (sent && !done && done.error().code == Code::kCancelled)
    return CancelFramework(**worker, seen.cancel_grace, framework.id);
  if (!sent || !done) {
    const std::string why = sent ? done.error().message : sent.error().message;
    if (!sent || done.error().code == Code::kCorrupt)
      (*worker)->Kill(sandbox::Fate::kProtocolError, why);
    const auto outcome = seen.outcome = (*worker)->Wait(std::nullopt, kEndTimeout);
    return Fail(Code::kUnavailable, fmt::format("framework {}: {}: {}", framework.id,
                                                sandbox::Name(outcome.fate), why));
  }
  seen.done = *done;
  const auto outcome = seen.outcome = (*worker)->Wait(*done, kEndTimeout);
  if (outcome.fate != sandbox::Fate::kOk)
    return Fail(Code::kUnavailable, fmt::format("framework {}: {}: {}", framework.id,
                                                sandbox::Name(outcome.fate), Quote(done->message)));
  std::vector<ControlResult> out;
  for (const ControlSpec& control : framework.controls) out.push_back(open[control.id]);
  return out;
}

}  // namespace assay::assess
