// Memory through which the rows of one collector come: the worker writes a batch where the engine
// reads it, instead of having the kernel copy each batch into a socket and out again.
//
// A file of kSlots slots behind one page of states. A slot is the worker's until it says `batch`
// with the slot's number, then the engine's until it gives it back. The worker can write there at
// any time, whatever the states say, so the engine copies a batch once, before it looks at a byte,
// and trusts no state: what a worker overwrites are its own rows. The file can neither grow nor
// shrink, so that the engine's copy never meets a missing page, and no other worker sees it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/files.h"
#include "base/result.h"
#include "ipc/channel.h"

namespace assay::ipc {

/// The shared file in this process's memory. Move-only; unmapped with the last owner.
class RowMapping {
 public:
  static constexpr uint32_t kSlots = 8;
  static constexpr size_t kHead = 8;  ///< u32 dataset, u32 count: what a `rows` frame puts in front
  static constexpr size_t kSlotBytes = kMaxPayload - kHead;

  RowMapping() = default;
  RowMapping(RowMapping&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
  RowMapping& operator=(RowMapping&& other) noexcept;
  ~RowMapping();

  /// Maps the file. kIo; kLimitExceeded without memory for it.
  static Result<RowMapping> Map(int file);
  bool valid() const { return at_ != nullptr; }
  uint8_t* slot(uint32_t number) const;
  /// 0: the worker's, 1: the engine's. `number` below kSlots.
  std::atomic<uint32_t>& state(uint32_t number) const;
  static size_t FileBytes();

 private:
  explicit RowMapping(uint8_t* at) : at_(at) {}
  uint8_t* at_ = nullptr;
};

/// The engine's side. [one thread at a time]
class RowMemory {
 public:
  /// kIo, also when there is no memory.
  static Result<RowMemory> Make();
  /// To be sent to the worker, once; this object's.
  int file() const { return file_.get(); }
  /// Copies `bytes` of `slot` to the end of `out` and gives the slot back. kCorrupt for a slot or a
  /// length that does not exist.
  Status Take(uint32_t slot, uint32_t bytes, ByteVector& out);

 private:
  UniqueFd file_;
  RowMapping mapping_;
};

/// The worker's side. [plugin thread]
class RowSlots {
 public:
  /// Takes the file that came with `row_memory`. Errors as RowMapping::Map.
  static Result<RowSlots> Open(UniqueFd file);
  uint8_t* at(uint32_t slot) const { return mapping_.slot(slot); }
  /// A slot that is nobody's; nothing when all are filling or on their way.
  std::optional<uint32_t> TryTake();
  /// As TryTake, but waits for the engine. `gone` is asked several times a second and ends the wait
  /// with nothing. Some slot must be on its way.
  std::optional<uint32_t> Take(const std::function<bool()>& gone);
  /// To be called before the slot's `batch` is sent.
  void Give(uint32_t slot);

 private:
  RowMapping mapping_;
  bool filling_[RowMapping::kSlots] = {};
  uint32_t next_ = 0;  ///< to be waited for next: slots come back in the order in which they went
};

}  // namespace assay::ipc
