#include "verify/database.h"

#include <sqlite3.h>
#include <unistd.h>

namespace assay::verify {
namespace {

// mode=ro keeps the file as it is; where not even the shared-memory file can be made, an empty log
// means that the file alone is the whole truth.
std::string UriOf(const std::filesystem::path& path) {
  std::string uri = "file:";
  for (const char c : path.string())
    uri += c == '?' || c == '#' || c == '%' ? "%" + EncodeHex(AsBytes(std::string_view(&c, 1)))
                                            : std::string(1, c);
  std::error_code absent;
  const auto log = std::filesystem::file_size(path.string() + "-wal", absent);
  const bool fixed = (absent || log == 0) && ::access(path.parent_path().c_str(), W_OK) != 0;
  return uri + (fixed ? "?immutable=1" : "?mode=ro");
}

}  // namespace

uint64_t Row::Number(int column) const {
  return static_cast<uint64_t>(sqlite3_column_int64(statement_, column));
}

ByteSpan Row::Bytes(int column) const {
  const auto* data = static_cast<const uint8_t*>(sqlite3_column_blob(statement_, column));
  return {data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

Result<Database> Database::Open(const std::filesystem::path& path) {
  Database out;
  out.name_ = path.filename().string();
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored))
    return Fail(Code::kCorrupt, out.name_ + ": missing");
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(UriOf(path).c_str(), &connection,
                                   SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
  out.connection_.reset(connection);
  if (code != SQLITE_OK) return Fail(Code::kCorrupt, out.name_ + ": " + sqlite3_errstr(code));
  int ignored_setting = 0;
  sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &ignored_setting);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &ignored_setting);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, &ignored_setting);
  ASSAY_TRY(out.Query("PRAGMA cell_size_check=ON", [](const Row&) { return true; }));
  return out;
}

Status Database::Query(const char* sql, const std::function<bool(const Row&)>& visit,
                       ByteSpan parameter) const {
  sqlite3_stmt* raw = nullptr;
  int code = sqlite3_prepare_v2(connection_.get(), sql, -1, &raw, nullptr);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, sqlite3_finalize);
  if (code == SQLITE_OK && !parameter.empty())
    code = sqlite3_bind_blob64(raw, 1, parameter.data(), parameter.size(), SQLITE_STATIC);
  if (code == SQLITE_OK)
    while ((code = sqlite3_step(raw)) == SQLITE_ROW)
      if (!visit(Row(raw))) return {};
  if (code == SQLITE_OK || code == SQLITE_DONE) return {};
  return Fail(Code::kCorrupt, name_ + ": " + sqlite3_errmsg(connection_.get()));
}

std::vector<std::string> Database::Faults(uint64_t application_id) const {
  std::vector<std::string> out;
  const auto note_failure = [&](const Status& status) {
    if (!status) out.push_back(status.error().message);
  };
  note_failure(Query("PRAGMA integrity_check(3)", [&](const Row& row) {
    if (AsText(row.Bytes(0)) != "ok") out.emplace_back(AsText(row.Bytes(0)));
    return true;
  }));
  const auto expect = [&](const char* pragma, uint64_t wanted) {
    note_failure(Query(pragma, [&](const Row& row) {
      if (row.Number(0) != wanted) out.push_back("not a file of this kind and format");
      return false;
    }));
  };
  expect("PRAGMA application_id", application_id);
  expect("PRAGMA user_version", 1);
  return out;
}

}  // namespace assay::verify
