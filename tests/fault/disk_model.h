// What a disk holds when the power goes: what was synced, and any part of what was only written.
// Built from the operations of a watched process (watch.h); touches no file itself.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
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
  kExchange,
  kLink,
  kLock,
  kShm,
  kStat,
};

/// One operation that took effect.
struct Op {
  OpKind kind = OpKind::kStat;
  std::string path;     ///< a folder that is made ends with a slash
  uint64_t offset = 0;  ///< write: where; truncate: the new size
  std::string data;     ///< write: the bytes; rename, exchange, link: the other path
  bool lost = false;    ///< a sync that failed: what waited for it never reaches the disk
  uint64_t number = 0;  ///< count of all operations before this one
};

/// What happens to writes that were not synced.
enum class Loss { kNone, kAll, kTornSectors, kReordered };

/// Path to content; the path of a folder ends with a slash.
using Image = std::map<std::string, std::string>;

/// Equal for equal images, as good as never for others.
uint64_t HashOf(const Image& image);

/// Model: fsync makes a file's bytes durable, fsync of a folder its names; a failed sync leaves the
/// pages clean, so that only those written again reach the disk (as Linux does, 4 KiB a page). A
/// folder keeps what is in it when its own name changes.
class DiskModel {
 public:
  /// `root` is there for good; so is what `before` holds below it.
  explicit DiskModel(std::string root, const Image& before = {});
  void Apply(const Op& op);
  /// What is found after the loss; `seed` decides which sectors or writes survive.
  Image After(Loss loss, uint32_t seed) const;

 private:
  struct Write {
    uint64_t offset = 0;
    std::string data;
    bool truncates = false;  ///< to `offset`
  };
  /// A file or a folder, whatever its name is.
  struct Node {
    bool is_folder = false;
    std::string durable, current;  ///< bytes of a file
    std::vector<Write> pending;
  };
  using NodeRef = std::shared_ptr<Node>;
  struct Place {
    NodeRef folder;
    std::string name;
  };
  /// Names that change in one step.
  struct NameChange {
    std::vector<std::pair<Place, NodeRef>> names;  ///< null: the name goes
  };
  struct Names {
    std::map<NodeRef, std::map<std::string, NodeRef>> of;
    void Apply(const NameChange& change);
    NodeRef Find(const Place& place) const;
  };

  void ApplyToNames(const Op& op);
  Place PlaceOf(const std::string& path);
  NodeRef Folder(const std::string& path);
  NodeRef File(const std::string& path);
  void Change(NameChange change);
  static void Sync(Node& file, bool lost);
  void SyncFolder(const NodeRef& folder);
  static std::string Survivor(const Node& file, Loss loss, uint32_t& state);

  std::string root_;
  NodeRef top_;
  Names current_, durable_;
  std::vector<NameChange> pending_;
};

}  // namespace assay::fault
