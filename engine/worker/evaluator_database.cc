#include "worker/evaluator_database.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>

#include "base/text.h"
#include "worker/evaluator_parts.h"

namespace assay::worker {
namespace {

struct Limit {
  int id, value;
};
constexpr Limit kLimits[] = {
    {SQLITE_LIMIT_LENGTH, 1 << 20},        // longest text or blob: one frame
    {SQLITE_LIMIT_SQL_LENGTH, 256 << 10},  // ipc::kMaxSql
    {SQLITE_LIMIT_COLUMN, 256},
    {SQLITE_LIMIT_EXPR_DEPTH, 200},
    {SQLITE_LIMIT_COMPOUND_SELECT, 50},
    {SQLITE_LIMIT_VDBE_OP, 250'000},
    {SQLITE_LIMIT_FUNCTION_ARG, 100},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 100},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
};

/// Steps between two looks at the budget.
constexpr int kStepsPerLook = 1000;

struct Meter {
  uint64_t looks_left;
  std::chrono::steady_clock::time_point deadline;
  bool steps_out = false, time_out = false;

  static int Look(void* self) {
    auto& m = *static_cast<Meter*>(self);
    if (m.looks_left-- == 0) return m.steps_out = true;
    if (m.looks_left % 64 == 0 && std::chrono::steady_clock::now() > m.deadline)
      return m.time_out = true;
    return 0;
  }
};

/// Length of white space and comments at the start of `sql`.
std::string_view SkipBlank(std::string_view sql) {
  for (;;) {
    const size_t n = sql.find_first_not_of(" \t\r\n\f");
    sql.remove_prefix(std::min(n, sql.size()));
    if (sql.starts_with("--")) {
      sql.remove_prefix(std::min(sql.find('\n'), sql.size()));
    } else if (sql.starts_with("/*")) {
      const size_t end = sql.find("*/", 2);
      sql.remove_prefix(end == std::string_view::npos ? sql.size() : end + 2);
    } else {
      return sql;
    }
  }
}

/// "3:12", line and column of what SQLite stumbled over, "" when it does not know. What stands
/// there must be in `message`: an offset may be one into the text of a view.
std::string WhereIn(sqlite3* db, std::string_view sql, std::string_view message) {
  const int offset = sqlite3_error_offset(db);
  if (offset < 0 || static_cast<size_t>(offset) >= sql.size()) return {};
  const auto at = static_cast<size_t>(offset);
  size_t end = at;
  while (end < sql.size() &&
         (std::isalnum(static_cast<unsigned char>(sql[end])) || sql[end] == '_'))
    ++end;
  if (message.find(sql.substr(at, std::max<size_t>(1, end - at))) == message.npos) return {};
  const std::string_view before = sql.substr(0, at);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const size_t begin = lines == 0 ? 0 : before.rfind('\n') + 1;
  return fmt::format("{}:{}", lines + 1, at - begin + 1);
}

Status CheckParameters(sqlite3_stmt* statement) {
  for (int i = 1; i <= sqlite3_bind_parameter_count(statement); ++i) {
    const char* name = sqlite3_bind_parameter_name(statement, i);
    if (name == nullptr || name[0] != ':')
      return Fail(Code::kInvalidInput, "parameters are written :name");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Database>> Database::Open(int64_t now_ms, Pools& pools) {
  std::unique_ptr<Database> database(new Database(now_ms, pools));
  ASSAY_TRY(database->vfs_.Register());
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(":memory:", &database->db_, flags, database->vfs_.name()) != SQLITE_OK)
    return Fail(Code::kIo, fmt::format("sqlite: {}", sqlite3_errmsg(database->db_)));
  ASSAY_TRY(database->Configure());
  ASSAY_TRY(AddFunctions(database->db_, now_ms));
  ASSAY_TRY(AddDomainFunctions(database->db_, now_ms));
  ASSAY_TRY(AddMatches(database->db_));
  return database;
}

Database::~Database() { sqlite3_close_v2(db_); }

Status Database::Execute(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    return Fail(Code::kIo, fmt::format("sqlite: {}", sqlite3_errmsg(db_)));
  return {};
}

Status Database::Configure() {
  for (const Limit& limit : kLimits) sqlite3_limit(db_, limit.id, limit.value);
  // The schema is trusted, so that views may use JSON functions as statements may: decision 0070.
  for (const auto& [option, value] :
       {std::pair(SQLITE_DBCONFIG_DEFENSIVE, 1), std::pair(SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1),
        std::pair(SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0),
        std::pair(SQLITE_DBCONFIG_ENABLE_TRIGGER, 0), std::pair(SQLITE_DBCONFIG_DQS_DML, 0),
        std::pair(SQLITE_DBCONFIG_DQS_DDL, 0)})
    sqlite3_db_config(db_, option, value, nullptr);
  // 'localtime' would make a verdict depend on the machine: it becomes an error.
  sqlite3_test_control(SQLITE_TESTCTRL_LOCALTIME_FAULT, 1);
  ASSAY_TRY(Execute("PRAGMA temp_store=memory"));
  if (AddTableModule(db_, source_) != SQLITE_OK)
    return Fail(Code::kIo, fmt::format("sqlite: {}", sqlite3_errmsg(db_)));
  // Used once before any authorizer stands, else the constructor of these tables is refused later.
  ASSAY_TRY(Execute("SELECT count(*) FROM json_each('[1]'), json_tree('[1]')"));
  const char* keep[] = {"json_each", "json_tree", kTableModule, nullptr};
  sqlite3_drop_modules(db_, keep);
  return {};
}

Status Database::AddDataset(RowStore& store) {
  const std::string& id = store.spec().id;
  source_.connecting = &store;
  const auto made =
      Execute(fmt::format("CREATE VIRTUAL TABLE \"{}\" USING {}", id, kTableModule).c_str());
  source_.connecting = nullptr;
  if (!made)
    return Fail(Code::kInvalidInput, fmt::format("dataset {}: {}", id, made.error().message));
  names_.insert(id);
  return {};
}

Status Database::CreateViews(const std::string& sql) {
  std::string_view rest = SkipBlank(sql);
  for (int number = 1; !rest.empty(); ++number) {
    const auto bad = [&](std::string_view why) {
      return Fail(Code::kInvalidInput, fmt::format("statement {}: {}", number, why));
    };
    Guard guard(db_, Guard::Mode::kViews, names_, names_);
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    const int rc = sqlite3_prepare_v2(db_, rest.data(), static_cast<int>(rest.size()), &raw, &tail);
    const Statement statement(raw);
    if (!guard.refused().empty()) return bad(guard.refused() + ", only CREATE VIEW");
    if (rc != SQLITE_OK) return bad(sqlite3_errmsg(db_));
    if (raw == nullptr || guard.views() != 1 || sqlite3_stmt_isexplain(raw) != 0)
      return bad("only CREATE VIEW is allowed");
    if (sqlite3_step(raw) != SQLITE_DONE) return bad(sqlite3_errmsg(db_));
    rest = SkipBlank(rest.substr(static_cast<size_t>(tail - rest.data())));
  }
  return {};
}

Result<std::vector<std::string>> Database::Views() {
  sqlite3_stmt* raw = nullptr;
  const char* sql = "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name";
  if (sqlite3_prepare_v2(db_, sql, -1, &raw, nullptr) != SQLITE_OK)
    return Fail(Code::kIo, fmt::format("sqlite: {}", sqlite3_errmsg(db_)));
  const Statement statement(raw);
  std::vector<std::string> out;
  while (sqlite3_step(raw) == SQLITE_ROW)
    out.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(raw, 0)));
  return out;
}

Result<Statement> Database::Prepare(const std::string& sql, const std::set<std::string>& reads,
                                    std::set<std::string>* seen) {
  const auto bad = [&](std::string_view why, bool placed = false) {
    const std::string where = placed ? WhereIn(db_, sql, why) : "";
    return Fail(Code::kInvalidInput,
                fmt::format("sql{}{}: {}", where.empty() ? "" : ":", where, why));
  };
  if (sql.find('\0') != std::string::npos) return bad("holds a zero byte");
  Guard guard(db_, Guard::Mode::kCheck, names_, reads);
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  const int rc = sqlite3_prepare_v2(db_, sql.c_str(), static_cast<int>(sql.size()), &raw, &tail);
  Statement statement(raw);
  if (!guard.refused().empty()) return bad(guard.refused(), true);
  if (rc != SQLITE_OK) return bad(sqlite3_errmsg(db_), true);
  if (raw == nullptr) return bad("no statement");
  if (sqlite3_stmt_isexplain(raw) != 0) return bad("EXPLAIN is not allowed");
  if (sqlite3_column_count(raw) == 0) return bad("not a SELECT");
  if (sqlite3_stmt_readonly(raw) == 0) return bad("statement is not read-only");
  if (!SkipBlank(tail).empty()) return bad("a second statement follows the first");
  ASSAY_TRY(CheckParameters(raw));
  if (seen != nullptr) *seen = guard.seen();
  return statement;
}

Status Database::Run(sqlite3_stmt* statement, const Budget& budget,
                     const std::function<Status()>& row) {
  Meter meter{budget.steps / kStepsPerLook,
              std::chrono::steady_clock::now() + std::chrono::milliseconds(budget.deadline_ms)};
  sqlite3_progress_handler(db_, kStepsPerLook, Meter::Look, &meter);
  Status status;
  int rc = SQLITE_ROW;
  while (status && (rc = sqlite3_step(statement)) == SQLITE_ROW) status = row();
  sqlite3_progress_handler(db_, 0, nullptr, nullptr);
  if (!status || rc == SQLITE_DONE) return status;
  if (meter.steps_out)
    return Fail(Code::kLimitExceeded,
                fmt::format("sql: step budget of {} is used up", budget.steps));
  if (meter.time_out)
    return Fail(Code::kLimitExceeded,
                fmt::format("sql: took longer than {} ms", budget.deadline_ms));
  if (rc == SQLITE_NOMEM) return Fail(Code::kLimitExceeded, "sql: memory limit is used up");
  return Fail(Code::kInvalidInput, fmt::format("sql: {}", sqlite3_errmsg(db_)));
}

void Database::LimitHeap(int64_t bytes) { sqlite3_hard_heap_limit64(bytes); }

}  // namespace assay::worker
