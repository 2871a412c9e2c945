// checkpoints.log: append-only signed notes beside the database, the high-water mark that shows
// when SQLite lost or was given an older state.
#pragma once

#include <filesystem>
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
  /// Appends what of the note is not there yet and syncs. `present` bytes of it are.
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
