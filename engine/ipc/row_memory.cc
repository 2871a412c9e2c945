#include "ipc/row_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>

namespace assay::ipc {
namespace {

static_assert(std::atomic<uint32_t>::is_always_lock_free);

constexpr size_t kMemoryPage = 4096;
constexpr size_t kSlotRoom = (RowMapping::kSlotBytes + kMemoryPage - 1) / kMemoryPage * kMemoryPage;
/// How long a worker waits before it looks whether the engine is still there.
constexpr timespec kGlance{0, 200'000'000};

tl::unexpected<Error> Failed(const char* step) {
  return Fail(ErrnoError(std::string("row memory: ") + step));
}

/// Between two processes, so not the private kind that std::atomic::wait uses.
void Futex(std::atomic<uint32_t>& word, int operation, uint32_t value, const timespec* timeout) {
  (void)::syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), operation, value, timeout, nullptr,
                  0);
}

}  // namespace

size_t RowMapping::FileBytes() { return kMemoryPage + kSlots * kSlotRoom; }

RowMapping& RowMapping::operator=(RowMapping&& other) noexcept {
  std::swap(at_, other.at_);
  return *this;
}

RowMapping::~RowMapping() {
  if (at_ != nullptr) ::munmap(at_, FileBytes());
}

Result<RowMapping> RowMapping::Map(int file) {
  void* at = ::mmap(nullptr, FileBytes(), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (at == MAP_FAILED && errno == ENOMEM)  // a worker's limit, or the machine's
    return Fail(Code::kLimitExceeded, "row memory: out of memory");
  if (at == MAP_FAILED) return Failed("mmap");
  return RowMapping(static_cast<uint8_t*>(at));
}

uint8_t* RowMapping::slot(uint32_t number) const { return at_ + kMemoryPage + number * kSlotRoom; }

std::atomic<uint32_t>& RowMapping::state(uint32_t number) const {
  return reinterpret_cast<std::atomic<uint32_t>*>(at_)[number];
}

Result<RowMemory> RowMemory::Make() {
  RowMemory out;
  out.file_.Reset(::memfd_create("rows", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!out.file_.valid()) return Failed("memfd_create");
  if (::ftruncate(out.file_.get(), static_cast<off_t>(RowMapping::FileBytes())) != 0)
    return Failed("ftruncate");
  if (::fcntl(out.file_.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW) != 0)
    return Failed("seals");
  ASSAY_ASSIGN(out.mapping_, RowMapping::Map(out.file_.get()));
  return out;
}

Status RowMemory::Take(uint32_t slot, uint32_t bytes, ByteVector& out) {
  if (slot >= RowMapping::kSlots || bytes > RowMapping::kSlotBytes)
    return Fail(Code::kCorrupt, fmt::format("row memory: no {} bytes in slot {}", bytes, slot));
  const uint8_t* from = mapping_.slot(slot);
  out.insert(out.end(), from, from + bytes);
  mapping_.state(slot).store(0, std::memory_order_release);
  Futex(mapping_.state(slot), FUTEX_WAKE, INT_MAX, nullptr);
  return {};
}

Result<RowSlots> RowSlots::Open(UniqueFd file) {
  RowSlots out;
  ASSAY_ASSIGN(out.mapping_, RowMapping::Map(file.get()));
  return out;
}

std::optional<uint32_t> RowSlots::TryTake() {
  for (uint32_t slot = 0; slot < RowMapping::kSlots; ++slot) {
    if (filling_[slot] || mapping_.state(slot).load(std::memory_order_acquire) != 0) continue;
    filling_[slot] = true;
    return slot;
  }
  return std::nullopt;
}

std::optional<uint32_t> RowSlots::Take(const std::function<bool()>& gone) {
  for (;;) {
    if (const auto slot = TryTake()) return slot;
    if (gone()) return std::nullopt;
    // One that fills never comes back by itself; the wait ends at once when the slot came back.
    for (uint32_t i = 0; i < RowMapping::kSlots && filling_[next_]; ++i)
      next_ = (next_ + 1) % RowMapping::kSlots;
    Futex(mapping_.state(next_), FUTEX_WAIT, 1, &kGlance);
    next_ = (next_ + 1) % RowMapping::kSlots;
  }
}

void RowSlots::Give(uint32_t slot) {
  filling_[slot] = false;
  mapping_.state(slot).store(1, std::memory_order_release);
}

}  // namespace assay::ipc
