// A file system for SQLite that has no files, no randomness and one fixed time.
#pragma once

#include <sqlite3.h>

#include <string>

#include "base/result.h"

namespace assay::worker {

/// Registers itself as SQLite's default while it lives. [one thread, one at a time]
class FixedTimeVfs {
 public:
  explicit FixedTimeVfs(int64_t now_ms);
  ~FixedTimeVfs();
  FixedTimeVfs(const FixedTimeVfs&) = delete;
  FixedTimeVfs& operator=(const FixedTimeVfs&) = delete;
  Status Register();
  const char* name() const { return name_.c_str(); }

 private:
  std::string name_;
  int64_t now_ms_;
  sqlite3_vfs vfs_{};
};

}  // namespace assay::worker
