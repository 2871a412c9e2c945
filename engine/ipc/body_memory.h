// Memory that carries the bodies of pages to one worker, used again for the next body once the
// worker has given a page back: new memory for each costs several times the copy itself.
//
// The worker gets descriptors that can be read and nothing else: the file is sealed against every
// write that does not go through the engine's own mapping, which was made before (memfd_create(2),
// F_SEAL_FUTURE_WRITE), against growing and against shrinking, so that the engine's copy never
// meets a missing page. The engine writes there and never reads: nothing that it trusts lies in
// shared memory. No other worker ever sees the same memory.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/bytes.h"
#include "base/files.h"
#include "base/result.h"

namespace assay::ipc {

class BodyMemory {
 public:
  /// Zero bytes that follow each body, for simdjson.
  static constexpr size_t kPadding = 64;
  /// Memory that is kept for bodies to come; what is lent out comes on top. A longer body gets
  /// sealed memory of its own, once.
  static constexpr size_t kKept = 16u << 20;
  /// Files that are open at once, lent and kept; pages beyond get memory of their own too.
  static constexpr size_t kFiles = 16;

  BodyMemory() = default;
  ~BodyMemory();
  BodyMemory(const BodyMemory&) = delete;
  BodyMemory& operator=(const BodyMemory&) = delete;

  /// Copies `body`, which is not empty, and returns the descriptor to send with the page: a file
  /// that starts with it and kPadding zero bytes. The descriptor stays this object's and holds
  /// until the next call, the bytes hold until Release of the same page. kIo, also when there is no
  /// memory. [one thread at a time]
  Result<int> Lend(uint32_t page, ByteSpan body);
  /// The worker gave the page back, or never gets it. Nothing happens for a page without a body.
  void Release(uint32_t page);

 private:
  struct Block {
    UniqueFd file;
    uint8_t* at = nullptr;
    size_t size = 0;
    size_t touched = 0;  ///< bytes that have memory behind them
  };

  static Result<Block> Make(size_t size);
  static void Unmap(Block& block);
  void Drop(size_t kept);
  static Status Fill(Block& block, ByteSpan body);
  /// The kept block with the least memory that holds `size`, or a new one.
  Result<Block> Take(size_t size);

  std::map<uint32_t, Block> lent_;  ///< by page
  std::vector<Block> kept_;
  size_t kept_bytes_ = 0;
  UniqueFd once_;  ///< last body that got memory of its own
};

}  // namespace assay::ipc
