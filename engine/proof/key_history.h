// Which key and name sign the heads of a ledger, and which epoch an entry is of: followed through
// its key.created, key.rotated and epoch.started entries (docs/formats/checkpoint.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proof/canonical_json.h"
#include "proof/note.h"

namespace assay::proof {

/// What both keys sign when one hands over to the other. [any thread]
std::string RotationStatement(const Verifier& from, const Verifier& to);
/// Name and origin of an epoch: the origin itself for epoch 1, "<origin>/epoch-<n>" later.
std::string EpochName(std::string_view origin, uint32_t epoch);

/// One entry that changed key, name or epoch.
struct KeyStep {
  uint64_t index = 0;  ///< of the entry; in force for heads of more entries than this
  std::string kind;
  uint32_t epoch = 1;
  Verifier verifier;
};

/// Follows the entries in order of their index. Reads nothing by itself, and trusts nothing but the
/// first key: who calls must know that the lines are leaves of the tree, and that none is left out.
class KeyHistory {
 public:
  /// Takes the members of one line. Those of other kinds than the three are passed over, so any
  /// list of landmarks will do. kCorrupt when the step does not follow from the one before: a
  /// second key.created, another previous key, a vkey of another name, a signature that is wrong,
  /// an epoch that is not the next one.
  Status Take(uint64_t index, const JsonObject& members);
  /// True when Take would look at entries of this kind.
  static bool Concerns(std::string_view kind);

  /// Name and key that must have signed a head of `size` entries; null before the first key.
  const Verifier* At(uint64_t size) const;
  /// Epoch of entry `index`.
  uint32_t EpochOf(uint64_t index) const;
  /// What is in force now; null before the first key.
  const KeyStep* Newest() const { return steps_.empty() ? nullptr : &steps_.back(); }
  const std::vector<KeyStep>& steps() const { return steps_; }
  /// The origin that key.created named; empty before it.
  const std::string& origin() const { return origin_; }

  /// Opens the note of a head whose predecessor is of `previous` entries (0: none). kCorrupt unless
  /// the key in force has signed it, and, when a key.rotated lies between the two heads, the key
  /// before it as well. An epoch.started after the rotation ends that duty.
  Result<Checkpoint> OpenNote(std::string_view note, uint64_t previous) const;
  /// The key that must sign a head of `size` entries beside the one in force; null when none.
  const Verifier* HandoverAt(uint64_t size, uint64_t previous) const;

 private:
  Status TakeFirst(uint64_t index, const JsonObject& members);
  Status TakeRotation(uint64_t index, const JsonObject& members);
  Status TakeEpoch(uint64_t index, const JsonObject& members);

  std::string origin_;
  std::vector<KeyStep> steps_;
};

}  // namespace assay::proof
