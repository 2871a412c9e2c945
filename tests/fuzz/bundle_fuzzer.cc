// Arbitrary text as a proof bundle, a growth bundle, witness keys and cosignature lines: what is
// read is written back the same, and nothing verifies under a key that never signed it.
#include "proof/bundle.h"

using namespace assay;
using namespace assay::proof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = AsText({data, size});
  const Trust stranger{"SHA256:nobody", {}};
  if (const auto bundle = ParseBundle(text)) {
    ASSAY_ASSERT(WriteBundle(*bundle) == text, "a bundle has one form");
    ASSAY_ASSERT(!VerifyBundle(*bundle, stranger), "nothing is signed by nobody");
  }
  if (const auto bundle = ParseConsistencyBundle(text)) {
    ASSAY_ASSERT(WriteBundle(*bundle) == text, "a growth bundle has one form");
    ASSAY_ASSERT(!VerifyBundle(*bundle, stranger), "nothing is signed by nobody");
  }
  if (const auto key = Cosigner::Parse(text))
    ASSAY_ASSERT(key->Encode() == text, "a witness key has one form");
  static const Cosigner nobody{"fuzz.example", SigningKey::Generate().value().public_key()};
  if (const auto note = ParseNote(text)) {
    const auto found = FindCosignatures(*note, nobody);
    ASSAY_ASSERT(!found || found->empty(), "nobody cosigned");
  }
  return 0;
}
