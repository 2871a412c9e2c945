#include "worker/host_emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/text.h"
#include "worker/host_read.h"

namespace assay::worker {
namespace {

static_assert(std::endian::native == std::endian::little, "rows are copied in wire order");

/// A batch goes when it holds this much, or when the next row would not fit: waking the engine
/// costs more than filling a few pages, so batches are large.
constexpr size_t kBatchBytes = 768u << 10;
constexpr size_t kMaxRowBytes = 768u << 10;
static_assert(kMaxRowBytes <= ipc::RowMapping::kSlotBytes);
/// Batches that may be open at once; the other slots are on their way to the engine.
constexpr uint32_t kMostFilling = ipc::RowMapping::kSlots - 2;

constexpr assay_emit_v1_t kTable{
    [](const assay_host_t* abi, assay_str_t id, uint32_t* number) {
      return Called(abi, ipc::HostCall::kDataset,
                    [&](Host& h) { return h.emit->Dataset(id, number); });
    },
    [](const assay_host_t* abi, uint32_t dataset, uint32_t page, uint32_t record,
       const assay_value_t* values, uint32_t count) {
      return Guarded(abi,
                     [&](Host& h) { return h.emit->Row(dataset, page, record, values, count); });
    },
    [](const assay_host_t* abi, uint32_t dataset, uint32_t completeness, uint32_t reason,
       assay_str_t detail) {
      return Called(abi, ipc::HostCall::kState,
                    [&](Host& h) { return h.emit->State(dataset, completeness, reason, detail); });
    },
};

/// Sixteen bytes that the processor takes at once.
using Lanes [[gnu::vector_size(16)]] = uint64_t;

/// Every bit that is set in some of `size` bytes, gathered in one byte's place or another.
uint64_t AllBits(const char* at, size_t size) {
  Lanes bits[4] = {};
  size_t i = 0;
  for (; i + sizeof bits <= size; i += sizeof bits) {
    Lanes next[4];
    std::memcpy(next, at + i, sizeof next);
    for (size_t k = 0; k < 4; ++k) bits[k] |= next[k];
  }
  const Lanes all = (bits[0] | bits[1]) | (bits[2] | bits[3]);
  uint64_t gathered = all[0] | all[1];
  for (; i + 8 <= size; i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, at + i, 8);
    gathered |= word;
  }
  for (; i < size; ++i) gathered |= static_cast<uint64_t>(static_cast<unsigned char>(at[i]));
  return gathered;
}

/// The full check only where a high bit shows: most text is ASCII.
bool IsText(const char* at, size_t size) {
  return (AllBits(at, size) & 0x8080808080808080ull) == 0 || IsUtf8({at, size});
}

template <typename T>
uint8_t* Put(uint8_t* out, T value) {
  std::memcpy(out, &value, sizeof value);
  return out + sizeof value;
}

uint8_t* PutValue(uint8_t* out, const assay_value_t& value) {
  *out++ = static_cast<uint8_t>(value.kind);
  if (value.kind == ASSAY_INT) return Put(out, value.integer);
  if (value.kind == ASSAY_NULL) return out;
  out = Put(out, static_cast<uint32_t>(value.text.len));
  if (value.text.len > 0) std::memcpy(out, value.text.ptr, value.text.len);
  return out + value.text.len;
}

}  // namespace

EmitExtension::EmitExtension(Session& session, const ReadExtension& read)
    : session_(session), read_(read) {
  for (const auto& [number, spec] : session.init().datasets) {
    Batch& batch = batches_[number];
    batch.spec = &spec;
    for (const ColumnSpec& c : spec.columns)
      batch.columns.push_back(
          {c.type == ColumnType::kInt || c.type == ColumnType::kBool, c.type == ColumnType::kBool,
           std::find(spec.key.begin(), spec.key.end(), c.name) != spec.key.end()});
  }
}

const void* EmitExtension::table() const { return &kTable; }

EmitExtension::Batch* EmitExtension::Find(uint32_t dataset, const char* call) {
  if (last_batch_ != nullptr && last_dataset_ == dataset) return last_batch_;
  const auto it = batches_.find(dataset);
  if (it == batches_.end()) {
    session_.SetError(fmt::format("{}: no dataset has number {}", call, dataset));
    return nullptr;
  }
  last_dataset_ = dataset;
  return last_batch_ = &it->second;
}

assay_status_t EmitExtension::Dataset(assay_str_t id, uint32_t* number) {
  const auto text = TextOf(id);
  if (!text || number == nullptr)
    return session_.Refuse(ASSAY_E_INVALID, "dataset: an argument is null");
  for (const auto& [n, batch] : batches_) {
    if (batch.spec->id != *text) continue;
    *number = n;
    return ASSAY_OK;
  }
  return session_.Refuse(ASSAY_E_NOT_FOUND,
                         fmt::format("dataset: {} is not in the manifest", Quote(*text, 64)));
}

const char* EmitExtension::Misfit(const Column& column, const assay_value_t& value) const {
  if (value.reserved != 0) return "reserved field is not 0";
  switch (value.kind) {
    case ASSAY_NULL:
      return column.key ? "key is null" : nullptr;
    case ASSAY_INT:
      if (!column.integer) return "integer in a text column";
      return column.boolean && (value.integer < 0 || value.integer > 1) ? "bool is neither 0 nor 1"
                                                                        : nullptr;
    case ASSAY_TEXT:
      if (column.integer) return "text in an integer column";
      if (value.text.ptr == nullptr && value.text.len > 0) return "text is a null slice";
      if (value.text.len > kMaxRowBytes) return "text is too long";
      return IsText(value.text.ptr, value.text.len) ? nullptr : "text is not UTF-8";
    default:
      return "kind is unknown";
  }
}

assay_status_t EmitExtension::Measure(const Batch& batch, const assay_value_t* values,
                                      uint32_t count, size_t& bytes) {
  const std::string& id = batch.spec->id;
  if (values == nullptr || count != batch.columns.size())
    return session_.Refuse(ASSAY_E_INVALID, fmt::format("row: {} has {} columns, got {} values", id,
                                                        batch.columns.size(), count));
  bytes = 8;
  for (uint32_t i = 0; i < count; ++i) {
    if (const char* why = Misfit(batch.columns[i], values[i]); why != nullptr)
      return session_.Refuse(ASSAY_E_INVALID,
                             fmt::format("row: {}.{}: {}", id, batch.spec->columns[i].name, why));
    bytes += 1;
    if (values[i].kind == ASSAY_TEXT) bytes += 4 + values[i].text.len;
    if (values[i].kind == ASSAY_INT) bytes += 8;
  }
  if (bytes > kMaxRowBytes)
    return session_.Refuse(ASSAY_E_INVALID,
                           fmt::format("row: {}: row exceeds {} bytes", id, kMaxRowBytes));
  return ASSAY_OK;
}

assay_status_t EmitExtension::CountRow(size_t bytes) {
  const WorkerLimits& limits = session_.init().limits;
  if (rows_ >= limits.rows)
    return session_.RefuseOverQuota(fmt::format("rows: quota of {} is used up", limits.rows));
  if (row_bytes_ + bytes > limits.row_bytes)
    return session_.RefuseOverQuota(
        fmt::format("row_bytes: quota of {} is used up", limits.row_bytes));
  ++rows_;
  row_bytes_ += bytes;
  return ASSAY_OK;
}

assay_status_t EmitExtension::Row(uint32_t dataset, uint32_t page, uint32_t record,
                                  const assay_value_t* values, uint32_t count) {
  Batch* batch = Find(dataset, "row");
  if (batch == nullptr) return ASSAY_E_INVALID;
  const auto drilled = session_.Count(ipc::HostCall::kRow);
  const assay_status_t taken =
      drilled ? *drilled : TakeRow(dataset, *batch, page, record, values, count);
  if (taken == ASSAY_OK) return batch->bytes >= kBatchBytes ? Send(dataset, *batch) : ASSAY_OK;
  // A row that was refused is missing: the dataset is not complete, whatever the plugin says later.
  const Reason reason = taken == ASSAY_E_LIMIT ? Reason::kPartial : Reason::kPluginFault;
  const assay_status_t told =
      Worsen(dataset, *batch, Completeness::kPartial, reason, session_.error());
  return told == ASSAY_OK ? taken : told;
}

assay_status_t EmitExtension::TakeRow(uint32_t dataset, Batch& batch, uint32_t page,
                                      uint32_t record, const assay_value_t* values,
                                      uint32_t count) {
  if (!read_.Came(page))
    return session_.Refuse(ASSAY_E_INVALID, fmt::format("row: no page {} came", page));
  if (record != ASSAY_NO_RECORD && record >= session_.init().limits.records_per_body)
    return session_.Refuse(ASSAY_E_INVALID, fmt::format("row: record {} is out of range", record));
  size_t bytes = 0;
  if (const auto s = Measure(batch, values, count, bytes); s != ASSAY_OK) return s;
  if (const auto s = CountRow(bytes); s != ASSAY_OK) return s;
  if (batch.bytes + bytes > ipc::RowMapping::kSlotBytes) {
    if (const auto s = Send(dataset, batch); s != ASSAY_OK) return s;
  }
  if (!batch.slot) {
    if (const auto s = TakeSlot(batch); s != ASSAY_OK) return s;
  }
  uint8_t* out = Put(Put(slots_->at(*batch.slot) + batch.bytes, page), record);
  batch.bytes += bytes;
  for (uint32_t i = 0; i < count; ++i) out = PutValue(out, values[i]);
  ++batch.rows;
  return ASSAY_OK;
}

assay_status_t EmitExtension::Send(uint32_t dataset, Batch& batch) {
  if (batch.rows == 0) return ASSAY_OK;
  const uint64_t most = session_.init().limits.frames;
  if (++frames_ > most)
    return session_.RefuseOverQuota(fmt::format("frames: quota of {} is used up", most));
  const ipc::Batch message{dataset, batch.rows, *batch.slot, static_cast<uint32_t>(batch.bytes)};
  slots_->Give(*batch.slot);
  batch.slot.reset();
  batch.bytes = 0;
  batch.rows = 0;
  --filling_;
  return session_.Send(ipc::Type::kBatch, Encode(message));
}

assay_status_t EmitExtension::SendLongest() {
  auto longest = batches_.end();
  for (auto it = batches_.begin(); it != batches_.end(); ++it)
    if (it->second.slot && (longest == batches_.end() || it->second.bytes > longest->second.bytes))
      longest = it;
  return Send(longest->first, longest->second);
}

assay_status_t EmitExtension::TakeSlot(Batch& batch) {
  if (slots_ == nullptr) slots_ = session_.Slots();
  if (slots_ == nullptr) return ASSAY_E_INTERNAL;
  if (filling_ == kMostFilling) {
    if (const auto s = SendLongest(); s != ASSAY_OK) return s;
  }
  batch.slot = slots_->Take([this] { return session_.EngineIsGone(); });
  if (!batch.slot) return session_.Refuse(ASSAY_E_INTERNAL, "row: the engine is gone");
  ++filling_;
  return ASSAY_OK;
}

assay_status_t EmitExtension::Flush() {
  for (auto& [number, batch] : batches_)
    if (const auto s = Send(number, batch); s != ASSAY_OK) return s;
  return ASSAY_OK;
}

assay_status_t EmitExtension::State(uint32_t dataset, uint32_t completeness, uint32_t reason,
                                    assay_str_t detail) {
  Batch* batch = Find(dataset, "state");
  const auto text = TextOf(detail);
  if (batch == nullptr) return ASSAY_E_INVALID;
  if (completeness > ASSAY_UNAVAILABLE || reason > ASSAY_REASON_UNSUPPORTED || !text ||
      (completeness == ASSAY_COMPLETE && reason != ASSAY_REASON_NONE))
    return session_.Refuse(ASSAY_E_INVALID, fmt::format("state: {}: completeness, reason or detail "
                                                        "is out of range",
                                                        batch->spec->id));
  return Worsen(dataset, *batch, static_cast<Completeness>(completeness),
                static_cast<Reason>(reason), *text);
}

assay_status_t EmitExtension::Worsen(uint32_t dataset, Batch& batch, Completeness completeness,
                                     Reason reason, std::string_view detail) {
  if (static_cast<int>(completeness) <= batch.worst) return ASSAY_OK;
  batch.worst = static_cast<int>(completeness);
  const ipc::DatasetState state{dataset, completeness, reason,
                                std::string(detail.substr(0, ipc::kMaxLine))};
  return session_.Send(ipc::Type::kDatasetState, Encode(state));
}

}  // namespace assay::worker
