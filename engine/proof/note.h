// C2SP signed notes, verifier keys and tree checkpoints (docs/formats/checkpoint.md).
#pragma once

#include <string>
#include <vector>

#include "proof/ed25519.h"

namespace assay::proof {

/// True for what may name a key: not empty, UTF-8, no white space, no plus sign, no controls.
bool IsKeyName(std::string_view name);
/// First 4 bytes of SHA-256(name, 0x0A, 0x01, key), big-endian.
uint32_t KeyId(std::string_view name, const PublicKey& key);

/// A key that verifies notes: name and Ed25519 public key.
struct Verifier {
  std::string name;
  PublicKey key{};
  /// "<name>+<key id in 8 hex digits>+<base64 of 0x01 and the key>".
  std::string Encode() const;
  /// kInvalidInput unless Encode would write it so.
  static Result<Verifier> Parse(std::string_view vkey);
};

struct NoteSignature {
  std::string name;
  uint32_t key_id = 0;
  ByteVector bytes;
};
struct Note {
  std::string text;  ///< with its last newline
  std::vector<NoteSignature> signatures;
};

/// kInvalidInput when it is no signed note. [any thread]
Result<Note> ParseNote(std::string_view note);
/// Text with one signature line. `text` must end with a newline.
Result<std::string> SignNote(std::string_view text, std::string_view name, const SigningKey& key);
/// One more signature line over the text of a note, at its end. kInvalidInput when it is no note.
Result<std::string> CountersignNote(std::string_view note, std::string_view name,
                                    const SigningKey& key);
/// kCorrupt unless the note bears a good signature of the verifier; unknown keys are skipped,
/// a bad signature under the verifier's own name and id is not.
Status VerifyNote(const Note& note, const Verifier& verifier);

/// Tree head as a note says it: origin, size, root, no extension lines.
struct Checkpoint {
  std::string origin;
  uint64_t size = 0;
  Digest root{};
  std::string ToText() const;
  /// kInvalidInput unless ToText would write it so.
  static Result<Checkpoint> Parse(std::string_view text);
};

/// Parses and verifies a checkpoint of this origin in one step. kInvalidInput, kCorrupt.
Result<Checkpoint> OpenCheckpoint(std::string_view note, const Verifier& verifier);

}  // namespace assay::proof
