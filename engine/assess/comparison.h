// The sink of a replay: every entry that follows again is held against the one that the ledger has.
#pragma once

#include <future>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "assess/recorded_run.h"
#include "assess/replay_state.h"
#include "model/check.h"

namespace assay::assess {

/// Something that follows otherwise than it is recorded.
struct Difference {
  std::string object;              ///< "check graph-ca-mfa-all-users"
  std::optional<LeafIndex> entry;  ///< none: nothing of the kind is recorded
  std::string what;                ///< "members", "segment 3 of 12", "not recorded", ...
  std::string recorded, replayed;  ///< SHA-256 of either side, hexadecimal; empty when it has none
};

/// Something recorded that could not be held against anything.
struct NotReplayed {
  std::string object;
  LeafIndex entry{};
  std::string why;
};

struct Tally {
  uint64_t compared = 0, identical = 0;
};

struct Compared {
  std::map<std::string, Tally> kinds;  ///< "read", "dataset", "check", "observation", "control"
  std::vector<Difference> differences;
  std::vector<NotReplayed> not_replayed;
  uint64_t beyond = 0;  ///< entries that follow, where a partial run stopped before them
};

/// Safe from any thread. Of bodies it keeps digests only, and those until their entry comes.
class ComparingSink final : public ledger::EntrySink {
 public:
  /// `only`: a check, a control, or empty for all. `ignore_findings`: numbers of findings are not
  /// compared, because the register has gaps. All arguments outlive it.
  ComparingSink(ledger::Ledger& ledger, const RecordedRun& run, ReplayState& state,
                const std::vector<CheckSpec>& checks, std::set<std::string> only,
                bool ignore_findings);

  Result<ledger::KeptBody> PutBody(ByteSpan bytes, const std::vector<ledger::RecordRange>& records,
                                   ledger::Keep keep) override;
  Result<ledger::BodyRef> PutSegments(const std::vector<std::string>& segments) override;
  ledger::PendingEntry Append(ledger::EntryDraft draft) override;

  /// True when this entry came and could not be held against the recorded one.
  bool IsExcused(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    return excused_.contains(key);
  }
  /// Recorded entries that nothing came for: different, unless something excuses them. Call last.
  Compared Finish();

 private:
  using Digests = std::vector<Digest>;
  struct Side {
    std::string members;
    Digests segments;
    std::map<uint64_t, std::string> absent;  ///< segments, by why
    std::string absent_body;
  };

  Result<LeafIndex> Compare(const std::string& kind, const proof::JsonObject& members,
                            const Side& replayed);
  Result<Side> ReadRecorded(const std::string& kind, LeafIndex entry) const;
  void CompareSides(const std::string& kind, const std::string& key, LeafIndex entry,
                    const Side& recorded, const Side& replayed);
  bool CompareSegments(const std::string& key, LeafIndex entry, const std::string& kind,
                       const Side& recorded, const Side& replayed);
  std::optional<std::string> WhyNotDecided(const std::string& kind,
                                           const proof::JsonObject& members) const;
  std::optional<std::string> WhyUnequal(const std::string& kind,
                                        const proof::JsonObject& members) const;
  void NotRecorded(const std::string& kind, const std::string& key,
                   const proof::JsonObject& members, const Side& replayed);
  void SetAside(const std::string& key, LeafIndex entry, const std::string& why);
  void Missing(const std::string& key, LeafIndex entry);
  bool IsWanted(const std::string& key) const;
  Digest DigestOfSegment(ByteSpan segment) const;
  ledger::BodyRef Remember(Digests digests);

  ledger::Ledger& ledger_;
  const RecordedRun& run_;
  ReplayState& state_;
  std::map<std::string, const CheckSpec*> checks_;
  const std::set<std::string> only_;
  const bool ignore_findings_;
  mutable std::mutex mutex_;
  std::multimap<Digest, Digests> bodies_;  ///< put, their entry did not come yet
  std::set<std::string> seen_, excused_;
  Compared out_;
};

/// The members of an entry that follow from what was read: without those of the ledger itself, and
/// those that say what was kept.
proof::JsonObject Derived(const proof::JsonObject& members);

}  // namespace assay::assess
