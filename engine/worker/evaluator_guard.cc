// What SQL from a package may do. Everything is named here by what is allowed; the rest is refused.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "worker/evaluator_parts.h"

namespace assay::worker {
namespace {

/// Deterministic functions whose cost and result are bounded by the length limit. Not here, on
/// purpose: random, randomblob, zeroblob, changes, last_insert_rowid, current_*, load_extension,
/// readfile, sqlite_*, fts and rtree helpers.
constexpr auto kFunctions = std::to_array<std::string_view>({
    "->",
    "->>",
    "abs",
    "ascii_fold",
    "avg",
    "char",
    "coalesce",
    "count",
    "cume_dist",
    "date",
    "datetime",
    "days_between",
    "days_since",
    "days_since_exact",
    "days_until",
    "decimal_cmp",
    "decimal_sum",
    "dense_rank",
    "first_value",
    "format",
    "glob",
    "group_concat",
    "hex",
    "ifnull",
    "iif",
    "instr",
    "ip_covers_public",
    "ip_is_private",
    "ip_prefix_length",
    "iso_duration_days",
    "iso_duration_hours",
    "json",
    "json_array",
    "json_array_length",
    "json_extract",
    "json_group_array",
    "json_group_object",
    "json_insert",
    "json_object",
    "json_patch",
    "json_quote",
    "json_remove",
    "json_replace",
    "json_set",
    "json_type",
    "json_valid",
    "julianday",
    "lag",
    "last_value",
    "lead",
    "length",
    "like",
    "likelihood",
    "likely",
    "lower",
    "ltrim",
    "matches",
    "max",
    "min",
    "nth_value",
    "ntile",
    "nullif",
    "percent_rank",
    "printf",
    "quote",
    "rank",
    "replace",
    "round",
    "row_number",
    "rtrim",
    "sign",
    "strftime",
    "substr",
    "substring",
    "sum",
    "time",
    "timespan_minutes",
    "total",
    "trim",
    "typeof",
    "unicode",
    "unixepoch",
    "unlikely",
    "upper",
    "version_cmp",
    "x509_not_after",
});
static_assert(std::is_sorted(kFunctions.begin(), kFunctions.end()));

bool IsJsonTable(std::string_view name) { return name == "json_each" || name == "json_tree"; }

bool IsSystemName(std::string_view name) {
  return name.starts_with("sqlite_") || name.starts_with("pragma_") || name == "dbstat" ||
         name == "bytecode" || name == "tables_used";
}

std::string_view ActionName(int action) {
  switch (action) {
    case SQLITE_ATTACH:
      return "ATTACH";
    case SQLITE_DETACH:
      return "DETACH";
    case SQLITE_PRAGMA:
      return "PRAGMA";
    case SQLITE_INSERT:
      return "INSERT";
    case SQLITE_UPDATE:
      return "UPDATE";
    case SQLITE_DELETE:
      return "DELETE";
    case SQLITE_TRANSACTION:
      return "transaction";
    case SQLITE_SAVEPOINT:
      return "SAVEPOINT";
    case SQLITE_REINDEX:
      return "REINDEX";
    case SQLITE_ANALYZE:
      return "ANALYZE";
    case SQLITE_ALTER_TABLE:
      return "ALTER TABLE";
    case SQLITE_CREATE_VTABLE:
      return "CREATE VIRTUAL TABLE";
    case SQLITE_CREATE_VIEW:
      return "CREATE VIEW";
    case SQLITE_CREATE_TEMP_VIEW:
      return "CREATE TEMP VIEW";
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_TEMP_TABLE:
      return "CREATE TABLE";
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TEMP_INDEX:
      return "CREATE INDEX";
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_CREATE_TEMP_TRIGGER:
      return "CREATE TRIGGER";
    default:
      return "this statement";
  }
}

}  // namespace

Guard::Guard(sqlite3* db, Mode mode, const std::set<std::string>& datasets,
             const std::set<std::string>& reads)
    : db_(db), mode_(mode), datasets_(datasets), reads_(reads) {
  sqlite3_set_authorizer(db_, Ask, this);
}

Guard::~Guard() { sqlite3_set_authorizer(db_, nullptr, nullptr); }

int Guard::Ask(void* self, int action, const char* a, const char* b, const char*, const char*) {
  return static_cast<Guard*>(self)->Judge(action, a == nullptr ? "" : a, b == nullptr ? "" : b);
}

int Guard::Judge(int action, std::string_view a, std::string_view b) {
  return mode_ == Mode::kCheck ? JudgeCheck(action, a, b) : JudgeViews(action, a);
}

int Guard::Refuse(std::string what) {
  if (refused_.empty()) refused_ = std::move(what);
  return SQLITE_DENY;
}

int Guard::JudgeCheck(int action, std::string_view a, std::string_view b) {
  if (action == SQLITE_SELECT || action == SQLITE_RECURSIVE) return SQLITE_OK;
  if (action == SQLITE_FUNCTION) {
    const std::string name = AsciiLower(b);
    if (std::binary_search(kFunctions.begin(), kFunctions.end(), std::string_view(name)))
      return SQLITE_OK;
    return Refuse(fmt::format("function {} is not allowed", Quote(b, 64)));
  }
  if (action == SQLITE_READ) {
    const std::string name = AsciiLower(a);
    if (IsSystemName(name)) return Refuse(fmt::format("table {} is not allowed", Quote(a, 64)));
    // A dataset that the check does not declare would escape the rules on incomplete data.
    if (datasets_.contains(name) && !reads_.contains(name))
      return Refuse(fmt::format("dataset {} is not in reads", name));
    if (reads_.contains(name)) seen_.insert(name);
    return SQLITE_OK;
  }
  // Constructors of table functions announce themselves as changes of the schema.
  if (action == SQLITE_UPDATE && a == "sqlite_master")
    return Refuse("table function is not allowed");
  return Refuse(fmt::format("{} is not allowed", ActionName(action)));
}

int Guard::JudgeViews(int action, std::string_view a) {
  const std::string name = AsciiLower(a);
  switch (action) {
    case SQLITE_CREATE_VIEW:
      if (IsSystemName(name) || IsJsonTable(name) || name == "tenant")
        return Refuse(fmt::format("view {} has a reserved name", Quote(a, 64)));
      ++views_;
      return SQLITE_OK;
    case SQLITE_INSERT:  // how SQLite itself notes the new view
    case SQLITE_UPDATE:
    case SQLITE_READ:
      // A package that names this table itself is refused by SQLite, and by the count of views
      // made.
      if (name == "sqlite_master" || name == "sqlite_temp_master") return SQLITE_OK;
      [[fallthrough]];
    default:
      return Refuse(fmt::format("{} is not allowed", ActionName(action)));
  }
}

}  // namespace assay::worker
