#include "verify/database.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

namespace assay::verify {
namespace {

// A writer that opens, closes or empties its log keeps others out for moments.
constexpr int kPatienceMs = 10'000;

// mode=ro keeps the file as it is; where not even the shared-memory file can be made, an empty log
// means that the file alone is the whole truth.
std::string UriOf(const std::filesystem::path& path, bool still) {
  std::string uri = "file:";
  for (const char c : path.string())
    uri += c == '?' || c == '#' || c == '%' ? "%" + EncodeHex(AsBytes(std::string_view(&c, 1)))
                                            : std::string(1, c);
  std::error_code absent;
  const auto log = std::filesystem::file_size(path.string() + "-wal", absent);
  const bool fixed = (absent || log == 0) && ::access(path.parent_path().c_str(), W_OK) != 0;
  return uri + (still || fixed ? "?immutable=1" : "?mode=ro");
}

}  // namespace

uint64_t Row::Number(int column) const {
  return static_cast<uint64_t>(sqlite3_column_int64(statement_, column));
}

ByteSpan Row::Bytes(int column) const {
  const auto* data = static_cast<const uint8_t*>(sqlite3_column_blob(statement_, column));
  return {data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

void Query::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Query& Query::Bind(int parameter, uint64_t number) {
  sqlite3_bind_int64(statement_.get(), parameter, static_cast<int64_t>(number));
  return *this;
}

Query& Query::Bind(int parameter, ByteSpan blob) {
  sqlite3_bind_blob64(statement_.get(), parameter, blob.data(), blob.size(), SQLITE_STATIC);
  return *this;
}

Result<bool> Query::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return Fail(Code::kCorrupt, name_ + ": " + sqlite3_errmsg(sqlite3_db_handle(statement_.get())));
}

void Query::Restart() { sqlite3_reset(statement_.get()); }

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

Result<Database> Database::Open(const std::filesystem::path& path, bool still) {
  Database out;
  out.name_ = path.filename().string();
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored))
    return Fail(Code::kCorrupt, out.name_ + ": missing");
  sqlite3* connection = nullptr;
  const int code =
      sqlite3_open_v2(UriOf(path, still).c_str(), &connection,
                      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  out.connection_.reset(connection);
  if (code != SQLITE_OK) return Fail(Code::kCorrupt, out.name_ + ": " + sqlite3_errstr(code));
  sqlite3_busy_timeout(connection, kPatienceMs);
  int ignored_setting = 0;
  sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &ignored_setting);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &ignored_setting);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, &ignored_setting);
  ASSAY_TRY(out.Visit("PRAGMA cell_size_check=ON", [](const Row&) { return true; }));
  return out;
}

// A read transaction of SQLite begins with its first read.
Status Database::Hold() const {
  ASSAY_TRY(Visit("BEGIN", [](const Row&) { return false; }));
  return Visit("SELECT count(*) FROM sqlite_schema", [](const Row&) { return false; });
}

bool Database::WaitsForRollback() const {
  return sqlite3_extended_errcode(connection_.get()) == SQLITE_READONLY_ROLLBACK;
}

Result<bool> Database::IsMade() const {
  bool made = false;
  ASSAY_TRY(Visit("SELECT count(*) FROM sqlite_schema", [&](const Row& row) {
    made = row.Number(0) > 0;
    return false;
  }));
  return made;
}

Result<Query> Database::Prepare(const char* sql) const {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(connection_.get(), sql, -1, &raw, nullptr);
  Query out;
  out.statement_.reset(raw);
  out.name_ = name_;
  if (code == SQLITE_OK) return out;
  return Fail(Code::kCorrupt, name_ + ": " + sqlite3_errmsg(connection_.get()));
}

Status Database::Visit(const char* sql, const std::function<bool(const Row&)>& visit) const {
  ASSAY_ASSIGN(Query query, Prepare(sql));
  for (;;) {
    ASSAY_ASSIGN(const bool there, query.Step());
    if (!there || !visit(query.row())) return {};
  }
}

Status Database::Check(uint64_t application_id, const std::vector<std::string>& tables) const {
  std::string fault;
  const auto expect = [&](const std::string& pragma, const std::function<bool(const Row&)>& good) {
    return Visit(("PRAGMA " + pragma).c_str(), [&](const Row& row) {
      if (fault.empty() && !good(row)) fault = pragma + ": " + std::string(AsText(row.Bytes(0)));
      return true;
    });
  };
  const auto is_ok = [](const Row& row) { return AsText(row.Bytes(0)) == "ok"; };
  if (tables.empty()) ASSAY_TRY(expect("integrity_check(1)", is_ok));
  for (const std::string& table : tables)
    ASSAY_TRY(expect(fmt::format("integrity_check('{}')", table), is_ok));
  ASSAY_TRY(expect("application_id", [&](auto& row) { return row.Number(0) == application_id; }));
  ASSAY_TRY(expect("user_version", [](auto& row) { return row.Number(0) == 1; }));
  return fault.empty() ? Status{} : Fail(Code::kCorrupt, name_ + ": " + fault);
}

}  // namespace assay::verify
