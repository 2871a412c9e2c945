// maintenance.lock: a copy of the ledger and work that takes bytes away (erasure, retention) wait
// for each other. Appending is not concerned: only the lease guards that.
#pragma once

#include <chrono>
#include <filesystem>

#include "base/files.h"
#include "base/time.h"

namespace assay::ledger {

/// Held as long as the object lives; the kernel gives it up when the process dies.
class MaintenanceLock {
 public:
  enum class Use {
    kCopy,    ///< shared: several copies at once
    kRemove,  ///< alone: erasure, retention
  };
  /// Waits at most `patience` for others. kUnavailable (AS-LED-001) when they are not done by then,
  /// kIo. The directory is that of the ledger. [any thread]
  static Result<MaintenanceLock> Take(const std::filesystem::path& directory, Use use,
                                      std::chrono::milliseconds patience = std::chrono::seconds(30),
                                      const Clock& clock = SystemClock());

 private:
  explicit MaintenanceLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace assay::ledger
