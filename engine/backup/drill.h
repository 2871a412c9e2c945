// A drill: the newest backup is restored into a scratch folder, verified, measured and removed.
#pragma once

#include "backup/restore.h"

namespace assay::backup {

/// What restoring may take, and what may be missing after it (RTO, RPO).
constexpr std::chrono::hours kMaxRestoreTime{4};
constexpr std::chrono::minutes kMaxDataGap{15};

struct Drilled {
  std::filesystem::path backup;
  Manifest manifest;
  ledger::VerifyReport report;
  std::chrono::milliseconds took{0};  ///< from the first read to the verified ledger (RTO)
  uint64_t lost = 0;                  ///< entries of the live ledger that it does not have
  std::chrono::seconds gap{0};        ///< from its newest entry to the newest live one (RPO)
  bool WithinTargets() const { return took <= kMaxRestoreTime && gap <= kMaxDataGap; }
};

/// The scratch folder lies beside the ledger and is removed whatever happens. kNotFound (no whole
/// backup), else as Restore.
Result<Drilled> Drill(const Source& source, const std::filesystem::path& target);

}  // namespace assay::backup
