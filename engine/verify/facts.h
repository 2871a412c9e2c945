// What the entries say of the ledger itself: order, key walk, epochs, cosignatures, erasures,
// retention, holds (docs/formats/entry.md). Fed line by line, in order.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "verify/keys.h"
#include "verify/line.h"

namespace assay::verify {

/// An entry that refers to a body.
struct Reference {
  uint64_t index = 0;
  bool is_read = false;
  bool stays = false;  ///< of a plugin's file: no rule of retention removes it
};

/// What the `erasure.record` entries say of one body.
struct Erasure {
  Digest column{};              ///< SHA-256 of its column `erased`, by the newest
  std::set<uint64_t> segments;  ///< named by any of them
};

/// What the `erasure.record` entries with one receipt erase so far.
struct Receipt {
  std::set<Digest> bodies;
  uint64_t records = 0;
};

struct Hold {
  uint64_t placed = 0, first = 0, last = 0;
  std::optional<uint64_t> released;
};

/// A `retention.expired` entry.
struct Expiry {
  uint64_t index = 0, through = 0, bodies = 0;
  bool raw = false;
};

/// A `checkpoint.timestamped` entry.
struct StampedNote {
  std::string note, gen_time, policy;
};

class Facts {
 public:
  using Notes = std::map<uint64_t, std::string>;

  explicit Facts(const Notes& notes) : notes_(notes) {}
  /// kCorrupt says what entry `index` gets wrong. `text` is what `line` was read from.
  Status Take(uint64_t index, const Line& line, std::string_view text);
  /// Remembers who refers to this body from now on, and by now.
  void Watch(const Digest& root, Reference reference) { references_[root].push_back(reference); }
  /// True when an entry that refers to a watched body was under a hold when entry `when` came.
  bool IsHeld(const Digest& root, uint64_t when) const;

  KeyChain keys;
  std::string tenant, last_time;
  std::vector<std::pair<uint64_t, std::string>> landmarks;
  std::map<Digest, StampedNote> tokens;  ///< by the digest of the token
  std::optional<uint64_t> gone;          ///< entry of `erasure.tenant`
  std::vector<Expiry> expired;
  const std::map<Digest, std::vector<Reference>>& references() const { return references_; }

 private:
  Status TakePlace(uint64_t index, const Line& line);
  Status TakeLandmark(uint64_t index, std::string_view kind, const proof::JsonObject& says);
  Status TakeKey(uint64_t index, std::string_view kind, const proof::JsonObject& says);
  Status TakeEpoch(uint64_t index, const proof::JsonObject& says);
  Status TakeCheckpoint(uint64_t index, std::string_view kind, const proof::JsonObject& says);
  Status TakeErasure(uint64_t index, std::string_view kind, const proof::JsonObject& says);
  Status TakeErasedRecord(uint64_t index, const proof::JsonObject& says);
  Status TakeErasedSubject(const proof::JsonObject& says) const;
  Status TakeRetention(uint64_t index, const proof::JsonObject& says);
  Status TakeHold(uint64_t index, std::string_view kind, const proof::JsonObject& says);

  const Notes& notes_;
  std::map<std::string, Hold> holds_;
  std::map<Digest, std::vector<Reference>> references_;
  std::map<std::string, Receipt> receipts_;
};

/// Numbers of `segments`: ascending, 1 to 256. kCorrupt.
Result<std::vector<uint64_t>> SegmentsAt(const proof::JsonObject& says);
/// True for kinds that stand in the landmark table.
bool IsLandmark(std::string_view kind);

}  // namespace assay::verify
