// Stable numbers for failing (check, subject) pairs over all runs of a ledger: F-1043.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"

namespace assay::assess {

/// Knows every finding that was ever opened and numbers new ones. Opened findings are committed as
/// `finding.opened` entries, each pointing at the one before, so that reading them costs their own
/// size.
class FindingRegister {
 public:
  /// Reads the chain that ends at `last` (none: a ledger without findings). kCorrupt.
  static Result<FindingRegister> Load(ledger::Ledger& ledger, std::optional<LeafIndex> last);

  /// Number of the finding, opening it when it is new.
  uint64_t NumberOf(const std::string& check, const std::string& subject);
  std::optional<uint64_t> Find(const std::string& check, const std::string& subject) const;
  /// Opened since Load.
  uint64_t opened() const { return opened_; }
  /// True when part of what was read is erased or expired: numbers given then are not known.
  bool has_gaps() const { return has_gaps_; }
  /// Appends what was opened since the last call; call often, it keeps memory flat.
  Status Commit(ledger::EntrySink& ledger, const std::string& run, bool all);
  /// The newest `finding.opened` entry.
  std::optional<LeafIndex> last_entry() const { return last_; }

 private:
  struct Key {
    uint64_t high, low;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const { return key.low; }
  };
  static Key KeyOf(const std::string& check, const std::string& subject);

  std::unordered_map<Key, uint64_t, KeyHash> numbers_;
  std::vector<std::string> pending_;
  std::optional<LeafIndex> last_;
  uint64_t next_ = 1, opened_ = 0;
  bool has_gaps_ = false;
};

}  // namespace assay::assess
