// Arbitrary bytes on the engine's end of a channel: frames come out whole and within bounds, or the
// channel ends with a reason. What a payload holds is messages_fuzzer's.
#include <unistd.h>

#include <algorithm>

#include "base/files.h"
#include "ipc/channel.h"

using namespace assay;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  size = std::min<size_t>(size, 64 << 10);  // what a socket takes without a reader
  auto ends = ipc::Channel::CreatePair();
  ASSAY_ASSERT(ends.has_value(), "a pair of sockets");
  const ssize_t sent = ::write(ends->first.fd(), data, size);
  ASSAY_ASSERT(sent == static_cast<ssize_t>(size), "all bytes are on their way");
  ends->first.Close();
  for (size_t taken = 0;;) {
    const auto frame = ends->second.Receive(std::chrono::seconds(1));
    if (!frame) {
      const Code code = frame.error().code;
      ASSAY_ASSERT(code == Code::kUnavailable || code == Code::kCorrupt, "it ends with a reason");
      ASSAY_ASSERT(code != Code::kUnavailable || taken == size, "and loses no byte in silence");
      return 0;
    }
    constexpr size_t kHead = 12;
    taken += kHead + frame->payload.size();
    ASSAY_ASSERT(taken <= size, "a frame has the bytes that came");
    ASSAY_ASSERT(!frame->fd.valid(), "no descriptor came along");
  }
}
