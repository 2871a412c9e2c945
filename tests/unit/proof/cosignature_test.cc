// Cosignatures of witnesses. [CL-12]
#include "proof/cosignature.h"

#include "unit/proof/samples.h"

namespace assay::proof {
namespace {

// The vector of docs/formats/checkpoint.md: key of RFC 8032 7.1 test 1 for the ledger, of test 2
// for the witness.
SigningKey KeyOf(const char* base64) {
  auto key = SigningKey::FromPem(std::string("-----BEGIN PRIVATE KEY-----\n") + base64 +
                                 "\n-----END PRIVATE KEY-----\n");
  REQUIRE_OK(key);
  return std::move(*key);
}
SigningKey LedgerKey() {
  return KeyOf("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g");
}
SigningKey WitnessKey() {
  return KeyOf("MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7");
}

std::string TestNote() {
  const Checkpoint head{"assay.example/contoso", 3, Digest{1, 2, 3}};
  auto note = SignNote(head.ToText(), head.origin, LedgerKey());
  REQUIRE_OK(note);
  return *note;
}

TEST_CASE("Cosignature: WhatAWitnessSignsIsFoundAndNothingElse [CL-12]") {
  const SigningKey key = WitnessKey();
  const Cosigner witness{"witness.example/w1", key.public_key()};
  const std::string note = TestNote();
  REQUIRE_OK_AND_ASSIGN(const Note parsed, ParseNote(note));
  REQUIRE_OK_AND_ASSIGN(const std::string line, Cosign(parsed.text, witness.name, key, 1679315147));
  const std::string cosigned = note + line + "\n";
  REQUIRE_OK_AND_ASSIGN(const Note both, ParseNote(cosigned));
  REQUIRE_OK_AND_ASSIGN(const auto found, FindCosignatures(both, witness));
  REQUIRE(found.size() == 1);
  CHECK(found[0].time == 1679315147);
  CHECK(found[0].line == line);
  // The ledger's own signature still counts, and a stranger's key finds nothing.
  CHECK(OpenCheckpoint(cosigned, {"assay.example/contoso", LedgerKey().public_key()}));
  REQUIRE_OK_AND_ASSIGN(const auto none,
                        FindCosignatures(both, {"witness.example/w2", key.public_key()}));
  CHECK(none.empty());
  for (size_t at = note.size(); at < cosigned.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = cosigned;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const auto again = ParseNote(changed);
      const auto still = again ? FindCosignatures(*again, witness)
                               : Result<std::vector<Cosignature>>(Fail(again.error()));
      INFO("byte " << at << " bit " << bit);
      REQUIRE((!still || still->empty()));
    }
}

TEST_CASE("Cosignature: IsThatOfTheDocuments [CL-12]") {
  const SigningKey key = WitnessKey();
  const std::string text =
      "assay.example/contoso\n2\nNFih8klbnlCU2Fwf7v0aaZdH28IjWd7lC1elN2zIr5E=\n";
  const std::string document =
      testing::ReadText(std::filesystem::path(ASSAY_SOURCE_DIR) / "docs/formats/checkpoint.md");
  REQUIRE_OK_AND_ASSIGN(const std::string line,
                        Cosign(text, "witness.example/w1", key, 1679315147));
  const std::string vkey = Cosigner{"witness.example/w1", key.public_key()}.Encode();
  CHECK_THAT(document, Catch::Matchers::Contains(line + "\n" + vkey + "\n"));
}

TEST_CASE("Cosignature: AWrongOneUnderAKnownKeyIsRefused [CL-12]") {
  const SigningKey key = WitnessKey();
  const Cosigner witness{"witness.example/w1", key.public_key()};
  const std::string note = TestNote();
  REQUIRE_OK_AND_ASSIGN(const std::string line, Cosign("other text\n", witness.name, key, 7));
  CHECK_FAILS(ReadCosignatureLines(note, line + "\n", witness), Code::kCorrupt, "is wrong");
  REQUIRE_OK_AND_ASSIGN(const auto none, ReadCosignatureLines(note, "", witness));
  CHECK(none.empty());
  CHECK_FAILS(Cosign("text\n", witness.name, key, uint64_t{1} << 63), Code::kInvalidInput,
              "not allowed");
}

TEST_CASE("Cosignature: KeyReadsBackAndIsNoLedgerKey [CL-12]") {
  const Cosigner witness{"witness.example/w1", WitnessKey().public_key()};
  const std::string vkey = witness.Encode();
  REQUIRE_OK_AND_ASSIGN(const Cosigner again, Cosigner::Parse(vkey));
  CHECK(again.key == witness.key);
  CHECK_FAILS(Verifier::Parse(vkey), Code::kInvalidInput, "not an Ed25519 key");
  CHECK_FAILS(Cosigner::Parse(Verifier{"a", witness.key}.Encode()), Code::kInvalidInput, "type 4");
  CHECK_FAILS(Cosigner::Parse("x" + vkey), Code::kInvalidInput, "name or key id");
}

TEST_CASE("Cosignature: ReadsPublishedNotes") {
  int seen = 0;
  for (const auto& file : testing::SampleFiles("c2sp-notes/notes")) {
    if (file.filename() != "tlog-cosignature_1.txt") continue;
    std::string text = testing::ReadText(file);
    if (!text.ends_with('\n')) text += '\n';
    REQUIRE_OK_AND_ASSIGN(const Note note, ParseNote(text));
    REQUIRE(note.signatures.size() == 2);
    CHECK(note.signatures[1].bytes.size() == 72);
    REQUIRE_OK_AND_ASSIGN(const Checkpoint head, Checkpoint::Parse(note.text));
    CHECK(head.size == 20852163);
    ++seen;
  }
  testing::SayWhenAbsent(seen, "c2sp-notes");
}

}  // namespace
}  // namespace assay::proof
