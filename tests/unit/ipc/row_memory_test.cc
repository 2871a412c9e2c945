// Memory for rows: what goes in comes out, who waits for whom, and what a lying worker can do.
#include "ipc/row_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "support/matchers.h"

using namespace assay;
using namespace assay::ipc;

namespace {

RowSlots SlotsOf(const RowMemory& memory) {
  auto slots = RowSlots::Open(UniqueFd(::dup(memory.file())));
  if (!slots) FAIL(slots.error().ToString());
  return std::move(*slots);
}

uint32_t TakeOne(RowSlots& slots) {
  const auto slot = slots.TryTake();
  REQUIRE(slot.has_value());
  return *slot;
}

bool Never() { return false; }

}  // namespace

TEST_CASE("RowMemory: a batch comes as it was written, behind what the frame holds already",
          "[ipc]") {
  REQUIRE_OK_AND_ASSIGN(RowMemory memory, RowMemory::Make());
  RowSlots slots = SlotsOf(memory);
  const uint32_t first = TakeOne(slots), second = TakeOne(slots);
  CHECK(first != second);
  std::memset(slots.at(first), 'a', RowMapping::kSlotBytes);
  std::memset(slots.at(second), 'b', 3);
  slots.Give(second);
  ByteVector out = {'h'};
  REQUIRE_OK(memory.Take(second, 3, out));
  CHECK(out == ByteVector{'h', 'b', 'b', 'b'});
  out.clear();
  slots.Give(first);
  REQUIRE_OK(memory.Take(first, RowMapping::kSlotBytes, out));
  CHECK(out == ByteVector(RowMapping::kSlotBytes, 'a'));
}

TEST_CASE("RowMemory: a slot is given out again when the engine has it copied, not before",
          "[ipc]") {
  REQUIRE_OK_AND_ASSIGN(RowMemory memory, RowMemory::Make());
  RowSlots slots = SlotsOf(memory);
  for (uint32_t i = 0; i < RowMapping::kSlots; ++i) TakeOne(slots);
  CHECK_FALSE(slots.TryTake());
  slots.Give(3);
  CHECK_FALSE(slots.TryTake());
  ByteVector out;
  REQUIRE_OK(memory.Take(3, 0, out));
  CHECK(TakeOne(slots) == 3);
}

TEST_CASE("RowMemory: whoever waits goes on when a slot comes back, and ends with the engine",
          "[ipc]") {
  REQUIRE_OK_AND_ASSIGN(RowMemory memory, RowMemory::Make());
  RowSlots slots = SlotsOf(memory);
  for (uint32_t i = 0; i < RowMapping::kSlots; ++i) TakeOne(slots);
  slots.Give(1);
  slots.Give(6);
  std::thread engine([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ByteVector out;
    (void)memory.Take(6, 1, out);
  });
  CHECK(slots.Take(Never) == 6);
  engine.join();
  int asked = 0;
  CHECK_FALSE(slots.Take([&] { return ++asked == 3; }));
}

TEST_CASE("RowMemory: ten thousand batches in turn lose nothing", "[ipc]") {
  REQUIRE_OK_AND_ASSIGN(RowMemory memory, RowMemory::Make());
  RowSlots slots = SlotsOf(memory);
  REQUIRE_OK_AND_ASSIGN(auto ends, Channel::CreatePair());
  constexpr uint32_t kBatches = 10'000;
  std::thread worker([&] {
    for (uint32_t i = 0; i < kBatches; ++i) {
      const auto slot = slots.Take(Never);
      std::memcpy(slots.at(*slot), &i, sizeof i);
      slots.Give(*slot);
      const auto number = static_cast<uint8_t>(*slot);
      (void)ends.second.Send(18, ByteSpan(&number, 1));
    }
  });
  uint32_t wrong = 0;
  ByteVector out;
  for (uint32_t i = 0; i < kBatches; ++i) {
    REQUIRE_OK_AND_ASSIGN(const Frame frame, ends.first.Receive(std::chrono::seconds(20)));
    out.clear();
    REQUIRE_OK(memory.Take(frame.payload.at(0), sizeof i, out));
    wrong += std::memcmp(out.data(), &i, sizeof i) != 0 ? 1 : 0;
  }
  worker.join();
  CHECK(wrong == 0);
}

TEST_CASE("RowMemory: refuses slots and lengths that do not exist", "[ipc][CL-5]") {
  REQUIRE_OK_AND_ASSIGN(RowMemory memory, RowMemory::Make());
  ByteVector out;
  CHECK_FAILS(memory.Take(RowMapping::kSlots, 1, out), Code::kCorrupt, "no 1 bytes in slot 8");
  CHECK_FAILS(memory.Take(0, RowMapping::kSlotBytes + 1, out), Code::kCorrupt, "in slot 0");
  CHECK(out.empty());
}

TEST_CASE("RowMemory: a worker can neither cut the file nor leave the engine without a page",
          "[ipc][CL-5]") {
  REQUIRE_OK_AND_ASSIGN(RowMemory memory, RowMemory::Make());
  const UniqueFd file(::dup(memory.file()));
  CHECK(::ftruncate(file.get(), 0) == -1);
  CHECK(::ftruncate(file.get(), static_cast<off_t>(2 * RowMapping::FileBytes())) == -1);
  CHECK(::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE) == -1);
  REQUIRE_OK_AND_ASSIGN(const RowMapping mapping, RowMapping::Map(file.get()));
  std::memset(mapping.slot(0), 'x', 4096);
  // All that a confined worker can do to the file: its own call of madvise.
  REQUIRE(::madvise(mapping.slot(0), 4096, MADV_REMOVE) == 0);
  ByteVector out;
  REQUIRE_OK(memory.Take(0, 4096, out));
  CHECK(out == ByteVector(4096, 0));
}
