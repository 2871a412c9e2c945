// Rows straight from the RowStore: text is handed out by pointer, equality on a column is looked up
// in that column's index. SQLite holds no copy of the data.
#include "worker/evaluator_table.h"

#include <cmath>
#include <new>

namespace assay::worker {
namespace {

struct Table {
  sqlite3_vtab base;
  RowStore* store;
  TableSource* source;
};

struct Cursor {
  sqlite3_vtab_cursor base;
  const uint64_t* found;  ///< null: every row
  uint32_t at, end;
};

Table* TableOf(sqlite3_vtab* vtab) { return reinterpret_cast<Table*>(vtab); }
Cursor* CursorOf(sqlite3_vtab_cursor* cursor) { return reinterpret_cast<Cursor*>(cursor); }

std::string Declaration(const DatasetSpec& spec) {
  std::string sql = "CREATE TABLE x(";
  for (const ColumnSpec& c : spec.columns) {
    if (sql.back() != '(') sql += ", ";
    sql += "\"" + c.name + "\" " + (IsInteger(c.type) ? "INTEGER" : "TEXT");
  }
  return sql + ")";
}

int Connect(sqlite3* db, void* aux, int, const char* const*, sqlite3_vtab** out, char** error) {
  auto* source = static_cast<TableSource*>(aux);
  if (source->connecting == nullptr) {
    *error = sqlite3_mprintf("datasets cannot be created here");
    return SQLITE_ERROR;
  }
  try {
    const int rc = sqlite3_declare_vtab(db, Declaration(source->connecting->spec()).c_str());
    if (rc != SQLITE_OK) return rc;
    sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
    auto* table = new Table{{}, source->connecting, source};
    *out = &table->base;
    return SQLITE_OK;
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  }
}

int Disconnect(sqlite3_vtab* vtab) {
  delete TableOf(vtab);
  return SQLITE_OK;
}

/// Rows that an equality on `column` leaves on average. It follows from the data alone, so that the
/// same data always gives the same plan.
int64_t ExpectedRows(RowStore& store, size_t column) {
  return store.size() / store.Distinct(column) + 1;
}

bool IsBinaryEquality(sqlite3_index_info* info, int i) {
  const auto& c = info->aConstraint[i];
  return c.usable != 0 && c.op == SQLITE_INDEX_CONSTRAINT_EQ && c.iColumn >= 0 &&
         sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY") == 0;
}

/// The usable equality that leaves the fewest rows, -1 for none.
int BestEquality(RowStore& store, sqlite3_index_info* info, int64_t& rows) {
  int best = -1;
  for (int i = 0; i < info->nConstraint; ++i) {
    if (!IsBinaryEquality(info, i)) continue;
    const int64_t left = ExpectedRows(store, static_cast<size_t>(info->aConstraint[i].iColumn));
    if (best >= 0 && left >= rows) continue;
    best = i;
    rows = left;
  }
  return best;
}

int BestIndex(sqlite3_vtab* vtab, sqlite3_index_info* info) {
  RowStore& store = *TableOf(vtab)->store;
  int64_t rows = int64_t{store.size()} + 1;
  int best = -1;
  try {
    best = BestEquality(store, info, rows);
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  }
  info->idxNum = 0;  // every row
  info->estimatedRows = rows;
  info->estimatedCost = static_cast<double>(rows);
  if (best < 0) return SQLITE_OK;
  // `omit` stays 0: SQLite compares again, so that a lookup need only never miss a row.
  info->aConstraintUsage[best].argvIndex = 1;
  info->idxNum = info->aConstraint[best].iColumn + 1;
  info->estimatedCost =
      std::log2(static_cast<double>(store.size()) + 2) + static_cast<double>(rows);
  return SQLITE_OK;
}

int Open(sqlite3_vtab*, sqlite3_vtab_cursor** out) {
  auto* cursor = new (std::nothrow) Cursor{{}, nullptr, 0, 0};
  if (cursor == nullptr) return SQLITE_NOMEM;
  *out = &cursor->base;
  return SQLITE_OK;
}

int Close(sqlite3_vtab_cursor* cursor) {
  delete CursorOf(cursor);
  return SQLITE_OK;
}

enum class Match { kNothing, kCode, kScan };

/// The code to look up for `value` in `column`. kScan where SQLite would convert types before it
/// compares: then every row is offered and SQLite decides.
Match Lookup(const Table& table, size_t column, sqlite3_value* value, uint32_t& code) {
  const int type = sqlite3_value_type(value);
  if (type == SQLITE_NULL) return Match::kNothing;
  const bool integer = IsInteger(table.store->spec().columns[column].type);
  std::optional<uint32_t> found;
  if (!integer && type == SQLITE_TEXT) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
    if (text == nullptr) return Match::kScan;
    found =
        table.source->pools->texts.Find({text, static_cast<size_t>(sqlite3_value_bytes(value))});
  } else if (integer && type == SQLITE_INTEGER) {
    found = table.source->pools->integers.Find(sqlite3_value_int64(value));
  } else {
    return Match::kScan;
  }
  if (!found) return Match::kNothing;
  code = *found;
  return Match::kCode;
}

int Filter(sqlite3_vtab_cursor* base, int index, const char*, int argc, sqlite3_value** argv) {
  Cursor* cursor = CursorOf(base);
  const Table& table = *TableOf(base->pVtab);
  cursor->found = nullptr;
  cursor->at = 0;
  cursor->end = table.store->size();
  if (table.source->hidden.contains(table.store->spec().id)) cursor->end = 0;
  if (index == 0 || argc != 1 || cursor->end == 0) return SQLITE_OK;
  uint32_t code = 0;
  const auto column = static_cast<size_t>(index - 1);
  const Match match = Lookup(table, column, argv[0], code);
  if (match == Match::kScan) return SQLITE_OK;
  cursor->end = 0;
  if (match == Match::kNothing) return SQLITE_OK;
  try {
    const auto found = table.store->Find(column, code);
    cursor->found = found.data();
    cursor->end = static_cast<uint32_t>(found.size());
    return SQLITE_OK;
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  }
}

int Next(sqlite3_vtab_cursor* cursor) {
  ++CursorOf(cursor)->at;
  return SQLITE_OK;
}

int Eof(sqlite3_vtab_cursor* cursor) { return CursorOf(cursor)->at >= CursorOf(cursor)->end; }

uint32_t PositionOf(const Cursor& c) {
  return c.found == nullptr ? c.at : RowStore::Position(c.found[c.at]);
}

int Column(sqlite3_vtab_cursor* base, sqlite3_context* context, int column) {
  const Table& table = *TableOf(base->pVtab);
  const auto c = static_cast<size_t>(column);
  const uint32_t code = table.store->Code(PositionOf(*CursorOf(base)), c);
  if (code == kNullCode) {
    sqlite3_result_null(context);
  } else if (IsInteger(table.store->spec().columns[c].type)) {
    sqlite3_result_int64(context, table.source->pools->integers.At(code));
  } else {
    const std::string_view text = table.source->pools->texts.At(code);
    // Pool texts never move and outlive the connection.
    sqlite3_result_text(context, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  return SQLITE_OK;
}

int RowId(sqlite3_vtab_cursor* base, sqlite3_int64* out) {
  *out = PositionOf(*CursorOf(base));
  return SQLITE_OK;
}

sqlite3_module MakeModule() {
  sqlite3_module m{};
  m.iVersion = 1;
  m.xCreate = Connect;
  m.xConnect = Connect;
  m.xBestIndex = BestIndex;
  m.xDisconnect = Disconnect;
  m.xDestroy = Disconnect;
  m.xOpen = Open;
  m.xClose = Close;
  m.xFilter = Filter;
  m.xNext = Next;
  m.xEof = Eof;
  m.xColumn = Column;
  m.xRowid = RowId;
  return m;
}

}  // namespace

int AddTableModule(sqlite3* db, TableSource& source) {
  static const sqlite3_module kModule = MakeModule();
  return sqlite3_create_module_v2(db, kTableModule, &kModule, &source, nullptr);
}

}  // namespace assay::worker
