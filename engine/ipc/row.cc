#include "ipc/row.h"

namespace assay::ipc {

void EncodeRow(Writer& out, const Row& row) {
  out.U32(row.page).U32(row.record);
  for (const RowValue& value : row.values) {
    out.U8(value.kind);
    if (value.kind == 1) out.Text(value.text);
    if (value.kind == 2) out.I64(value.integer);
  }
}

bool ParseRow(Reader& in, size_t columns, Row& row) {
  row.page = in.U32();
  row.record = in.U32();
  row.values.resize(columns);
  for (RowValue& value : row.values) {
    value = RowValue{};
    value.kind = in.U8();
    if (value.kind == 1)
      value.text = in.Text();
    else if (value.kind == 2)
      value.integer = in.I64();
    else if (value.kind != 0)
      return false;
    if (!in.ok()) return false;
  }
  return in.ok();
}

}  // namespace assay::ipc
