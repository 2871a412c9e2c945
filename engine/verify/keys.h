// Which key signs which checkpoint (docs/formats/checkpoint.md): the walk from the first key of a
// ledger over rotations and epochs to the newest.
#pragma once

#include <string>
#include <vector>

#include "proof/canonical_json.h"
#include "proof/note.h"

namespace assay::verify {

/// A key and since when it is in force.
struct KeyStep {
  uint64_t index = 0;
  std::string kind;  ///< "key.created", "key.rotated", "epoch.started"
  proof::Verifier verifier;
  std::string vkey;
};

class KeyChain {
 public:
  KeyChain() = default;
  explicit KeyChain(std::string origin) : origin_(std::move(origin)) {}

  /// The next step, from the members `vkey`, `signature_old`, `signature_new` of `says`. kCorrupt
  /// for a key of another name, a handover that one of both did not sign, an epoch with a new key.
  Status Take(uint64_t index, std::string_view kind, const proof::JsonObject& says);
  uint64_t epoch() const { return epoch_; }
  const std::vector<KeyStep>& steps() const { return steps_; }
  /// Who must sign a checkpoint of `size`, in this order: the key in force, after those that handed
  /// over to it since the checkpoint of size `before`.
  std::vector<KeyStep> Signers(uint64_t size, uint64_t before) const;
  /// A checkpoint under the name of the last signer, with good signatures of all signers in this
  /// order. Other names are witnesses and come after; under the ledger's own every line is good.
  /// kCorrupt.
  Result<proof::Checkpoint> Open(std::string_view note, const std::vector<KeyStep>& signers) const;
  /// kCorrupt unless the fingerprint is empty or that of some key of the walk.
  Status CheckTrust(const std::string& fingerprint) const;
  /// Of the newest key; empty when there is none.
  std::string Fingerprint() const;

 private:
  Status CheckHandover(const proof::Verifier& next, const std::string& vkey,
                       const proof::JsonObject& says) const;

  std::string origin_;
  uint64_t epoch_ = 1;
  std::vector<KeyStep> steps_;
};

/// A cosignature line under a witness's verifier key (type 0x04) over the text of `note`. kCorrupt.
Status CheckCosignature(std::string_view line, std::string_view vkey, std::string_view note);

}  // namespace assay::verify
