// Rows of a collector's worker for tests that stand in the engine's place: what came through the
// row memory, as the frame that the engine would relay.
#pragma once

#include "ipc/messages.h"
#include "ipc/row_memory.h"
#include "support/matchers.h"

namespace assay::test {

/// The engine's half of the row memory of one worker.
class Batches {
 public:
  Batches() {
    auto made = ipc::RowMemory::Make();
    REQUIRE_OK(made);
    memory_ = std::move(*made);
  }
  /// The descriptor that goes with `row_memory`.
  int file() const { return memory_.file(); }
  /// Payload of the `rows` frame for a `batch` frame's payload.
  ByteVector Rows(ByteSpan payload) {
    REQUIRE_OK_AND_ASSIGN(const ipc::Batch batch, ipc::ParseBatch(payload));
    ByteVector rows = ipc::Encode(ipc::Rows{batch.dataset, batch.count, {}});
    REQUIRE_OK(memory_.Take(batch.slot, batch.bytes, rows));
    return rows;
  }

 private:
  ipc::RowMemory memory_;
};

}  // namespace assay::test
