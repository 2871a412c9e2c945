#include "worker/evaluator_vfs.h"

#include <fmt/format.h>

#include <cstring>

namespace assay::worker {
namespace {

/// Julian day number of 1970-01-01T00:00Z in milliseconds, which is how SQLite counts.
constexpr int64_t kUnixEpochJulianMs = 210'866'760'000'000;

int RefuseOpen(sqlite3_vfs*, const char*, sqlite3_file* file, int, int*) {
  file->pMethods = nullptr;
  return SQLITE_CANTOPEN;
}
int RefuseDelete(sqlite3_vfs*, const char*, int) { return SQLITE_IOERR_DELETE; }
int Access(sqlite3_vfs*, const char*, int, int* result) {
  *result = 0;
  return SQLITE_OK;
}
int FullPath(sqlite3_vfs*, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}
void* DlOpen(sqlite3_vfs*, const char*) { return nullptr; }
void DlError(sqlite3_vfs*, int size, char* out) { sqlite3_snprintf(size, out, "refused"); }
void (*DlSym(sqlite3_vfs*, void*, const char*))(void) { return nullptr; }
void DlClose(sqlite3_vfs*, void*) {}
int Randomness(sqlite3_vfs*, int size, char* out) {
  std::memset(out, 0, static_cast<size_t>(size));  // nothing here may depend on chance
  return size;
}
int Sleep(sqlite3_vfs*, int) { return 0; }
int LastError(sqlite3_vfs*, int, char*) { return 0; }

int64_t JulianMs(const sqlite3_vfs* vfs) {
  return *static_cast<const int64_t*>(vfs->pAppData) + kUnixEpochJulianMs;
}
int CurrentTime(sqlite3_vfs* vfs, double* out) {
  *out = static_cast<double>(JulianMs(vfs)) / 86'400'000.0;
  return SQLITE_OK;
}
int CurrentTimeInt64(sqlite3_vfs* vfs, sqlite3_int64* out) {
  *out = JulianMs(vfs);
  return SQLITE_OK;
}

}  // namespace

FixedTimeVfs::FixedTimeVfs(int64_t now_ms)
    : name_(fmt::format("assay-{:x}", reinterpret_cast<uintptr_t>(this))), now_ms_(now_ms) {
  vfs_.iVersion = 2;
  vfs_.szOsFile = sizeof(sqlite3_file);
  vfs_.mxPathname = 64;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = &now_ms_;
  vfs_.xOpen = RefuseOpen;
  vfs_.xDelete = RefuseDelete;
  vfs_.xAccess = Access;
  vfs_.xFullPathname = FullPath;
  vfs_.xDlOpen = DlOpen;
  vfs_.xDlError = DlError;
  vfs_.xDlSym = DlSym;
  vfs_.xDlClose = DlClose;
  vfs_.xRandomness = Randomness;
  vfs_.xSleep = Sleep;
  vfs_.xCurrentTime = CurrentTime;
  vfs_.xGetLastError = LastError;
  vfs_.xCurrentTimeInt64 = CurrentTimeInt64;
}

FixedTimeVfs::~FixedTimeVfs() { sqlite3_vfs_unregister(&vfs_); }

Status FixedTimeVfs::Register() {
  if (sqlite3_vfs_register(&vfs_, 1) != SQLITE_OK)
    return Fail(Code::kIo, "sqlite: time source could not be registered");
  return {};
}

}  // namespace assay::worker
