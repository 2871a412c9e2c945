// What engine and spawner say to each other. Both are the same binary on the same machine: plain
// structs.
//
// One SOCK_SEQPACKET pair carries requests, each with the descriptors {worker's channel end, reply
// socket, and the plugin's memfd if has_plugin}. Answers come on that request's own reply socket,
// so that threads never wait for each other: kStarted (with the pidfd) or kFailed, then kReport at
// most a few times, then kExited. Closing the engine's end of the reply socket kills the worker.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "sandbox/spawner.h"

namespace assay::sandbox {

struct SpawnRequest {
  Tier tier = Tier::kStrict;
  bool has_plugin = false;
  uint32_t denied_calls = 100;  ///< more than that and the worker is killed
};

/// Goes from the spawner to a worker with its end of the channel and the plugin's memfd, if any.
inline constexpr std::string_view kWorkWord = "work";
/// Goes with the listener's descriptor from a worker to the spawner.
inline constexpr std::string_view kListenerWord = "listener";

/// Refused calls of one number.
struct DeniedCount {
  int32_t number = -1;
  uint32_t count = 0;
};
inline constexpr size_t kDeniedKinds =
    16;  ///< distinct numbers that are kept; the count of all goes on

enum class ReplyKind : uint32_t { kStarted = 1, kFailed = 2, kReport = 3, kExited = 4 };

struct SpawnReply {
  ReplyKind kind = ReplyKind::kFailed;
  int32_t pid = 0;
  int32_t exit_code = 0;    ///< kExited
  int32_t signal = 0;       ///< kExited
  uint64_t cpu_ms = 0;      ///< kExited: user and system time
  uint64_t peak_bytes = 0;  ///< kExited: largest resident size
  int32_t violation = -1;   ///< kExited: number of the call that it was killed for
  uint32_t denied_total = 0;
  DeniedCount denied[kDeniedKinds] = {};
  char text[512] = {};  ///< kFailed, kReport: the layer and its words, zero-terminated
};

/// Descriptors of a message, owned.
struct Received {
  size_t bytes = 0;  ///< 0: the peer is gone
  std::vector<UniqueFd> fds;
};

/// Sends one message with descriptors, which stay the caller's. kIo, kUnavailable when the peer is
/// gone.
Status SendMessage(int socket, std::span<const uint8_t> bytes, std::span<const int> fds);
/// Receives one message into `out`. kIo. [any thread]
Result<Received> ReceiveMessage(int socket, std::span<uint8_t> out);

template <typename T>
std::span<const uint8_t> BytesOf(const T& value) {
  return {reinterpret_cast<const uint8_t*>(&value), sizeof value};
}
template <typename T>
std::span<uint8_t> WritableBytesOf(T& value) {
  return {reinterpret_cast<uint8_t*>(&value), sizeof value};
}

/// A worker as the spawner sees it.
struct Child {
  int pid = -1;
  UniqueFd pidfd;
  UniqueFd reply;     ///< to the engine
  UniqueFd report;    ///< from the worker
  UniqueFd listener;  ///< refused calls of stage B
  int reports_left = 4;
  int violation = -1;
  uint32_t denied_limit = 100;
  uint32_t denied_total = 0;
  std::array<DeniedCount, kDeniedKinds> denied{};
};

/// What every worker is made from; opened once in the spawner.
struct WorkerBinary {
  UniqueFd file;
  UniqueFd null;  ///< /dev/null, becomes 0, 1 and 2
};

/// Makes one worker process, confined as far as the spawner does it (namespaces, ids, session,
/// descriptors), executing the worker binary, which then waits for HandOver. kDenied naming the
/// layer, kIo. Runs in the spawner.
Result<Child> MakeWorker(const WorkerBinary& binary, Tier tier);
/// Gives it its work: channel, and plugin unless negative; both stay the caller's. A worker that is
/// gone by now says why by its end.
void HandOver(const Child& child, int channel, int plugin);

/// The spawner process: serves requests until the engine's end of `socket` closes, then kills every
/// worker. Never returns.
[[noreturn]] void RunSpawner(UniqueFd socket, WorkerBinary binary);

/// How a worker ended, as far as kernel and spawner know.
struct EndState {
  bool known = false;  ///< false: the spawner went away before it could tell
  int exit_code = 0, signal = 0;
  uint64_t cpu_ms = 0;
  uint64_t peak_bytes = 0;
  int violation = -1;         ///< number of the call that the spawner killed it for
  uint32_t denied_total = 0;  ///< all refused calls
  std::vector<DeniedCall> denied;
  std::string report;  ///< last words about confinement or load
};
/// Names the fate. `after_hello`: exit codes for setup and load mean nothing once plugin code ran.
/// [any thread]
WorkerOutcome JudgeEnd(const EndState& end, const std::optional<ipc::Done>& done,
                       const WorkerLimits& limits, bool after_hello);

}  // namespace assay::sandbox
