// What a disk holds when the power goes: what was synced, and any part of what was only written.
// Built from the operations of a watched process (watch.h); touches no file itself.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace assay::fault {

enum class OpKind {
  kOpen,
  kRead,
  kWrite,
  kSync,
  kSyncDirectory,
  kTruncate,
  kDelete,
  kRename,
  kLock,
  kShm,
  kStat,
};

/// One operation that took effect.
struct Op {
  OpKind kind = OpKind::kStat;
  std::string path;     ///< a folder that is made ends with a slash
  uint64_t offset = 0;  ///< write: where; truncate: the new size
  std::string data;     ///< write: the bytes; rename: the new path
  bool lost = false;    ///< a sync that failed: what waited for it never reaches the disk
  uint64_t number = 0;  ///< count of all operations before this one
};

/// What happens to writes that were not synced.
enum class Loss { kNone, kAll, kTornSectors, kReordered };

/// Path to content.
using Image = std::map<std::string, std::string>;

/// Model: fsync makes a file's bytes durable, fsync of a folder its names; a failed sync leaves the
/// pages clean, so that only those written again reach the disk (as Linux does, 4 KiB a page).
class DiskModel {
 public:
  /// Folders from `root` upwards are there for good.
  explicit DiskModel(std::string root);
  void Apply(const Op& op);
  /// What is found after the loss; `seed` decides which sectors or writes survive.
  Image After(Loss loss, uint32_t seed) const;

 private:
  struct Write {
    uint64_t offset = 0;
    std::string data;
    bool truncates = false;  ///< to `offset`
  };
  struct File {
    std::string durable;
    std::string current;
    std::vector<Write> pending;
  };
  using FileRef = std::shared_ptr<File>;
  struct NameChange {
    OpKind kind = OpKind::kOpen;  ///< kOpen: made
    std::string path, new_path;
    FileRef file;  ///< none: a folder
  };
  struct Names {
    std::map<std::string, FileRef> files;
    std::set<std::string> folders;
    void Apply(const NameChange& change);
  };

  FileRef Find(const std::string& path);
  void Change(NameChange change);
  void MakeFolder(const std::string& path);
  static void Sync(File& file, bool lost);
  void SyncFolder(const std::string& path);
  static std::string Survivor(const File& file, Loss loss, uint32_t& state);

  std::string root_;
  Names current_, durable_;
  std::vector<NameChange> pending_;
};

}  // namespace assay::fault
