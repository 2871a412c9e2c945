#include "kit/rows_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "assay/emit.h"
#include "base/text.h"
#include "base/time.h"
#include "ipc/row.h"
#include "proof/json_value.h"

namespace assay::kit {
namespace {

bool IsDecimal(std::string_view text) {
  size_t at = !text.empty() && text[0] == '-' ? 1 : 0, digits = 0, points = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && digits > 0 && points == 0)
      ++points;
    else if (text[at] >= '0' && text[at] <= '9')
      ++digits;
    else
      return false;
  }
  return digits > 0 && text.back() != '.';
}

/// What is wrong with one value; empty when nothing.
std::string Wrong(const ColumnSpec& column, const ipc::RowValue& value) {
  if (value.kind != ASSAY_TEXT) return "";
  switch (column.type) {
    case ColumnType::kTime:
      return ParseTime(value.text) ? "" : "is no RFC 3339 time with a zone";
    case ColumnType::kDecimal:
      return IsDecimal(value.text) ? "" : "is no decimal number";
    case ColumnType::kJson:
      return proof::CheckOneJsonValue(AsBytes(value.text)) ? "" : "is no JSON";
    default:
      return "";
  }
}

std::string WrongIn(const DatasetSpec& dataset, const EmittedRows& emitted, const Trace& trace,
                    bool marked_only) {
  ipc::Reader in(emitted.bytes);
  ipc::Row row;
  for (uint64_t number = 0; number < emitted.count; ++number) {
    if (!ipc::ParseRow(in, dataset.columns.size(), row))
      return fmt::format("{}: row {} is not complete", dataset.id, number + 1);
    const auto marks = trace.marks.find(row.page);
    const size_t marked = marks == trace.marks.end() ? 0 : marks->second.size();
    if (marked_only && row.record != ASSAY_NO_RECORD && row.record >= marked)
      return fmt::format("{}: row {} rests on record {} of page {}, which has {} marked",
                         dataset.id, number + 1, row.record, row.page, marked);
    for (size_t i = 0; i < dataset.columns.size(); ++i)
      if (const std::string wrong = Wrong(dataset.columns[i], row.values[i]); !wrong.empty())
        return fmt::format("{}: row {}: {} {}: {}", dataset.id, number + 1, dataset.columns[i].name,
                           wrong, Quote(row.values[i].text, 60));
  }
  return "";
}

}  // namespace

std::string WrongRows(const Manifest& manifest, const Trace& trace, bool marked) {
  for (const DatasetSpec& dataset : manifest.datasets) {
    const auto emitted = trace.rows.find(dataset.id);
    if (emitted == trace.rows.end()) continue;
    if (std::string wrong = WrongIn(dataset, emitted->second, trace, marked); !wrong.empty())
      return wrong;
  }
  return "";
}

}  // namespace assay::kit
