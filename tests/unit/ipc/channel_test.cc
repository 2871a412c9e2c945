// The channel against peers that lie, stop, close or send descriptors.
#include "ipc/channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "support/matchers.h"

using namespace assay;
using namespace assay::ipc;
using std::chrono::milliseconds;

namespace {

std::pair<Channel, Channel> Pair() {
  auto pair = Channel::CreatePair();
  if (!pair) FAIL(pair.error().ToString());
  return std::move(*pair);
}

void SendRaw(const Channel& to, const ByteVector& bytes) {
  REQUIRE(::send(to.fd(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
}

ByteVector Header(uint32_t length, uint16_t type, uint16_t flags, uint32_t reserved = 0) {
  ByteVector h(12);
  std::memcpy(h.data(), &length, 4);
  std::memcpy(h.data() + 4, &type, 2);
  std::memcpy(h.data() + 6, &flags, 2);
  std::memcpy(h.data() + 8, &reserved, 4);
  return h;
}

void SendDescriptors(const Channel& to, ByteVector bytes, std::vector<int> fds) {
  char control[CMSG_SPACE(16 * sizeof(int))] = {};
  iovec io{bytes.data(), bytes.size()};
  msghdr msg{};
  msg.msg_iov = &io;
  msg.msg_iovlen = 1;
  msg.msg_control = control;
  msg.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
  cmsghdr* c = CMSG_FIRSTHDR(&msg);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  std::memcpy(CMSG_DATA(c), fds.data(), fds.size() * sizeof(int));
  REQUIRE(::sendmsg(to.fd(), &msg, 0) == static_cast<ssize_t>(bytes.size()));
}

int OpenDescriptors() {
  int n = 0;
  for (int fd = 0; fd < 256; ++fd) n += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return n;
}

}  // namespace

TEST_CASE("Channel: carries frames in order, the empty and the largest too", "[ipc]") {
  auto [a, b] = Pair();
  std::thread sender([&a = a] {
    (void)a.Send(1, {});
    (void)a.Send(2, ByteVector(kMaxPayload, 0x5a));
    (void)a.Send(3, AsBytes("x"));
  });
  REQUIRE_OK_AND_ASSIGN(auto first, b.Receive());
  REQUIRE_OK_AND_ASSIGN(auto second, b.Receive(milliseconds(5000)));
  REQUIRE_OK_AND_ASSIGN(auto third, b.Receive());
  sender.join();
  CHECK(first.type == 1);
  CHECK(first.payload.empty());
  CHECK(second.payload == ByteVector(kMaxPayload, 0x5a));
  CHECK(AsText(third.payload) == "x");
}

TEST_CASE("Channel: refuses to send or take more than the bound", "[ipc]") {
  auto [a, b] = Pair();
  CHECK_FAILS(a.Send(1, ByteVector(kMaxPayload + 1)), Code::kLimitExceeded, "exceeds 1048576");
  SendRaw(a, Header(kMaxPayload + 1, 1, 0));
  CHECK_FAILS(b.Receive(), Code::kCorrupt, "exceeds 1048576");
}

TEST_CASE("Channel: refuses headers that lie", "[ipc]") {
  struct Case {
    const char* name;
    ByteVector header;
    const char* words;
  };
  for (const Case& c : {Case{"unknown flag", Header(0, 1, 2), "reserved bits"},
                        Case{"reserved field", Header(0, 1, 0, 1), "reserved bits"},
                        Case{"promised descriptor", Header(0, 1, 1), "disagree"}}) {
    DYNAMIC_SECTION(c.name) {
      auto [a, b] = Pair();
      SendRaw(a, c.header);
      CHECK_FAILS(b.Receive(), Code::kCorrupt, c.words);
    }
  }
}

TEST_CASE("Channel: passes one descriptor and keeps it usable", "[ipc]") {
  auto [a, b] = Pair();
  REQUIRE_OK_AND_ASSIGN(auto memfd, SealedMemfd("t", AsBytes("content")));
  REQUIRE_OK(a.Send(7, AsBytes("p"), memfd.get()));
  memfd.Reset();
  REQUIRE_OK_AND_ASSIGN(auto frame, b.Receive());
  REQUIRE(frame.fd.valid());
  CHECK((::fcntl(frame.fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  char buffer[8] = {};
  CHECK(::pread(frame.fd.get(), buffer, 7, 0) == 7);
  CHECK(std::string(buffer) == "content");
}

TEST_CASE("Channel: refuses stray descriptors and leaks none", "[ipc]") {
  const int before = OpenDescriptors();
  struct Case {
    const char* name;
    ByteVector lead, bytes;
    size_t count;
  };
  for (const Case& c :
       {Case{"unannounced", {}, Header(0, 1, 0), 1}, Case{"two", {}, Header(0, 1, 1), 2},
        Case{"more than there is room for", {}, Header(0, 1, 1), 12},
        Case{"with the payload", Header(4, 1, 0), ByteVector(4), 1}}) {
    DYNAMIC_SECTION(c.name) {
      {
        auto [a, b] = Pair();
        if (!c.lead.empty()) SendRaw(a, c.lead);
        SendDescriptors(a, c.bytes, std::vector<int>(c.count, a.fd()));
        CHECK_FAILS(b.Receive(), Code::kCorrupt, "descriptor");
      }
      CHECK(OpenDescriptors() == before);
    }
  }
}

TEST_CASE("Channel: a frame that is used again holds nothing of the one before", "[ipc]") {
  auto [a, b] = Pair();
  REQUIRE_OK_AND_ASSIGN(auto memfd, SealedMemfd("t", AsBytes("content")));
  Frame frame;
  REQUIRE_OK(a.Send(7, AsBytes("longer than the next"), memfd.get()));
  REQUIRE_OK(a.Send(8, AsBytes("short")));
  REQUIRE_OK(a.Send(9, {}));
  REQUIRE_OK(b.Receive(frame));
  CHECK(frame.fd.valid());
  REQUIRE_OK(b.Receive(frame));
  CHECK(frame.type == 8);
  CHECK(AsText(frame.payload) == "short");
  CHECK_FALSE(frame.fd.valid());
  REQUIRE_OK(b.Receive(frame));
  CHECK(frame.payload.empty());
}

TEST_CASE("Channel: stays usable after a time-out between frames", "[ipc]") {
  auto [a, b] = Pair();
  CHECK_FAILS(b.Receive(milliseconds(1)), Code::kUnavailable, "timed out");
  REQUIRE_OK(a.Send(1, AsBytes("late")));
  REQUIRE_OK_AND_ASSIGN(auto frame, b.Receive(milliseconds(1000)));
  CHECK(AsText(frame.payload) == "late");
}

TEST_CASE("Channel: calls a frame that stops half-way corrupt", "[ipc]") {
  SECTION("in the header, by time") {
    auto [a, b] = Pair();
    SendRaw(a, ByteVector(5));
    CHECK_FAILS(b.Receive(milliseconds(5)), Code::kCorrupt, "timed out within a frame");
  }
  SECTION("in the payload, by close") {
    auto [a, b] = Pair();
    SendRaw(a, Header(10, 1, 0));
    a.Close();
    CHECK_FAILS(b.Receive(), Code::kCorrupt, "peer closed within a frame");
  }
}

TEST_CASE("Channel: tells a peer that closed from one that does not read", "[ipc]") {
  auto [a, b] = Pair();
  Status sent;
  for (int i = 0; i < 64 && sent; ++i) sent = a.Send(1, ByteVector(256 << 10), -1, milliseconds(5));
  CHECK_FAILS(sent, Code::kLimitExceeded, "does not read");
  b.Close();
  CHECK_FAILS(a.Send(1, AsBytes("x")), Code::kUnavailable, "peer closed");
  auto [c, d] = Pair();
  c.Close();
  CHECK_FAILS(d.Receive(), Code::kUnavailable, "peer closed");
  CHECK_FAILS(c.Send(1, {}), Code::kUnavailable, "closed");
}
