// What commands do to a ledger beyond appending: keys, erasure, backup, recovery. Each is cut short
// at every operation, given again, and must then be as if nothing had happened to it.
#pragma once

#include <memory>

#include "backup/create.h"
#include "fault/workload.h"

namespace assay::fault {

/// What lies in one Home: a tenant's ledger, the log of the instance, their keys, a backup target.
class Place {
 public:
  explicit Place(const Home& home) : home_(home) {
    clock_.Set(*ParseTime("2026-12-05T08:00:00.000Z"));
  }
  const Home& home() const { return home_; }
  GateClock& clock() { return clock_; }
  ledger::OpenOptions Options() const;
  /// Of the log of the instance, which has the same master key.
  ledger::OpenOptions InstanceOptions() const;
  backup::Source Source() const { return {"contoso", Options()}; }
  std::filesystem::path path(const std::string& name) const {
    return std::filesystem::path(home_.root()) / name;
  }
  std::filesystem::path target() const { return path("copies"); }

 private:
  const Home& home_;
  GateClock clock_;
};

class Change {
 public:
  virtual ~Change() = default;
  virtual const char* name() const = 0;
  /// What is there before it, all of it synced. Once, before anything else.
  virtual Status Prepare(Place& place) = 0;
  /// The command. Given again after a crash it finishes what is half done.
  virtual Status Run(Place& place) = 0;
  /// The newest Run was a watched one: states of it will be looked at, as of the first such run.
  virtual void KeepFacts() {}
  /// What is wrong right after a crash and before the command is given again: neither the state
  /// before nor the state after it. The ledger is opened by it.
  virtual std::string AtOnce(Place& place) = 0;
  /// What is missing once the command was acknowledged. Opens nothing for writing.
  virtual std::string InEffect(Place& place) = 0;
  /// The ledger takes entries afterwards.
  virtual std::string GoingOn(Place& place);

 protected:
  /// A ledger with entries, bodies and two checkpoints; `story_` tells of it.
  Status MakeLedger(Place& place);
  /// Opens for writing, verifies, and compares with the story, without the bodies of `gone`.
  std::string CheckLedger(Place& place, const std::vector<Digest>& gone = {}) const;

  Story story_;
};

std::unique_ptr<Change> RotatingLedgerKey(bool keep_old);
std::unique_ptr<Change> RotatingSealKey();
std::unique_ptr<Change> RotatingMasterKey();
std::unique_ptr<Change> ErasingRecords();
std::unique_ptr<Change> ErasingWhatWasJustPut();
std::unique_ptr<Change> ErasingSubject();
std::unique_ptr<Change> ErasingTenant();
std::unique_ptr<Change> Expiring();
std::unique_ptr<Change> CreatingBackup();
std::unique_ptr<Change> RemovingBackup();
std::unique_ptr<Change> RestoringLostLedger();
std::unique_ptr<Change> RestoringOlderLedger();
std::unique_ptr<Change> RecoveringTruncated();
std::unique_ptr<Change> RecoveringLostLog();

using MakeChange = std::unique_ptr<Change> (*)();
/// All of them, or those whose name contains ASSAY_FAULT_ONLY; one added here is under every fault
/// at once.
const std::vector<MakeChange>& Changes();

/// What is wrong with the place after `change` was cut short, before and after it is given again.
/// `acknowledged`: it had said that it is done.
std::string FindHalfDone(Change& change, Place& place, bool acknowledged);

/// Name of a file below `folder` that holds one of `needles`, empty when none does.
std::string FindBytes(const std::filesystem::path& folder, const std::vector<std::string>& needles);
/// Sealed bytes of stored bodies, as they lie in the files.
Result<std::vector<std::string>> SealedBytes(const Place& place, const std::vector<Digest>& roots);

}  // namespace assay::fault
