#include "ipc/body_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>

#ifndef F_SEAL_FUTURE_WRITE  // Linux 5.1; every tier needs a younger kernel (clone3)
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace assay::ipc {
namespace {

/// Below that, sizes are not told apart; memory is taken only where bytes are put.
constexpr size_t kLeastBlock = 64u << 10;
constexpr size_t kMemoryPage = 4096;

size_t PageEnd(size_t bytes) { return (bytes + kMemoryPage - 1) / kMemoryPage * kMemoryPage; }

tl::unexpected<Error> Failed(const char* step) {
  return Fail(ErrnoError(std::string("page body: ") + step));
}

}  // namespace

BodyMemory::~BodyMemory() {
  for (auto& [page, block] : lent_) Unmap(block);
  for (Block& block : kept_) Unmap(block);
}

void BodyMemory::Unmap(Block& block) {
  if (block.at != nullptr) ::munmap(block.at, block.size);
  block.at = nullptr;
}

Result<BodyMemory::Block> BodyMemory::Make(size_t size) {
  Block block;
  block.file.Reset(::memfd_create("body", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!block.file.valid()) return Failed("memfd_create");
  if (::ftruncate(block.file.get(), static_cast<off_t>(size)) != 0) return Failed("ftruncate");
  void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, block.file.get(), 0);
  if (at == MAP_FAILED) return Failed("mmap");
  block.at = static_cast<uint8_t*>(at);
  block.size = size;
  // From here on this mapping is the only way to write there.
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE;
  if (::fcntl(block.file.get(), F_ADD_SEALS, kSeals) != 0) {
    auto failed = Failed("seals");
    Unmap(block);
    return failed;
  }
  return block;
}

/// Memory is asked for before it is written to: a store that finds none would end the engine.
Status BodyMemory::Fill(Block& block, ByteSpan body) {
  const size_t end = PageEnd(body.size() + kPadding);
  if (end > block.touched) {
    const auto at = static_cast<off_t>(block.touched);
    if (::fallocate(block.file.get(), 0, at, static_cast<off_t>(end - block.touched)) != 0)
      return Failed("no memory");
    block.touched = end;
  }
  std::memcpy(block.at, body.data(), body.size());
  // Whoever reads past the body finds the same in each run, not a body of before.
  std::memset(block.at + body.size(), 0, end - body.size());
  return {};
}

void BodyMemory::Drop(size_t kept) {
  kept_bytes_ -= kept_[kept].touched;
  Unmap(kept_[kept]);
  kept_.erase(kept_.begin() + static_cast<ptrdiff_t>(kept));
}

Result<BodyMemory::Block> BodyMemory::Take(size_t size) {
  auto best = kept_.end();
  for (auto it = kept_.begin(); it != kept_.end(); ++it)
    if (it->size >= size && (best == kept_.end() || it->touched < best->touched)) best = it;
  if (best == kept_.end()) {
    if (!kept_.empty() && kept_.size() + lent_.size() >= kFiles) Drop(0);
    return Make(std::bit_ceil(std::max(size, kLeastBlock)));
  }
  Block block = std::move(*best);
  kept_.erase(best);
  kept_bytes_ -= block.touched;
  return block;
}

Result<int> BodyMemory::Lend(uint32_t page, ByteSpan body) {
  Release(page);
  if (body.size() > kKept - kPadding || lent_.size() >= kFiles) {
    ASSAY_ASSIGN(once_, SealedMemfd("body", body, kPadding));
    return once_.get();
  }
  ASSAY_ASSIGN(Block block, Take(PageEnd(body.size() + kPadding)));
  if (auto filled = Fill(block, body); !filled) {
    Unmap(block);
    return Fail(std::move(filled.error()));
  }
  return lent_.emplace(page, std::move(block)).first->second.file.get();
}

void BodyMemory::Release(uint32_t page) {
  const auto lent = lent_.find(page);
  if (lent == lent_.end()) return;
  Block block = std::move(lent->second);
  lent_.erase(lent);
  if (kept_bytes_ + block.touched > kKept) return Unmap(block);
  kept_bytes_ += block.touched;
  kept_.push_back(std::move(block));
}

}  // namespace assay::ipc
