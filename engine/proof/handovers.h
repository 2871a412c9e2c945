// The keys of a ledger as a bundle carries them: each with what it takes to believe that it follows
// from the one before, without the ledger (docs/formats/proof-bundle.md, `keys`). What a ledger
// itself says of its keys is read by key_history.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proof/note.h"

namespace assay::proof {

class Handovers {
 public:
  /// From the lines of `key.created`, then each `key.rotated` and `epoch.started` in order.
  /// kCorrupt names the line that does not follow from the one before.
  static Result<Handovers> FromLines(const std::vector<std::string>& lines);
  /// From the short form of a bundle (docs/formats/proof-bundle.md, `keys`). kCorrupt as above.
  static Result<Handovers> FromHandovers(const std::vector<std::string>& handovers);
  /// The short form, up to the key of a checkpoint of `size` entries.
  std::vector<std::string> HandoversFor(uint64_t size) const;

  /// True when the fingerprint is that of any key of the ledger.
  bool Knows(std::string_view fingerprint) const;
  const Verifier& first() const { return stages_.front().verifier; }
  const Verifier& newest() const { return stages_.back().verifier; }
  /// The first name, of all epochs: "<instance origin>/<tenant>".
  const std::string& origin() const { return first().name; }

  /// A checkpoint of any time of this ledger, opened under the key and name that it must bear:
  /// those of its size, or, made from a short form, any of the keys under its name. kCorrupt.
  Result<Checkpoint> Open(std::string_view note) const;

 private:
  struct Stage {
    std::optional<uint64_t> index;  ///< of the entry that brought it; none in the short form
    Verifier verifier;
    std::string signatures;  ///< of a rotation: " <old> <new>" in base64
  };
  Status AddRotation(const Verifier& to, const Signature& by_old, const Signature& by_new);
  Status AddEpoch(const Verifier& to);
  Status AddLine(const std::string& line);
  Status AddHandover(const std::string& handover);

  std::vector<Stage> stages_;
  uint64_t epoch_ = 1;
};

/// True for the kinds that Handovers is made of.
bool IsKeyKind(std::string_view kind);

}  // namespace assay::proof
