// Which key signs which head, pinned by the handover of docs/formats/checkpoint.md, which openssl
// signed.
#include "proof/key_history.h"

#include "support/matchers.h"

namespace assay::proof {
namespace {

constexpr char kOld[] =
    "assay.example/contoso+d6a1cac8+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
constexpr char kNew[] =
    "assay.example/contoso+2721c2e3+AT1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM";
constexpr char kOldPrint[] = "SHA256:If4x36FUomFia/hUBG/SJxt77UtqvkWqWId+9H+XIbk";
constexpr char kNewPrint[] = "SHA256:OfcT0KZEJT8EUpQhufUbmwiXnQgpWVnE85kO5hf1E58";

JsonObject Created() {
  return {{"kind", {"key.created"}},
          {"algorithm", {"ed25519"}},
          {"fingerprint", {kOldPrint}},
          {"vkey", {kOld}}};
}

JsonObject Rotated() {
  return {{"kind", {"key.rotated"}},
          {"algorithm", {"ed25519"}},
          {"fingerprint", {kNewPrint}},
          {"previous", {kOldPrint}},
          {"signature_old",
           {"wVqMkb+w0WfP2eB2JCZzgEwfoqmFgr57aSxe01ievDz0OYga7YEV9X96BiUwzZ6DyQ+kuxpHR8E1yMi1rpNkCw"
            "=="}},
          {"signature_new",
           {"tGbM1GdQuKwSswMGYWdxQ87+wijdOnjkq68M1teJZ3cCJhC1aGfsNauHygu3ko2qY9nEoNUI2KpvtIA7oeF+AQ"
            "=="}},
          {"vkey", {kNew}}};
}

JsonObject Epoch(int64_t epoch) {
  Verifier verifier = *Verifier::Parse(kNew);
  verifier.name = EpochName(verifier.name, static_cast<uint32_t>(epoch));
  return {{"kind", {"epoch.started"}}, {"epoch", {epoch}}, {"vkey", {verifier.Encode()}}};
}

KeyHistory WithRotation() {
  KeyHistory history;
  REQUIRE_OK(history.Take(1, Created()));
  REQUIRE_OK(history.Take(5, Rotated()));
  return history;
}

TEST_CASE("KeyHistory: TheHandoverOfTheDocumentsIsTaken [VE-11]") {
  const KeyHistory history = WithRotation();
  CHECK(history.origin() == "assay.example/contoso");
  CHECK(history.At(1) == nullptr);
  CHECK(history.At(5)->Encode() == kOld);
  CHECK(history.At(6)->Encode() == kNew);
  CHECK(history.HandoverAt(6, 5)->Encode() == kOld);
  CHECK(history.HandoverAt(9, 3)->Encode() == kOld);
  CHECK(history.HandoverAt(9, 6) == nullptr);
  CHECK(history.HandoverAt(5, 3) == nullptr);
}

TEST_CASE("KeyHistory: EveryChangedMemberOfAHandoverIsRefused [VE-11]") {
  for (const auto& [member, value] : Rotated()) {
    if (member == "kind") continue;
    KeyHistory history;
    REQUIRE_OK(history.Take(1, Created()));
    INFO(member);
    JsonObject without = Rotated();
    without.erase(member);
    CHECK_FAILS(history.Take(5, without), Code::kCorrupt, "");
    const std::string text = *value.text();
    for (size_t at = 0; at < text.size(); ++at) {
      JsonObject changed = Rotated();
      std::string other = text;
      other[at] = other[at] == 'A' ? 'B' : 'A';
      if (other == text) continue;
      changed[member] = {other};
      CHECK_FALSE(history.Take(5, changed));
    }
    REQUIRE_OK(history.Take(5, Rotated()));  // what was refused left no trace
  }
}

TEST_CASE("KeyHistory: EpochsCountUpByOneAndKeepTheKey [CL-12]") {
  KeyHistory history = WithRotation();
  CHECK_FAILS(history.Take(7, Epoch(3)), Code::kCorrupt, "not of epoch 2");
  CHECK_FAILS(history.Take(7, Epoch(1)), Code::kCorrupt, "not of epoch 2");
  JsonObject other_key = Epoch(2);
  other_key["vkey"] = {Verifier{"assay.example/contoso/epoch-2", PublicKey{1}}.Encode()};
  CHECK_FAILS(history.Take(7, other_key), Code::kCorrupt, "not the key in force");
  REQUIRE_OK(history.Take(7, Epoch(2)));
  CHECK(history.At(8)->name == "assay.example/contoso/epoch-2");
  CHECK(history.EpochOf(6) == 1);
  CHECK(history.EpochOf(7) == 2);
  CHECK(history.HandoverAt(8, 5) == nullptr);  // the epoch ends the duty of the old key
}

TEST_CASE("KeyHistory: OrderAndBeginningAreFixed [CL-12]") {
  KeyHistory history;
  CHECK_FAILS(history.Take(5, Rotated()), Code::kCorrupt, "before any key.created");
  CHECK_FAILS(history.Take(2, Created()), Code::kCorrupt, "not entry 1");
  REQUIRE_OK(history.Take(1, Created()));
  CHECK_FAILS(history.Take(3, Created()), Code::kCorrupt, "key.created");
  REQUIRE_OK(history.Take(5, Rotated()));
  CHECK_FAILS(history.Take(5, Epoch(2)), Code::kCorrupt, "after one of entry 5");
  CHECK_FAILS(history.Take(9, Rotated()), Code::kCorrupt, "previous is not the key in force");
  REQUIRE_OK(history.Take(9, {{"kind", {"key.rewrapped"}}}));
  CHECK(history.steps().size() == 2);
}

TEST_CASE("PublicKey: IsWrittenAsOpensslDoes") {
  const Verifier verifier = *Verifier::Parse(kOld);
  CHECK(PublicKeyToPem(verifier.key) ==
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
        "-----END PUBLIC KEY-----\n");
}

}  // namespace
}  // namespace assay::proof
