// What a witness says of a checkpoint: C2SP tlog-cosignature, cosignature/v1 with Ed25519
// (docs/formats/checkpoint.md).
#pragma once

#include "proof/note.h"

namespace assay::proof {

/// A witness key: its name and Ed25519 key, of signature type 0x04.
struct Cosigner {
  std::string name;
  PublicKey key{};
  /// First 4 bytes of SHA-256(name, 0x0A, 0x04, key), big-endian.
  uint32_t Id() const;
  /// "<name>+<key id in 8 hex digits>+<base64 of 0x04 and the key>".
  std::string Encode() const;
  /// kInvalidInput unless Encode would write it so.
  static Result<Cosigner> Parse(std::string_view vkey);
};

/// A good cosignature: who, and when by the witness's clock.
struct Cosignature {
  std::string name;
  uint64_t time = 0;  ///< seconds since 1970
  std::string line;   ///< as it stands in a note, without newline
};

/// The signature line, without newline, over the text of a checkpoint note.
Result<std::string> Cosign(std::string_view note_text, const std::string& name,
                           const SigningKey& key, uint64_t time);
/// Good cosignatures of `cosigner` in a note; other lines are skipped. kCorrupt for a line under
/// its name and key id that is wrong.
Result<std::vector<Cosignature>> FindCosignatures(const Note& note, const Cosigner& cosigner);
/// Signature lines as a witness answers them ("— name base64", each with a newline), against the
/// note that they are of. Bounded as ParseNote is. Lines of other keys are skipped.
Result<std::vector<Cosignature>> ReadCosignatureLines(std::string_view note, std::string_view lines,
                                                      const Cosigner& cosigner);

}  // namespace assay::proof
