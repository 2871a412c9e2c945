// Folders in memory for ledgers under fault, and the options that open them.
#pragma once

#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "fault/disk_model.h"
#include "ledger/ledger.h"

namespace assay::fault {

/// A clock set by hand whose Now can hold up whoever asks: so that a group is queued whole while
/// the writer waits. [any thread]
class GateClock : public Clock {
 public:
  Timestamp Now() const override;
  void SleepFor(std::chrono::milliseconds duration) const override;
  void Set(Timestamp now);
  /// The next Now waits until Open.
  void Shut();
  void Open();
  /// True once somebody waits.
  bool IsHolding() const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable Timestamp now_ = *ParseTime("2026-11-20T02:16:09.123Z");
  bool shut_ = false;
  mutable bool holding_ = false;
};

/// A folder, in memory when the machine has such a place (or in ASSAY_FAULT_FOLDER); removed at the
/// end.
class Home {
 public:
  Home();
  ~Home();
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  std::string root() const { return root_.string(); }
  std::filesystem::path directory() const { return root_ / "store" / "contoso"; }
  /// Removes everything and writes `image` in its place. Paths are below `old_root`.
  void Become(const Image& image, const std::string& old_root);
  /// What the files hold now, without SQLite's shared memory.
  Image Snapshot() const;

 private:
  std::filesystem::path root_;
};

ledger::OpenOptions OptionsFor(const Home& home, const Clock& clock);

/// What a process dies with: files that it wrote are as they are, locks and memory are gone.
std::string ReadAll(const std::filesystem::path& path);
void WriteAllTo(const std::filesystem::path& path, const std::string& bytes);

}  // namespace assay::fault
