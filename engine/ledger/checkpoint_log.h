// checkpoints.log: append-only signed notes beside the database, the high-water mark that shows
// when SQLite lost or was given an older state.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"

namespace assay::ledger {

class CheckpointLog {
 public:
  explicit CheckpointLog(std::filesystem::path path) : path_(std::move(path)) {}

  /// Complete notes in order, and the bytes after the last one.
  struct Content {
    std::vector<std::string> notes;
    std::string rest;
  };
  /// Empty when the file is absent. kLimitExceeded above 1 GiB.
  Result<Content> Read() const;
  /// The end of the file, from a note boundary on: at least the last complete note when there is
  /// one.
  Result<Content> ReadEnd() const;
  /// How many bytes of `note` the file ends with, after `before` (empty: the note is the first
  /// one); nothing when it ends otherwise. Bytes that a power loss left zero count as there.
  Result<std::optional<size_t>> PartOf(std::string_view before, std::string_view note) const;
  /// Writes the note at the end of the file, over the `present` bytes of it that are there already,
  /// and syncs: what is only in memory, or torn, is on the disk after it.
  Status Append(std::string_view note, size_t present = 0);
  /// Puts a log of exactly these notes in place of this one, by rename: after a crash the old or
  /// the new one is there.
  Status Replace(const std::vector<std::string>& notes);

 private:
  std::filesystem::path path_;
};

/// A note as it lies in the log: with one empty line after it.
std::string LogForm(std::string_view note);

}  // namespace assay::ledger
