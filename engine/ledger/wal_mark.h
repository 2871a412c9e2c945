// What the write-ahead log of a database held after the last commit, kept beside it: SQLite itself
// takes a log that was cut or damaged for a shorter one and drops acknowledged commits silently.
// docs/formats/ledger-tables.md has the form of the file.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "base/files.h"

namespace assay::ledger {

/// "<database>-mark". Written after each commit and not synced: it guards against a damaged log,
/// not against people, and after a power loss an older mark is true as well. One thread.
class WalMark {
 public:
  /// Opens the mark of the database at `path`; it is made when absent. kIo.
  static Result<std::unique_ptr<WalMark>> Open(const std::filesystem::path& path);
  /// kCorrupt when the log is not whole up to the marked frame; fine without a mark, or when SQLite
  /// has begun the log anew since. To be asked before SQLite opens the database. kIo.
  static Status Check(const std::filesystem::path& path);

  /// Check for readers: a log that a writer changed meanwhile is looked at again.
  static Status CheckLive(const std::filesystem::path& path);

  /// Marks the log as it is with `frames` frames, after a commit.
  Status Note(int frames);
  /// Takes the mark away, synced: before the log is emptied or removed.
  Status Clear();
  /// Frames in the log after the last commit of this connection.
  int frames() const { return frames_; }

 private:
  explicit WalMark(std::filesystem::path database) : database_(std::move(database)) {}
  Status Write(std::string_view text);

  std::filesystem::path database_;
  UniqueFd mark_, log_;
  int frames_ = 0;
  uint64_t frame_bytes_ = 0;  ///< of a database's page and its header; never changes
  bool is_set_ = true;        ///< what an earlier process left may be
};

}  // namespace assay::ledger
