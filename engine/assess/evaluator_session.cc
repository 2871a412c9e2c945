#include "assess/evaluator_session.h"

#include <fmt/format.h>

#include "assess/await_frame.h"
#include "ipc/wire.h"

namespace assay::assess {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

// Room in the channel must come within this time: the evaluator inserts a batch in milliseconds.
constexpr milliseconds kSendTimeout = minutes(2);
// One check over a million rows takes seconds; the worker's own deadline is shorter and names it.
constexpr milliseconds kAnswerTimeout = minutes(15);
constexpr milliseconds kEndTimeout = std::chrono::seconds(10);

WorkerLimits EvaluatorLimits() {
  WorkerLimits limits;
  limits.memory_bytes = 4ull << 30;  // in-memory tables: 163 bytes a row measured, 20 million rows
  limits.cpu_seconds = 3600;
  return limits;
}

}  // namespace

Result<std::unique_ptr<EvaluatorSession>> EvaluatorSession::Start(
    sandbox::Spawner& spawner, sandbox::Tier tier, int64_t now_ms,
    const std::vector<DatasetBoard::Named>& datasets,
    const std::vector<std::pair<std::string, std::string>>& views,
    const std::vector<CheckSpec>& checks) {
  sandbox::WorkerSpec spec;
  spec.init.role = ipc::Role::kEvaluator;
  spec.init.plugin = "evaluator";
  spec.init.now_ms = now_ms;
  spec.init.limits = EvaluatorLimits();
  auto worker = spawner.Spawn(spec, tier);
  if (!worker) return Fail(std::move(worker.error()).Context("evaluator"));
  std::unique_ptr<EvaluatorSession> session(new EvaluatorSession(std::move(*worker)));
  session->sqlite_version_ = session->worker_->hello().engine_detail;
  for (const auto& dataset : datasets)
    ASSAY_TRY(session->Send(ipc::Type::kSchema, ipc::EncodeDataset(dataset.number, dataset.spec)));
  for (const auto& [plugin, sql] : views) {
    ipc::Writer out;
    out.Text(plugin).Text(sql);
    ASSAY_TRY(session->Send(ipc::Type::kViews, out.bytes()));
  }
  for (const CheckSpec& check : checks)
    ASSAY_TRY(session->Send(ipc::Type::kCheck, ipc::EncodeCheck(check)));
  return session;
}

Status EvaluatorSession::Failed(Error error) {
  worker_->Kill(sandbox::Fate::kProtocolError, error.message);
  const sandbox::WorkerOutcome outcome = worker_->Wait(std::nullopt, kEndTimeout);
  error.message = fmt::format("evaluator: {}: {} {}", sandbox::Name(outcome.fate), error.message,
                              outcome.detail);
  failure_ = error;
  return Fail(std::move(error));
}

Status EvaluatorSession::Send(ipc::Type type, ByteSpan payload) {
  std::lock_guard lock(mutex_);
  if (failure_) return Fail(*failure_);
  Status sent = worker_->channel().Send(static_cast<uint16_t>(type), payload, -1, kSendTimeout);
  if (!sent) return Failed(std::move(sent.error()));
  return {};
}

Status EvaluatorSession::RelayRows(ByteSpan payload) { return Send(ipc::Type::kRows, payload); }

Status EvaluatorSession::Dispatch(const ipc::Frame& frame, const OnObservations& observations,
                                  const OnResult& result) {
  switch (static_cast<ipc::Type>(frame.type)) {
    case ipc::Type::kObservations: {
      ASSAY_ASSIGN(auto batch, ipc::ParseObservations(frame.payload));
      return observations(batch.first, std::move(batch.second));
    }
    case ipc::Type::kCheckResult: {
      ASSAY_ASSIGN(auto one, ipc::ParseCheckResult(frame.payload));
      return result(std::move(one));
    }
    default:
      return Fail(Code::kCorrupt, fmt::format("message {} is not its to send", frame.type));
  }
}

Result<ipc::Frame> EvaluatorSession::Next(const std::atomic<bool>* cancelled) {
  auto frame = AwaitFrame(worker_->channel(), kAnswerTimeout, cancelled);
  if (frame) return frame;
  if (frame.error().code != Code::kCancelled) {
    (void)Failed(std::move(frame.error()));
    return Fail(*failure_);
  }
  worker_->Kill(sandbox::Fate::kTimedOut, frame.error().message);
  (void)worker_->Wait(std::nullopt, kEndTimeout);
  return frame;
}

Result<std::map<uint32_t, ipc::Kept>> EvaluatorSession::Seal(const std::atomic<bool>* cancelled) {
  ASSAY_TRY(Send(ipc::Type::kSeal, {}));
  ASSAY_ASSIGN(const ipc::Frame frame, Next(cancelled));
  auto sealed = frame.type == static_cast<uint16_t>(ipc::Type::kSealed)
                    ? ipc::ParseSealed(frame.payload)
                    : Fail(Code::kCorrupt, fmt::format("message {} instead of sealed", frame.type));
  if (!sealed) {
    (void)Failed(std::move(sealed.error()));
    return Fail(*failure_);
  }
  std::map<uint32_t, ipc::Kept> out;
  for (const ipc::Kept& kept : *sealed) out.emplace(kept.dataset, kept);
  return out;
}

Status EvaluatorSession::Evaluate(const std::map<uint32_t, DatasetStanding>& standings,
                                  const std::atomic<bool>* cancelled,
                                  const OnObservations& observations, const OnResult& result) {
  for (const auto& [number, standing] : standings)
    ASSAY_TRY(Send(ipc::Type::kDatasetState,
                   ipc::Encode(ipc::DatasetState{number, standing.completeness, standing.reason,
                                                 standing.detail})));
  ASSAY_TRY(Send(ipc::Type::kEvaluate, {}));
  for (;;) {
    ASSAY_ASSIGN(const ipc::Frame frame, Next(cancelled));
    if (frame.type == static_cast<uint16_t>(ipc::Type::kDone)) {
      auto done = ipc::ParseDone(frame.payload);
      if (!done) return Failed(std::move(done.error()));
      const sandbox::WorkerOutcome outcome = worker_->Wait(*done, kEndTimeout);
      if (outcome.fate == sandbox::Fate::kOk) return {};
      return Fail(Code::kUnavailable,
                  fmt::format("evaluator: {}: {}", sandbox::Name(outcome.fate), done->message));
    }
    Status handled = Dispatch(frame, observations, result);
    if (!handled) return Failed(std::move(handled.error()));
  }
}

}  // namespace assay::assess
