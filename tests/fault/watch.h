// Counts every operation on every file below one folder, and makes the one that a plan names go
// wrong. SQLite's come through a VFS of our own (watched_vfs.cc), those of the engine's own code
// through the linker's --wrap (watched_calls.cc): production code knows nothing of it.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "fault/disk_model.h"

namespace assay::fault {

enum class FaultKind {
  kNone,
  kSigkill,       ///< the process gets SIGKILL before the operation
  kDiskFull,      ///< from there on no write is taken whole
  kIoOnce,        ///< EIO once, without effect
  kIoStays,       ///< EIO from there on
  kSyncOnce,      ///< a sync fails once, what waited for it is lost
  kSyncThenGone,  ///< so too, and nothing works any more after it
  kSyncUnsure,    ///< a write or sync is done and says that it failed
};
const char* NameOf(FaultKind kind);
/// Whether that kind of operation can go wrong so.
bool Applies(FaultKind kind, OpKind operation);

struct Plan {
  FaultKind kind = FaultKind::kNone;
  uint64_t at = 0;  ///< number of the operation
};

/// What the watch wants of an operation.
enum class Act { kPass, kFail, kFailHalf, kFailAfter };

/// One for the process: SQLite's and the C library's calls carry no context. [any thread]
class Watch {
 public:
  static Watch& Get();

  void Start(std::string root, Plan plan = {});
  /// Counts only: what took effect is not kept.
  void StartCounting(std::string root);
  /// Nothing goes wrong any more; counting goes on.
  void Heal();
  /// Ends watching and gives what took effect.
  std::vector<Op> Stop();

  uint64_t count();
  /// Kinds of all operations so far, by number.
  std::vector<OpKind> kinds();
  /// How many of them had the kind and a path that ends with `suffix`, and their bytes.
  struct Total {
    uint64_t operations = 0, bytes = 0;
  };
  Total TotalOf(OpKind kind, const std::string& suffix);

  bool Covers(const std::string& path);
  /// Counts one operation and says what is to become of it. May not return (SIGKILL).
  Act Next(OpKind kind, const std::string& path, uint64_t bytes = 0);
  /// Writes down that the operation took effect.
  void Done(Op op);
  /// ENOSPC or EIO, as the plan has it.
  int error();

  void SetPath(int fd, std::string path);
  std::string PathOf(int fd);

 private:
  Act Decide(OpKind kind, uint64_t number) const;

  std::mutex mutex_;
  bool on_ = false;
  bool keeps_ = true;
  std::string root_;
  Plan plan_;
  std::vector<OpKind> kinds_;
  std::vector<Op> effects_;
  std::map<std::pair<OpKind, std::string>, Total> totals_;
  std::map<int, std::string> fds_;
};

/// Makes the watched VFS SQLite's default, or takes it away. Once for a process is enough: what is
/// not below the watched folder passes straight through.
void RegisterWatchedVfs();

}  // namespace assay::fault
