// A SQLite VFS over "unix" that counts every operation and makes planned ones go wrong (watch.h).
#include <sqlite3.h>
#include <sys/stat.h>

#include <cstring>
#include <new>

#include "fault/watch.h"

namespace assay::fault {
namespace {

// Before the file object of the VFS below, in the memory that SQLite gives for both.
struct WatchedFile {
  sqlite3_file base;
  sqlite3_file* below;
  std::string* path;  // null: outside of the watched folder
  bool syncs_folder;  // a new log: its first sync makes its name durable, as "unix" does it
};

sqlite3_vfs* Below() {
  static sqlite3_vfs* const vfs = sqlite3_vfs_find("unix");
  return vfs;
}

WatchedFile* Of(sqlite3_file* file) { return reinterpret_cast<WatchedFile*>(file); }
sqlite3_file* BelowOf(sqlite3_file* file) { return Of(file)->below; }

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

Act Next(sqlite3_file* file, OpKind kind, uint64_t bytes = 0) {
  return Of(file)->path != nullptr ? Watch::Get().Next(kind, *Of(file)->path, bytes) : Act::kPass;
}

void Done(sqlite3_file* file, OpKind kind, uint64_t offset = 0, std::string data = {}) {
  if (Of(file)->path != nullptr)
    Watch::Get().Done({kind, *Of(file)->path, offset, std::move(data), false, 0});
}

int Close(sqlite3_file* file) {
  delete Of(file)->path;
  Of(file)->path = nullptr;
  return BelowOf(file)->pMethods->xClose(BelowOf(file));
}

int Read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  if (Next(file, OpKind::kRead, static_cast<uint64_t>(size)) == Act::kFail)
    return SQLITE_IOERR_READ;
  return BelowOf(file)->pMethods->xRead(BelowOf(file), data, size, offset);
}

int Write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  const Act act = Next(file, OpKind::kWrite, static_cast<uint64_t>(size));
  if (act == Act::kFail) return SQLITE_IOERR_WRITE;
  const int taken = act == Act::kFailHalf ? size / 2 : size;
  const int code = BelowOf(file)->pMethods->xWrite(BelowOf(file), data, taken, offset);
  if (code != SQLITE_OK) return code;
  Done(file, OpKind::kWrite, static_cast<uint64_t>(offset),
       std::string(static_cast<const char*>(data), static_cast<size_t>(taken)));
  if (act == Act::kFailHalf) return SQLITE_FULL;
  return act == Act::kFailAfter ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (Next(file, OpKind::kTruncate) == Act::kFail) return SQLITE_IOERR_TRUNCATE;
  const int code = BelowOf(file)->pMethods->xTruncate(BelowOf(file), size);
  if (code == SQLITE_OK) Done(file, OpKind::kTruncate, static_cast<uint64_t>(size));
  return code;
}

int Sync(sqlite3_file* file, int flags) {
  const Act act = Next(file, OpKind::kSync);
  if (act == Act::kFail) return SQLITE_IOERR_FSYNC;
  const int code = BelowOf(file)->pMethods->xSync(BelowOf(file), flags);
  Done(file, OpKind::kSync);
  if (Of(file)->syncs_folder && Of(file)->path != nullptr)
    Watch::Get().Done({OpKind::kSyncDirectory, FolderOf(*Of(file)->path), 0, {}, false, 0});
  Of(file)->syncs_folder = false;
  return act == Act::kFailAfter ? SQLITE_IOERR_FSYNC : code;
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  if (Next(file, OpKind::kStat) == Act::kFail) return SQLITE_IOERR_FSTAT;
  return BelowOf(file)->pMethods->xFileSize(BelowOf(file), size);
}

int Lock(sqlite3_file* file, int level) {
  if (Next(file, OpKind::kLock) == Act::kFail) return SQLITE_IOERR_LOCK;
  return BelowOf(file)->pMethods->xLock(BelowOf(file), level);
}

// Giving a lock up does not fail: what is locked must not outlive the simulated process.
int Unlock(sqlite3_file* file, int level) {
  return BelowOf(file)->pMethods->xUnlock(BelowOf(file), level);
}

int CheckReservedLock(sqlite3_file* file, int* held) {
  return BelowOf(file)->pMethods->xCheckReservedLock(BelowOf(file), held);
}

int FileControl(sqlite3_file* file, int what, void* argument) {
  return BelowOf(file)->pMethods->xFileControl(BelowOf(file), what, argument);
}

int SectorSize(sqlite3_file* file) { return BelowOf(file)->pMethods->xSectorSize(BelowOf(file)); }

int Characteristics(sqlite3_file* file) {
  return BelowOf(file)->pMethods->xDeviceCharacteristics(BelowOf(file));
}

int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  if (Next(file, OpKind::kShm) == Act::kFail) return SQLITE_IOERR_SHMMAP;
  return BelowOf(file)->pMethods->xShmMap(BelowOf(file), page, size, extend, out);
}

int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  if ((flags & SQLITE_SHM_LOCK) != 0 && Next(file, OpKind::kShm) == Act::kFail)
    return SQLITE_IOERR_SHMLOCK;
  return BelowOf(file)->pMethods->xShmLock(BelowOf(file), offset, count, flags);
}

void ShmBarrier(sqlite3_file* file) { BelowOf(file)->pMethods->xShmBarrier(BelowOf(file)); }

int ShmUnmap(sqlite3_file* file, int erase) {
  return BelowOf(file)->pMethods->xShmUnmap(BelowOf(file), erase);
}

const sqlite3_io_methods kMethods = {2,
                                     Close,
                                     Read,
                                     Write,
                                     Truncate,
                                     Sync,
                                     FileSize,
                                     Lock,
                                     Unlock,
                                     CheckReservedLock,
                                     FileControl,
                                     SectorSize,
                                     Characteristics,
                                     ShmMap,
                                     ShmLock,
                                     ShmBarrier,
                                     ShmUnmap,
                                     nullptr,
                                     nullptr};

int Open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  WatchedFile* watched = Of(file);
  std::memset(watched, 0, sizeof *watched);
  watched->below = reinterpret_cast<sqlite3_file*>(watched + 1);
  const bool covered = name != nullptr && Watch::Get().Covers(name);
  struct stat info {};
  const bool is_new = covered && ::stat(name, &info) != 0;
  if (covered && Watch::Get().Next(OpKind::kOpen, name) == Act::kFail) return SQLITE_CANTOPEN;
  const int code = Below()->xOpen(Below(), name, watched->below, flags, out_flags);
  if (watched->below->pMethods == nullptr) return code;
  file->pMethods = &kMethods;
  if (!covered) return code;
  watched->path = new std::string(name);
  const bool is_log = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  watched->syncs_folder = is_log && (flags & SQLITE_OPEN_CREATE) != 0;
  if (is_new && code == SQLITE_OK) Done(file, OpKind::kOpen);
  return code;
}

int Delete(sqlite3_vfs*, const char* name, int sync_folder) {
  const bool covered = Watch::Get().Covers(name);
  if (covered && Watch::Get().Next(OpKind::kDelete, name) == Act::kFail) return SQLITE_IOERR_DELETE;
  const int code = Below()->xDelete(Below(), name, sync_folder);
  if (!covered || code != SQLITE_OK) return code;
  Watch::Get().Done({OpKind::kDelete, name, 0, {}, false, 0});
  if (sync_folder != 0)
    Watch::Get().Done({OpKind::kSyncDirectory, FolderOf(name), 0, {}, false, 0});
  return code;
}

int Access(sqlite3_vfs*, const char* name, int flags, int* out) {
  if (Watch::Get().Covers(name) && Watch::Get().Next(OpKind::kStat, name) == Act::kFail)
    return SQLITE_IOERR_ACCESS;
  return Below()->xAccess(Below(), name, flags, out);
}

}  // namespace

void RegisterWatchedVfs() {
  static sqlite3_vfs vfs;
  if (vfs.zName != nullptr) return;
  vfs = *Below();  // what is not a file operation stays as it is: names, time, randomness
  vfs.zName = "watched";
  vfs.pNext = nullptr;
  vfs.szOsFile = static_cast<int>(sizeof(WatchedFile)) + Below()->szOsFile;
  vfs.xOpen = Open;
  vfs.xDelete = Delete;
  vfs.xAccess = Access;
  sqlite3_vfs_register(&vfs, 1);
}

}  // namespace assay::fault
