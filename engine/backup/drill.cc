#include "backup/drill.h"

#include "backup/staging.h"
#include "backup/target.h"
#include "ledger/line.h"

namespace assay::backup {
namespace {

/// Where a ledger stands: entries, and the time of the last.
struct Standing {
  uint64_t size = 0;
  Timestamp newest{};
};

Result<Standing> LiveStanding(const ledger::OpenOptions& options) {
  ASSAY_ASSIGN(const auto ledger, ledger::Ledger::OpenReadOnly(options));
  ASSAY_ASSIGN(const ledger::Head head, ledger->ReadHead());
  Standing out{ToNumber(head.size), {}};
  if (out.size == 0) return out;
  ASSAY_ASSIGN(const std::string line, ledger->ReadLine(LeafIndex{out.size - 1}));
  ASSAY_ASSIGN(const ledger::LineFacts facts, ledger::ParseLine(line));
  out.newest = facts.time;
  return out;
}

// A folder of its own, so that nobody takes a half restored ledger in it for one of the store.
struct ScratchFolder {
  explicit ScratchFolder(std::filesystem::path folder) : path(std::move(folder)) {
    std::error_code ignored;  // making the ledger in it tells
    std::filesystem::create_directory(path, ignored);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, ignored);
  }
  ~ScratchFolder() {
    std::error_code ignored;  // not empty: another drill is under way
    std::filesystem::remove(path, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::filesystem::path path;
};

}  // namespace

Result<Drilled> Drill(const Source& source, const std::filesystem::path& target) {
  // Asked first: what is appended while the drill runs is no fault of the backup.
  const auto live = LiveStanding(source.ledger);
  ASSAY_ASSIGN(const Listed newest, NewestBackup(target, source.name));
  RestoreRequest request(source);
  request.backup = newest.path;
  const ScratchFolder scratch(source.ledger.directory.parent_path() / ".drill");
  Staging::Sweep(scratch.path);
  request.to = scratch.path / source.name;
  request.scratch = true;
  ASSAY_ASSIGN(Restored restored, Restore(request));
  Drilled out{newest.path, restored.manifest, std::move(restored.report), restored.took, 0, {}};
  const uint64_t size = ToNumber(restored.head.size);
  const Timestamp until = live ? live->newest : source.ledger.clock->Now();
  if (live && live->size <= size) return out;
  if (live) out.lost = live->size - size;
  out.gap = std::chrono::duration_cast<std::chrono::seconds>(until - restored.newest);
  return out;
}

}  // namespace assay::backup
