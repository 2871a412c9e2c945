// Waiting for a worker's next frame in a run that may be cancelled meanwhile.
#pragma once

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "ipc/channel.h"

namespace assay::assess {

/// The next frame; kCancelled at most 200 ms after `cancelled` is set (null: never), which leaves
/// the channel usable; kUnavailable when none began within `timeout`; else as Channel::Receive.
inline Result<ipc::Frame> AwaitFrame(ipc::Channel& channel, std::chrono::milliseconds timeout,
                                     const std::atomic<bool>* cancelled) {
  using std::chrono::milliseconds;
  constexpr milliseconds kGlance{200};
  const auto end = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    if (cancelled != nullptr && *cancelled) return Fail(Code::kCancelled, "run: interrupted");
    const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
    if (left < milliseconds(0)) return Fail(Code::kUnavailable, "channel: timed out");
    pollfd ready{channel.fd(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(std::min(left, kGlance).count())) > 0)
      return channel.Receive(timeout);
  }
}

}  // namespace assay::assess
