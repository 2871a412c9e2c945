// One framed, bounded message channel between the engine and a worker: a Unix stream socket pair.
//
// Frame: 12-byte header {u32 payload length, u16 type, u16 flags, u32 reserved 0}, little-endian,
// then the payload. flags bit 0: exactly one descriptor travels with the header (SCM_RIGHTS). A
// frame whose length exceeds kMaxPayload, whose type is unknown to the reader or whose flags lie
// ends the channel: kCorrupt.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/files.h"
#include "base/result.h"

namespace assay::ipc {

/// Largest payload, 1 MiB: rows come in batches of 256 KiB, one row may take up to 1 MiB.
inline constexpr uint32_t kMaxPayload = 1u << 20;
/// What either end asks the kernel to hold for a reader that is late, so that a batch of rows goes
/// at once. The kernel may grant less (net.core.wmem_max) and doubles what it grants.
inline constexpr int kSendBuffer = 512 << 10;

struct Frame {
  uint16_t type = 0;
  ByteVector payload;
  UniqueFd fd;  ///< valid when one came along
};

/// One end of a channel. Owns its descriptor. [one thread at a time for each direction]
class Channel {
 public:
  explicit Channel(UniqueFd fd) : fd_(std::move(fd)) {}
  /// Two connected ends, CLOEXEC. kIo.
  static Result<std::pair<Channel, Channel>> CreatePair();

  /// Sends one frame, with `fd` when it is not negative (stays the caller's). Waits at most
  /// `timeout` for room, nothing meaning forever. kUnavailable (peer gone), kLimitExceeded (payload
  /// too large, or no room in time: the peer does not read), kIo.
  Status Send(uint16_t type, ByteSpan payload, int fd = -1,
              std::optional<std::chrono::milliseconds> timeout = std::nullopt);
  /// Receives one frame. kUnavailable when the peer closed between frames ("peer closed") or
  /// nothing came in time ("timed out", channel still usable when no byte of a frame had come),
  /// kCorrupt for a broken frame.
  Result<Frame> Receive(std::optional<std::chrono::milliseconds> timeout = std::nullopt);
  /// The same into `frame`, whose memory is used again; its content is lost on an error too.
  Status Receive(Frame& frame, std::optional<std::chrono::milliseconds> timeout = std::nullopt);

  int fd() const { return fd_.get(); }
  void Close() { fd_.Reset(); }

 private:
  UniqueFd fd_;
};

}  // namespace assay::ipc
