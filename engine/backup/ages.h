// How old the protection of a ledger is: last full copy, what no copy has yet, last drill.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "backup/create.h"
#include "backup/drill.h"

namespace assay::backup {

/// How old each may be: [backup] of the configuration.
struct Limits {
  std::chrono::seconds full_every{0}, drill_every{0};
};

struct Ages {
  std::optional<std::chrono::seconds> full;   ///< of the newest whole copy; none: there is none
  uint64_t unsaved_entries = 0;               ///< that no copy has
  std::chrono::seconds unsaved{0};            ///< age of the oldest of them: what would be lost
  std::optional<std::chrono::seconds> drill;  ///< of the last good drill; none: never
  std::optional<std::chrono::milliseconds> drill_took;
  std::optional<std::chrono::seconds> drill_gap;
  bool full_late = false, unsaved_late = false, drill_late = false;
  bool AnyLate() const { return full_late || unsaved_late || drill_late; }
};

/// Looks at the target, the live ledger and the log of the instance. kIo, kCorrupt.
Result<Ages> MeasureAges(const Source& source, const std::filesystem::path& target,
                         const ledger::OpenOptions& instance_log, const Limits& limits);

}  // namespace assay::backup
