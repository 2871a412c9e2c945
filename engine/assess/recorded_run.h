// One run as its entries have it, indexed by what each entry is about: what a replay compares with.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "assess/run_settings.h"
#include "base/result.h"
#include "base/time.h"
#include "ledger/ledger.h"
#include "ledger/line.h"

namespace assay::assess {

/// A page in the journal.
struct RecordedRead {
  uint64_t ticket = 0;
  uint32_t page = 0;
  uint32_t index = 0;   ///< within its ticket
  uint32_t status = 0;  ///< of HTTP, 0 when there was no answer
  LeafIndex entry{};
};

struct RecordedRun {
  std::string run;      ///< "R-12"
  std::string outcome;  ///< that of run.finished, else "interrupted"
  LeafIndex first{}, last{};
  std::optional<Timestamp> at;
  std::string engine, engine_sha256, worker_sha256, sqlite;
  std::optional<LeafIndex> files;              ///< the newest plugin.file then
  std::map<std::string, std::string> plugins;  ///< id -> base64 digest of its .so
  bool consented = false;                      ///< it came to its first read
  std::set<std::string> roles;
  std::string app_id;  ///< empty in ledgers of before it was written down
  bool arm_token = false;
  std::map<std::string, std::vector<RecordedRead>> reads;  ///< by plugin, by page number
  /// By what it is about ("check graph-x", KeyOf). Reads, datasets, checks, controls and faults.
  std::map<std::string, LeafIndex> entries;
  std::map<std::string, LeafIndex> again;     ///< a second entry about the same thing
  std::map<std::string, std::string> faults;  ///< plugin -> fate
  std::map<std::string, uint64_t> told;       ///< entries that nothing derives, by kind
  uint64_t opened = 0;                        ///< findings, by its finding.opened entries
  proof::JsonObject finished;                 ///< members of run.finished

  /// Told to stop, killed, or stopped: what it has is less than what follows from its reads.
  bool partial() const { return outcome != "complete" && outcome != "incomplete"; }
};

/// What an entry is about, unique within its run; empty for kinds that nothing derives.
std::string KeyOf(std::string_view kind, const proof::JsonObject& members);

/// Reads every line of the ledger once. kNotFound when there is no such run, kDenied when its body
/// is not there or no key opens it (the message says why), kCorrupt.
Result<RecordedRun> ReadRecordedRun(ledger::Ledger& ledger, const std::string& run);

/// Settings as the run's body has them. kNotFound (with why) when that body is absent.
Result<RunSettings> ReadSettings(ledger::Ledger& ledger, const RecordedRun& run);

/// What stands behind the lines of a range.
struct RangeProof {
  LeafIndex first{}, last{};
  uint64_t signed_size = 0;  ///< of the newest signed head; 0: none covers the range
};
/// Each line holds the hash of the one before, and the last one that a signed head covers is in its
/// tree. kCorrupt names the entry.
Result<RangeProof> ProveRange(ledger::Ledger& ledger, LeafIndex first, LeafIndex last);

}  // namespace assay::assess
