// Reading a ledger that somebody writes to at the same time: what is needed to see all of its files
// at one moment.
#pragma once

#include <filesystem>
#include <string>

#include "base/files.h"

namespace assay::verify {

/// As long as it lives, no erasure and no retention begins or is under way: those take the lock
/// alone, and between their entry and their work the files do not agree. Held for moments only.
class Quiet {
 public:
  /// Waits for the work that is under way, at most a minute. A directory without the lock file, or
  /// in which it cannot be locked, has nobody who erases.
  explicit Quiet(const std::filesystem::path& directory);

 private:
  UniqueFd lock_;
};

/// checkpoints.log, read before and after the database was held: notes are added to the database
/// first, so that those of the moment between are a part of the second reading and hold the first.
struct NoteLog {
  Status read;
  std::string before, after;

  static NoteLog Begin(const std::filesystem::path& directory);
  void End(const std::filesystem::path& directory);
  /// What to compare with notes that fill `size` bytes of a log: more than that only when it was
  /// there before.
  std::string At(size_t size) const;
};

}  // namespace assay::verify
