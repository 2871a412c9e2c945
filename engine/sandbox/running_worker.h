// One running worker as the engine holds it: channel, pidfd, and the spawner's news of its end.
#pragma once

#include <mutex>

#include "sandbox/spawn_protocol.h"
#include "sandbox/spawner.h"

namespace assay::sandbox {

class RunningWorker : public Worker {
 public:
  RunningWorker(ipc::Channel channel, UniqueFd replies, UniqueFd pidfd, WorkerLimits limits,
                Tier tier);
  ~RunningWorker() override;

  ipc::Channel& channel() override { return channel_; }
  int pidfd() const override { return pidfd_.get(); }
  const ipc::Hello& hello() const override { return hello_; }
  void Kill(Fate fate, std::string detail) override;
  WorkerOutcome Wait(const std::optional<ipc::Done>& done,
                     std::chrono::milliseconds timeout) override;

  /// Sends Init, waits for Hello. kDenied naming the layer, kInvalidInput when the plugin did not
  /// load.
  Status Greet(const ipc::Init& init, std::chrono::milliseconds timeout);

 private:
  /// Reads the spawner's news until the end is known or `timeout` has passed; true when it is
  /// known.
  bool AwaitEnd(std::chrono::milliseconds timeout);
  tl::unexpected<Error> ExplainNoHello(const Error& error);

  ipc::Channel channel_;
  UniqueFd replies_, pidfd_;
  WorkerLimits limits_;
  Tier tier_;
  bool greeted_ = false;
  ipc::Hello hello_;
  EndState end_;
  bool ended_ = false;
  std::mutex kill_mutex_;  // Kill may come from a thread that watches quotas
  std::optional<std::pair<Fate, std::string>> killed_;
};

}  // namespace assay::sandbox
