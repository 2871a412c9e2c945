// Signed notes, verifier keys, checkpoints.
#include "proof/note.h"

#include "unit/proof/samples.h"

namespace assay::proof {
namespace {

SigningKey TestKey() {
  // The private key of RFC 8032 7.1, test 1, as PKCS#8.
  const auto key = SigningKey::FromPem(
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
      "-----END PRIVATE KEY-----\n");
  REQUIRE_OK(key);
  return std::move(*SigningKey::FromPem(*key->ToPem()));
}

Checkpoint TestCheckpoint() { return {"assay.example/contoso", 3, Digest{1, 2, 3}}; }

TEST_CASE("Note: SignsAsRfc8032Does") {
  const SigningKey key = TestKey();
  CHECK(EncodeHex(key.public_key()) ==
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  REQUIRE_OK_AND_ASSIGN(const Signature signature, key.Sign({}));
  CHECK(EncodeHex(signature).substr(0, 32) == "e5564300c360ac729086e2cc806e828a");
}

TEST_CASE("Note: SignedCheckpointVerifiesAndNoChangedOneDoes") {
  const SigningKey key = TestKey();
  const Checkpoint checkpoint = TestCheckpoint();
  REQUIRE_OK_AND_ASSIGN(const std::string note,
                        SignNote(checkpoint.ToText(), checkpoint.origin, key));
  const Verifier verifier{checkpoint.origin, key.public_key()};
  REQUIRE_OK_AND_ASSIGN(const Checkpoint opened, OpenCheckpoint(note, verifier));
  CHECK(opened.size == 3);
  for (size_t at = 0; at < note.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = note;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      INFO("byte " << at << " bit " << bit);
      REQUIRE_FALSE(OpenCheckpoint(changed, verifier));
    }
  for (size_t length = 0; length < note.size(); ++length)
    REQUIRE_FALSE(OpenCheckpoint(note.substr(0, length), verifier));
  REQUIRE_FALSE(OpenCheckpoint(note + "x", verifier));
  REQUIRE_FALSE(OpenCheckpoint(note, Verifier{"assay.example/other", key.public_key()}));
}

TEST_CASE("Note: VerifierKeyReadsBackWhatItWrites") {
  const Verifier verifier{"assay.example/contoso", TestKey().public_key()};
  const std::string vkey = verifier.Encode();
  REQUIRE_OK_AND_ASSIGN(const Verifier again, Verifier::Parse(vkey));
  CHECK(again.key == verifier.key);
  CHECK_FAILS(Verifier::Parse("x" + vkey), Code::kInvalidInput, "name or key id is wrong");
  CHECK_FAILS(Verifier::Parse("assay"), Code::kInvalidInput, "expected name+id+key");
}

TEST_CASE("Note: RefusesNamesThatCannotBeToldApart") {
  for (const char* name : {"", "a b", "a+b", "a\nb",
                           "a\xc2\xa0"
                           "b",
                           "a\xe2\x80\x89"
                           "b",
                           "\xff"})
    CHECK_FALSE(IsKeyName(name));
  CHECK(IsKeyName("assay.example/contoso"));
}

TEST_CASE("Note: RefusesTextThatIsNoCheckpoint") {
  for (const char* text : {"", "o\n1\n", "o\n01\nAAAA\n", "o\n-1\nx\n", "o\n1\nAAAA\n",
                           "o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nextra\n"})
    CHECK_FALSE(Checkpoint::Parse(text));
}

TEST_CASE("Note: ReadsPublishedNotes") {
  int seen = 0;
  for (const auto& file : testing::SampleFiles("c2sp-notes/notes")) {
    if (file.filename() != "signed-note_1.txt") continue;
    std::string text = testing::ReadText(file);
    if (!text.ends_with('\n')) text += '\n';
    REQUIRE_OK_AND_ASSIGN(const Note note, ParseNote(text));
    REQUIRE(note.signatures.size() == 1);
    CHECK(note.signatures[0].name == "quasimodo.example/salvatore");
    CHECK(note.signatures[0].bytes.size() == 64);
    ++seen;
  }
  testing::SayWhenAbsent(seen, "c2sp-notes");
}

}  // namespace
}  // namespace assay::proof
