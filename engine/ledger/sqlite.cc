#include "ledger/sqlite.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/files.h"
#include "ledger/ledger.h"

namespace assay::ledger {
namespace {

Error SqliteError(const std::string& name, sqlite3* connection, int code) {
  const std::string message =
      name + ": " + (connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code));
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // "no such table": the schema is not what was made
      return Error{Code::kCorrupt, message, {}, {}, {}, {}};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error{Code::kUnavailable, message, {}, {}, {}, {}};
    case SQLITE_CONSTRAINT:
    case SQLITE_READONLY:
      return Error{Code::kDenied, message, {}, {}, {}, {}};
    default:
      return Error{Code::kIo, message, {}, {}, {}, {}};
  }
}

// SQLite makes files by umask; evidence is nobody else's. The log files take over this mode. A file
// that is there is not touched: closing it here would give up the locks that a connection of this
// process holds on it (fcntl locks are the process's, and go with the first close).
Status MakePrivateFile(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid() && errno != EEXIST) return Fail(ErrnoError(path.string()));
  return {};
}

// After each commit. An error from here is the commit's.
int MarkLog(void* mark, sqlite3*, const char*, int frames) {
  return static_cast<WalMark*>(mark)->Note(frames) ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

// SQLite cuts the log without a sync: what was in it would be back after a power loss.
Status SyncLog(const std::string& database) {
  const std::string name = database + "-wal";
  UniqueFd fd(::open(name.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd.valid()) return errno == ENOENT ? Status{} : Fail(ErrnoError(name));
  return ::fsync(fd.get()) == 0 ? Status{} : Fail(ErrnoError(name));
}

// A read-only medium cannot hold the shared-memory file; with an empty log the file alone is all.
std::string ReadUri(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto log_size = std::filesystem::file_size(path.string() + "-wal", ignored);
  const bool log_is_empty = ignored || log_size == 0;
  const bool fixed = log_is_empty && ::access(path.parent_path().c_str(), W_OK) != 0;
  std::string uri = "file:";
  for (const char c : path.string()) {
    if (c == '?' || c == '#' || c == '%')
      uri += "%" + EncodeHex(AsBytes(std::string_view(&c, 1)));
    else
      uri += c;
  }
  return uri + (fixed ? "?immutable=1" : "");
}

}  // namespace

Statement& Statement::Bind(int at, uint64_t value) {
  sqlite3_bind_int64(statement_.get(), at, static_cast<sqlite3_int64>(value));
  return *this;
}

Statement& Statement::Bind(int at, ByteSpan bytes) {
  // A null pointer would bind NULL in place of an empty blob.
  const void* data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
  sqlite3_bind_blob64(statement_.get(), at, data, bytes.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::BindNull(int at) {
  sqlite3_bind_null(statement_.get(), at);
  return *this;
}

Statement& Statement::BindText(int at, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return Fail(SqliteError(name_, sqlite3_db_handle(statement_.get()), code));
}

Status Statement::Run() {
  auto stepped = Step();
  Reset();
  if (!stepped) return Fail(std::move(stepped.error()));
  return {};
}

void Statement::Reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

uint64_t Statement::Integer(int column) const {
  return static_cast<uint64_t>(sqlite3_column_int64(statement_.get(), column));
}

ByteSpan Statement::Blob(int column) const {
  const auto* data = static_cast<const uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  return {data, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Result<Database> Database::Open(const std::filesystem::path& path, Mode mode) {
  const int flags = mode == Mode::kWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  Database database;
  database.name_ = path.filename().string();
  if (mode == Mode::kWrite) {
    ASSAY_TRY(MakePrivateFile(path));
    ASSAY_TRY(WalMark::Check(path));
    ASSAY_ASSIGN(database.mark_, WalMark::Open(path));
  }
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(
      ReadUri(path).c_str(), &connection,
      flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  database.connection_ = {connection, Close{database.mark_.get()}};
  if (code != SQLITE_OK) return Fail(SqliteError(database.name_, connection, code));
  ASSAY_TRY(database.Configure(mode));
  return database;
}

Status Database::Configure(Mode mode) {
  sqlite3* db = connection_.get();
  sqlite3_busy_timeout(db, 2000);
  int ignored = 0;
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, &ignored);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &ignored);
  ASSAY_TRY(Execute("PRAGMA cell_size_check=ON; PRAGMA mmap_size=0"));
  if (mode == Mode::kRead) {
    // Debian 12's 3.40.1 has the WAL-reset bug: only the writer may copy the log back.
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &ignored);
    return Execute("PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0");
  }
  sqlite3_wal_hook(db, MarkLog, mark_.get());  // replaces the automatic checkpoint
  return Execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
      "PRAGMA recursive_triggers=ON");
}

Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return Fail(SqliteError(name_, connection_.get(), code));
  return {};
}

Result<Statement> Database::Prepare(const std::string& sql) const {
  Statement out;
  out.name_ = name_;
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  out.statement_.reset(statement);
  if (code != SQLITE_OK) return Fail(SqliteError(name_, connection_.get(), code));
  return out;
}

// The last connection to close removes the log: not without its mark, which would then be a false
// alarm. A log that stays is no harm.
void Database::Close::operator()(sqlite3* connection) const {
  int ignored = 0;
  if (mark != nullptr && !mark->Clear())
    sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &ignored);
  sqlite3_close_v2(connection);
}

Status Database::CopyBack(bool empty) {
  if (empty) ASSAY_TRY(mark_->Clear());
  const int mode = empty ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int code = sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, mode, nullptr, nullptr);
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return {};
  return Fail(SqliteError(name_, connection_.get(), code));
}

Status Database::EmptyLog() {
  constexpr int kTries = 3;  // each waits as long as the busy timeout
  ASSAY_TRY(mark_->Clear());
  for (int i = 0; i < kTries; ++i) {
    const int code = sqlite3_wal_checkpoint_v2(connection_.get(), nullptr,
                                               SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code == SQLITE_OK) return SyncLog(sqlite3_db_filename(connection_.get(), "main"));
    if ((code & 0xff) != SQLITE_BUSY) return Fail(SqliteError(name_, connection_.get(), code));
  }
  return Fail(
      Error{Code::kUnavailable,
            name_ + "-wal: a reader keeps the write-ahead log in use",
            {},
            "end other commands that read this ledger; the next command that writes goes on",
            {},
            {}});
}

Status Database::CheckLog() const {
  return WalMark::CheckLive(sqlite3_db_filename(connection_.get(), "main"));
}

Status Database::CopyTo(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid() && errno == EEXIST)
    return Fail(Code::kAlreadyExists, path.string() + ": is already there");
  if (!fd.valid()) return Fail(ErrnoError(path.string()));
  Database copy;
  copy.name_ = path.filename().string();
  sqlite3* raw = nullptr;
  int code =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  copy.connection_ = {raw, Close{nullptr}};
  if (code != SQLITE_OK) return Fail(SqliteError(copy.name_, raw, code));
  // Nothing of it counts before the sync at the end.
  ASSAY_TRY(copy.Execute("PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE"));
  sqlite3_backup* backup = sqlite3_backup_init(raw, "main", connection_.get(), "main");
  if (backup == nullptr) return Fail(SqliteError(copy.name_, raw, sqlite3_errcode(raw)));
  code = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) return Fail(SqliteError(name_, raw, code));
  if (finished != SQLITE_OK) return Fail(SqliteError(copy.name_, raw, finished));
  ASSAY_TRY(copy.Execute("PRAGMA journal_mode=DELETE"));
  copy.connection_.reset();
  // SQLite keeps silent when it could not remove one of them.
  for (const char* suffix : {"-journal", "-wal", "-shm"})
    if (::access((path.string() + suffix).c_str(), F_OK) == 0 || errno != ENOENT)
      return Fail(Code::kIo, path.string() + suffix + ": could not be removed");
  if (::fsync(fd.get()) != 0) return Fail(ErrnoError(path.string()));
  return {};
}

Result<Transaction> Transaction::Begin(Database& database) {
  ASSAY_TRY(database.Execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  // The result does not matter: an open transaction that cannot be rolled back is never committed.
  if (database_ != nullptr) (void)database_->Execute("ROLLBACK");
}

Status Transaction::Commit() {
  ASSAY_TRY(database_->Execute("COMMIT"));
  database_ = nullptr;
  return {};
}

std::string StorageVersion() { return std::string("SQLite ") + sqlite3_libversion(); }

}  // namespace assay::ledger
