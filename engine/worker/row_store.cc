#include "worker/row_store.h"

#include <fmt/format.h>

#include <algorithm>

namespace assay::worker {
namespace {

constexpr size_t kMaxColumns = 128;

/// Lower-case words only: nothing that needs care in SQL, nothing of SQLite's own.
bool IsName(std::string_view name) {
  if (name.empty() || name.size() > 64 || name[0] < 'a' || name[0] > 'z') return false;
  for (char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  return !name.starts_with("sqlite_") && !name.starts_with("pragma_") &&
         !name.starts_with("json_") && name != "tenant";
}

Status CheckShape(const DatasetSpec& spec) {
  const std::string what = "dataset " + Quote(spec.id, 64);
  if (!IsName(spec.id)) return Fail(Code::kInvalidInput, what + ": name is not usable in SQL");
  if (spec.columns.empty() || spec.columns.size() > kMaxColumns)
    return Fail(Code::kInvalidInput, fmt::format("{}: needs 1 to {} columns", what, kMaxColumns));
  const auto known = [&](const std::string& name) {
    return std::any_of(spec.columns.begin(), spec.columns.end(),
                       [&](const ColumnSpec& c) { return c.name == name; });
  };
  for (size_t i = 0; i < spec.columns.size(); ++i) {
    const std::string& name = spec.columns[i].name;
    if (!IsName(name))
      return Fail(Code::kInvalidInput,
                  fmt::format("{}: column {} is not usable in SQL", what, Quote(name, 64)));
    for (size_t j = 0; j < i; ++j)
      if (spec.columns[j].name == name)
        return Fail(Code::kInvalidInput, fmt::format("{}: column {} stands twice", what, name));
  }
  if (spec.key.empty()) return Fail(Code::kInvalidInput, what + ": has no key");
  for (const std::string& name : spec.key)
    if (!known(name))
      return Fail(Code::kInvalidInput,
                  fmt::format("{}: key {} is not a column", what, Quote(name, 64)));
  for (const std::string* name : {&spec.subject, &spec.label})
    if (!name->empty() && !known(*name))
      return Fail(Code::kInvalidInput,
                  fmt::format("{}: subject or label {} is not a column", what, Quote(*name, 64)));
  return {};
}

}  // namespace

RowStore::RowStore(DatasetSpec spec, Pools& pools)
    : spec_(std::move(spec)), pools_(pools), stride_(spec_.columns.size() + 2) {
  for (const std::string& name : spec_.key) key_.push_back(ColumnOf(name));
}

Result<std::unique_ptr<RowStore>> RowStore::Create(DatasetSpec spec, Pools& pools) {
  ASSAY_TRY(CheckShape(spec));
  return std::unique_ptr<RowStore>(new RowStore(std::move(spec), pools));
}

size_t RowStore::ColumnOf(const std::string& name) const {
  const auto it = std::find_if(spec_.columns.begin(), spec_.columns.end(),
                               [&](const ColumnSpec& c) { return c.name == name; });
  return static_cast<size_t>(it - spec_.columns.begin());
}

uint32_t* RowStore::NewRow() {
  if (chunks_.size() <= rows_ >> kChunkShift)
    chunks_.push_back(
        std::unique_ptr<uint32_t[]>(new uint32_t[(size_t{kChunkMask} + 1) * stride_]));
  return chunks_.back().get() + (rows_ & kChunkMask) * stride_;
}

Result<uint32_t> RowStore::CodeOf(const ColumnSpec& column, const ipc::RowValue& value) {
  const auto bad = [&](const char* why) {
    return Fail(Code::kInvalidInput, fmt::format("{}.{}: {}", spec_.id, column.name, why));
  };
  if (value.kind == 0) return kNullCode;
  if (IsInteger(column.type)) {
    if (value.kind != 2) return bad("text in an integer column");
    if (column.type == ColumnType::kBool && (value.integer < 0 || value.integer > 1))
      return bad("bool is neither 0 nor 1");
    return pools_.integers.Intern(value.integer);
  }
  if (value.kind != 1) return bad("integer in a text column");
  const auto code = pools_.texts.Intern(value.text);
  if (!code) return bad("text is not UTF-8");
  return *code;
}

Status RowStore::Add(const ipc::Rows& frame) {
  ipc::Reader in(frame.rows);
  ipc::Row row;
  order_.clear();
  indexes_.clear();
  distinct_.clear();
  duplicates_ = 0;
  for (uint32_t i = 0; i < frame.count; ++i) {
    if (!ipc::ParseRow(in, columns(), row))
      return Fail(Code::kInvalidInput, spec_.id + ": frame of rows is damaged");
    uint32_t* out = NewRow();
    for (size_t c = 0; c < columns(); ++c) {
      ASSAY_ASSIGN(out[c], CodeOf(spec_.columns[c], row.values[c]));
    }
    for (size_t c : key_)
      if (out[c] == kNullCode)
        return Fail(Code::kInvalidInput,
                    fmt::format("{}.{}: key is null", spec_.id, spec_.columns[c].name));
    out[columns()] = row.page;
    out[columns() + 1] = row.record;
    ++rows_;
  }
  if (!in.Done())
    return Fail(Code::kInvalidInput, spec_.id + ": frame holds more rows than it says");
  return {};
}

/// Rank of every text that stands in a key column, by its bytes; others are left 0. Comparing ranks
/// instead of texts makes sorting long resource ids several times faster.
std::vector<uint32_t> RowStore::TextRanks() const {
  std::vector<uint32_t> ranks(pools_.texts.size());
  std::vector<uint32_t> codes;
  for (size_t c : key_) {
    if (IsInteger(spec_.columns[c].type)) continue;
    for (uint32_t i = 0; i < rows_; ++i) {
      const uint32_t code = Row(i)[c];
      if (std::exchange(ranks[code], 1) == 0) codes.push_back(code);
    }
  }
  std::sort(codes.begin(), codes.end(),
            [&](uint32_t a, uint32_t b) { return pools_.texts.At(a) < pools_.texts.At(b); });
  for (uint32_t i = 0; i < codes.size(); ++i) ranks[codes[i]] = i;
  return ranks;
}

bool RowStore::SameKey(uint32_t a, uint32_t b) const {
  return std::all_of(key_.begin(), key_.end(), [&](size_t c) { return Row(a)[c] == Row(b)[c]; });
}

/// Order of two rows that stand in the same record with the same key: by all their values.
int RowStore::CompareValues(uint32_t a, uint32_t b) const {
  for (size_t c = 0; c < columns(); ++c) {
    const uint32_t x = Row(a)[c], y = Row(b)[c];
    if (x == y) continue;
    if (x == kNullCode || y == kNullCode) return x == kNullCode ? -1 : 1;
    if (IsInteger(spec_.columns[c].type))
      return pools_.integers.At(x) < pools_.integers.At(y) ? -1 : 1;
    return pools_.texts.At(x) < pools_.texts.At(y) ? -1 : 1;
  }
  return 0;
}

bool RowStore::Before(uint32_t a, uint32_t b, const std::vector<uint32_t>& ranks) const {
  const uint32_t* x = Row(a);
  const uint32_t* y = Row(b);
  for (size_t c : key_) {
    if (x[c] == y[c]) continue;
    if (IsInteger(spec_.columns[c].type))
      return pools_.integers.At(x[c]) < pools_.integers.At(y[c]);
    return ranks[x[c]] < ranks[y[c]];
  }
  for (size_t c : {columns(), columns() + 1})
    if (x[c] != y[c]) return x[c] < y[c];
  return CompareValues(a, b) < 0;
}

void RowStore::Seal() {
  if (order_.size() + duplicates_ == rows_) return;
  const std::vector<uint32_t> ranks = TextRanks();
  order_.resize(rows_);
  for (uint32_t i = 0; i < rows_; ++i) order_[i] = i;
  std::sort(order_.begin(), order_.end(),
            [&](uint32_t a, uint32_t b) { return Before(a, b, ranks); });
  order_.erase(std::unique(order_.begin(), order_.end(),
                           [&](uint32_t a, uint32_t b) { return SameKey(a, b); }),
               order_.end());
  duplicates_ = rows_ - order_.size();
}

RecordRef RowStore::Record(uint32_t position) const {
  const uint32_t* row = Row(order_[position]);
  return {row[columns()], row[columns() + 1]};
}

std::span<const uint64_t> RowStore::Find(size_t column, uint32_t code) {
  auto [it, added] = indexes_.try_emplace(column);
  std::vector<uint64_t>& index = it->second;
  if (added) {
    index.reserve(size());
    for (uint32_t i = 0; i < size(); ++i)
      index.push_back(static_cast<uint64_t>(Code(i, column)) << 32 | i);
    std::sort(index.begin(), index.end());
  }
  const uint64_t low = static_cast<uint64_t>(code) << 32;
  const auto first = std::lower_bound(index.begin(), index.end(), low);
  const auto last = std::lower_bound(first, index.end(), low + (uint64_t{1} << 32));
  return {first, last};
}

uint32_t RowStore::Distinct(size_t column) {
  auto [it, added] = distinct_.try_emplace(column, 0);
  if (!added) return it->second;
  const bool integer = IsInteger(spec_.columns[column].type);
  const uint32_t codes = integer ? pools_.integers.size() : pools_.texts.size();
  std::vector<bool> seen(size_t{codes} + 1);  // the last one stands for null
  uint32_t count = 0;
  for (uint32_t i = 0; i < size(); ++i) {
    const uint32_t code = std::min(Code(i, column), codes);
    if (seen[code]) continue;
    seen[code] = true;
    ++count;
  }
  return it->second = std::max(count, 1u);
}

size_t RowStore::MemoryBytes() const {
  size_t bytes = chunks_.size() * (size_t{kChunkMask} + 1) * stride_ * sizeof(uint32_t);
  bytes += order_.capacity() * sizeof(uint32_t);
  for (const auto& [column, index] : indexes_) bytes += index.capacity() * sizeof(uint64_t);
  return bytes;
}

}  // namespace assay::worker
