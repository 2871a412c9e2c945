// Host extension assay.emit/1: checks rows against the manifest's columns and sends them in
// batches.
#pragma once

#include <map>
#include <optional>

#include "assay/emit.h"
#include "worker/host.h"

namespace assay::worker {

class EmitExtension : public Extension {
 public:
  EmitExtension(Session& session, const ReadExtension& read);
  std::string_view id() const override { return ASSAY_EXT_EMIT; }
  const void* table() const override;
  /// Sends every batch that is still open.
  assay_status_t Flush() override;

  assay_status_t Dataset(assay_str_t id, uint32_t* number);
  assay_status_t Row(uint32_t dataset, uint32_t page, uint32_t record, const assay_value_t* values,
                     uint32_t count);
  assay_status_t State(uint32_t dataset, uint32_t completeness, uint32_t reason,
                       assay_str_t detail);

 private:
  struct Column {
    bool integer = false, boolean = false, key = false;
  };
  struct Batch {
    const DatasetSpec* spec = nullptr;
    std::vector<Column> columns;
    std::optional<uint32_t> slot;  ///< of the row memory, while rows stand there
    size_t bytes = 0;              ///< of the rows in the slot
    uint32_t rows = 0;
    int worst = -1;  ///< completeness said so far
  };

  Batch* Find(uint32_t dataset, const char* call);
  /// Bytes that the row takes on the wire, or why it does not fit.
  assay_status_t Measure(const Batch& batch, const assay_value_t* values, uint32_t count,
                         size_t& bytes);
  const char* Misfit(const Column& column, const assay_value_t& value) const;
  assay_status_t CountRow(size_t bytes);
  assay_status_t TakeRow(uint32_t dataset, Batch& batch, uint32_t page, uint32_t record,
                         const assay_value_t* values, uint32_t count);
  /// Tells the engine of a completeness that is worse than all before.
  assay_status_t Worsen(uint32_t dataset, Batch& batch, Completeness completeness, Reason reason,
                        std::string_view detail);
  assay_status_t Send(uint32_t dataset, Batch& batch);
  /// Gives the batch a slot. When all are taken by other batches, the longest of those goes.
  assay_status_t TakeSlot(Batch& batch);
  assay_status_t SendLongest();

  Session& session_;
  const ReadExtension& read_;
  std::map<uint32_t, Batch> batches_;  ///< by the engine's number
  uint32_t last_dataset_ = 0;
  Batch* last_batch_ = nullptr;
  ipc::RowSlots* slots_ = nullptr;  ///< the session's, from the first row on
  uint32_t filling_ = 0;            ///< batches that have a slot
  uint64_t rows_ = 0, row_bytes_ = 0, frames_ = 0;
};

}  // namespace assay::worker
