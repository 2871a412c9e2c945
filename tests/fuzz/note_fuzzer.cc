// Arbitrary text as a verifier key, a signed note and a checkpoint: nothing is accepted that would
// be written otherwise, and nothing opens under a key that did not sign it.
#include "proof/note.h"

using namespace assay;
using namespace assay::proof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = AsText({data, size});
  static const Verifier stranger{"fuzz.example", SigningKey::Generate().value().public_key()};
  if (const auto key = Verifier::Parse(text))
    ASSAY_ASSERT(key->Encode() == text, "a key has one form");
  if (const auto head = Checkpoint::Parse(text))
    ASSAY_ASSERT(head->ToText() == text, "a checkpoint has one form");
  if (const auto note = ParseNote(text)) {
    ASSAY_ASSERT(note->text.ends_with('\n'), "a note's text ends its last line");
    ASSAY_ASSERT(text.starts_with(note->text), "a note's text stands in the note");
    ASSAY_ASSERT(!VerifyNote(*note, stranger), "no note bears a signature of nobody");
  }
  ASSAY_ASSERT(!OpenCheckpoint(text, stranger), "no checkpoint opens under a stranger's key");
  return 0;
}
