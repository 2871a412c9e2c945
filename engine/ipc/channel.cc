// Frames on a Unix stream socket. The descriptor travels with the first byte of the header, so that
// a reader knows of it before it reads the payload; a descriptor anywhere else ends the channel.
#include "ipc/channel.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

namespace assay::ipc {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Deadline = std::optional<SteadyClock::time_point>;

constexpr size_t kHeaderBytes = 12;
constexpr uint16_t kFlagDescriptor = 1;
/// Room for more descriptors than the one that is legal, so that a peer's excess is seen and
/// closed.
constexpr size_t kControlBytes = CMSG_SPACE(4 * sizeof(int));

enum class Wait { kReady, kTimedOut, kError };

Wait WaitFor(int fd, short events, const Deadline& deadline) {
  for (;;) {
    int ms = -1;
    if (deadline) {
      const auto left = *deadline - SteadyClock::now();
      ms = static_cast<int>(
          std::max<int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(left).count()));
    }
    pollfd p{fd, events, 0};
    const int n = ::poll(&p, 1, ms);
    if (n > 0) return Wait::kReady;
    if (n == 0) return Wait::kTimedOut;
    if (errno != EINTR) return Wait::kError;
  }
}

Deadline After(std::optional<std::chrono::milliseconds> timeout) {
  if (!timeout) return std::nullopt;
  return SteadyClock::now() + *timeout;
}

void PutHeader(uint8_t* out, uint32_t length, uint16_t type, uint16_t flags) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<uint8_t>(length >> (8 * i));
  out[4] = static_cast<uint8_t>(type);
  out[5] = static_cast<uint8_t>(type >> 8);
  out[6] = static_cast<uint8_t>(flags);
  out[7] = static_cast<uint8_t>(flags >> 8);
  std::memset(out + 8, 0, 4);
}

void AttachDescriptor(msghdr& msg, char* control, int fd) {
  std::memset(control, 0, kControlBytes);
  msg.msg_control = control;
  msg.msg_controllen = CMSG_SPACE(sizeof(int));
  cmsghdr* c = CMSG_FIRSTHDR(&msg);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
}

/// Takes every descriptor of a message; more than one in all is a broken frame.
bool TakeDescriptors(const msghdr& received, UniqueFd& fd) {
  msghdr msg = received;  // CMSG_NXTHDR wants it mutable
  bool one = true;
  for (cmsghdr* c = CMSG_FIRSTHDR(&msg); c != nullptr; c = CMSG_NXTHDR(&msg, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int raw = -1;
      std::memcpy(&raw, CMSG_DATA(c) + i * sizeof raw, sizeof raw);
      if (fd.valid()) one = false;
      fd.Reset(raw);
    }
  }
  return one && (msg.msg_flags & MSG_CTRUNC) == 0;
}

/// Fills `out`. `fd` null: a descriptor with these bytes is an error. `got` tells how far it came.
Status Fill(int channel, std::span<uint8_t> out, UniqueFd* fd, const Deadline& deadline,
            size_t& got) {
  while (got < out.size()) {
    iovec io{out.data() + got, out.size() - got};
    alignas(cmsghdr) char control[kControlBytes];
    msghdr msg{};
    msg.msg_iov = &io;
    msg.msg_iovlen = 1;
    if (fd != nullptr) {
      msg.msg_control = control;
      msg.msg_controllen = sizeof control;
    }
    const ssize_t n = ::recvmsg(channel, &msg, MSG_CMSG_CLOEXEC | (deadline ? MSG_DONTWAIT : 0));
    if (n == 0 || (n < 0 && errno == ECONNRESET))
      return Fail(Code::kUnavailable, "channel: peer closed");
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return Fail(ErrnoError("channel: recvmsg"));
      const Wait w = WaitFor(channel, POLLIN, deadline);
      if (w == Wait::kTimedOut) return Fail(Code::kUnavailable, "channel: timed out");
      if (w == Wait::kError) return Fail(ErrnoError("channel: poll"));
      continue;
    }
    UniqueFd none;
    if (!TakeDescriptors(msg, fd != nullptr ? *fd : none) || none.valid())
      return Fail(Code::kCorrupt, "channel: unexpected descriptor");
    got += static_cast<size_t>(n);
  }
  return {};
}

/// A frame that began must end: what breaks it off is corruption, whatever the socket calls it.
Error BrokenOff(Error error) {
  if (error.code == Code::kUnavailable) {
    error.code = Code::kCorrupt;
    error.message += " within a frame";
  }
  return error;
}

Status SendAll(int channel, msghdr& msg, const Deadline& deadline) {
  while (msg.msg_iovlen > 0) {
    const ssize_t n = ::sendmsg(channel, &msg, MSG_NOSIGNAL | (deadline ? MSG_DONTWAIT : 0));
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EPIPE || errno == ECONNRESET)
        return Fail(Code::kUnavailable, "channel: peer closed");
      if (errno != EAGAIN && errno != EWOULDBLOCK) return Fail(ErrnoError("channel: sendmsg"));
      const Wait w = WaitFor(channel, POLLOUT, deadline);
      if (w == Wait::kTimedOut)
        return Fail(Code::kLimitExceeded, "channel: peer does not read: no room in time");
      if (w == Wait::kError) return Fail(ErrnoError("channel: poll"));
      continue;
    }
    msg.msg_control = nullptr;  // the descriptor went with the first byte
    msg.msg_controllen = 0;
    auto left = static_cast<size_t>(n);
    while (msg.msg_iovlen > 0 && left >= msg.msg_iov->iov_len) {
      left -= msg.msg_iov->iov_len;
      ++msg.msg_iov;
      --msg.msg_iovlen;
    }
    if (msg.msg_iovlen > 0) {
      msg.msg_iov->iov_base = static_cast<uint8_t*>(msg.msg_iov->iov_base) + left;
      msg.msg_iov->iov_len -= left;
    }
  }
  return {};
}

}  // namespace

Result<std::pair<Channel, Channel>> Channel::CreatePair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    return Fail(ErrnoError("channel: socketpair"));
  for (int fd : fds)  // less room costs time only
    (void)::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
  return std::pair<Channel, Channel>(Channel(UniqueFd(fds[0])), Channel(UniqueFd(fds[1])));
}

Status Channel::Send(uint16_t type, ByteSpan payload, int fd,
                     std::optional<std::chrono::milliseconds> timeout) {
  if (payload.size() > kMaxPayload)
    return Fail(Code::kLimitExceeded,
                fmt::format("channel: frame of {} bytes exceeds {}", payload.size(), kMaxPayload));
  if (!fd_.valid()) return Fail(Code::kUnavailable, "channel: closed");
  uint8_t header[kHeaderBytes];
  PutHeader(header, static_cast<uint32_t>(payload.size()), type, fd >= 0 ? kFlagDescriptor : 0);
  iovec io[2] = {{header, sizeof header},
                 {const_cast<uint8_t*>(payload.data()), payload.size()}};  // never written to
  msghdr msg{};
  msg.msg_iov = io;
  msg.msg_iovlen = payload.empty() ? 1 : 2;
  alignas(cmsghdr) char control[kControlBytes];
  if (fd >= 0) AttachDescriptor(msg, control, fd);
  return SendAll(fd_.get(), msg, After(timeout));
}

Result<Frame> Channel::Receive(std::optional<std::chrono::milliseconds> timeout) {
  Frame frame;
  ASSAY_TRY(Receive(frame, timeout));
  return frame;
}

Status Channel::Receive(Frame& frame, std::optional<std::chrono::milliseconds> timeout) {
  if (!fd_.valid()) return Fail(Code::kUnavailable, "channel: closed");
  const Deadline deadline = After(timeout);
  uint8_t header[kHeaderBytes];
  frame.fd.Reset();
  size_t got = 0;
  if (auto s = Fill(fd_.get(), header, &frame.fd, deadline, got); !s)
    return Fail(got == 0 ? std::move(s.error()) : BrokenOff(std::move(s.error())));
  uint32_t length = 0;
  for (int i = 3; i >= 0; --i) length = length << 8 | header[i];
  frame.type = static_cast<uint16_t>(header[4] | header[5] << 8);
  const auto flags = static_cast<uint16_t>(header[6] | header[7] << 8);
  if (length > kMaxPayload)
    return Fail(Code::kCorrupt,
                fmt::format("channel: frame of {} bytes exceeds {}", length, kMaxPayload));
  if ((flags & ~kFlagDescriptor) != 0 || (header[8] | header[9] | header[10] | header[11]) != 0)
    return Fail(Code::kCorrupt, "channel: reserved bits of the frame header are set");
  if (((flags & kFlagDescriptor) != 0) != frame.fd.valid())
    return Fail(Code::kCorrupt, "channel: frame header and descriptor disagree");
  frame.payload.resize(length);
  got = 0;
  if (auto s = Fill(fd_.get(), frame.payload, nullptr, deadline, got); !s)
    return Fail(BrokenOff(std::move(s.error())));
  return {};
}

}  // namespace assay::ipc
