// The engine's side of the evaluator worker: schema and checks in, rows relayed unread,
// observations and results out.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "assess/dataset_board.h"
#include "base/result.h"
#include "ipc/messages.h"
#include "model/check.h"
#include "sandbox/spawner.h"

namespace assay::assess {

/// Takes what collectors emit. [any thread]
class RowSink {
 public:
  virtual ~RowSink() = default;
  /// The payload of one kRows frame (ipc/messages.h). An error ends the collector.
  virtual Status RelayRows(ByteSpan payload) = 0;
};

class EvaluatorSession : public RowSink {
 public:
  /// Starts the worker and hands it schema, views and checks. Errors as Spawner::Spawn.
  static Result<std::unique_ptr<EvaluatorSession>> Start(
      sandbox::Spawner& spawner, sandbox::Tier tier, int64_t now_ms,
      const std::vector<DatasetBoard::Named>& datasets,
      const std::vector<std::pair<std::string, std::string>>& views,
      const std::vector<CheckSpec>& checks);

  /// Relays the payload of one kRows frame. After a failure every later call returns it. [any
  /// thread]
  Status RelayRows(ByteSpan payload) override;

  /// How many rows of each dataset are kept, by the dataset's number. To be asked when all rows are
  /// relayed. Errors as Evaluate.
  Result<std::map<uint32_t, ipc::Kept>> Seal(const std::atomic<bool>* cancelled);

  /// Hands over the standings and judges. `observations` is called with batches of one check,
  /// sorted by subject, before that check's result arrives at `result`. Errors: what became of the
  /// worker; kCancelled soon after `cancelled` is set (null: never).
  using OnObservations = std::function<Status(const std::string& check, std::vector<Observation>)>;
  using OnResult = std::function<Status(CheckResult)>;
  Status Evaluate(const std::map<uint32_t, DatasetStanding>& standings,
                  const std::atomic<bool>* cancelled, const OnObservations& observations,
                  const OnResult& result);

  const std::string& sqlite_version() const { return sqlite_version_; }

 private:
  explicit EvaluatorSession(std::unique_ptr<sandbox::Worker> worker) : worker_(std::move(worker)) {}
  Status Send(ipc::Type type, ByteSpan payload);
  Status Failed(Error error);
  /// The worker's next frame; what became of it otherwise.
  Result<ipc::Frame> Next(const std::atomic<bool>* cancelled);
  Status Dispatch(const ipc::Frame& frame, const OnObservations& observations,
                  const OnResult& result);

  std::mutex mutex_;
  std::unique_ptr<sandbox::Worker> worker_;
  std::string sqlite_version_;
  std::optional<Error> failure_;
};

}  // namespace assay::assess
