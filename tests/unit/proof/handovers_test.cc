// Whose key signs when: rotations signed by both keys, epochs under the next name. [CL-12]
#include "proof/handovers.h"

#include "proof/canonical_json.h"
#include "proof/key_history.h"
#include "support/matchers.h"

namespace assay::proof {
namespace {

constexpr char kOrigin[] = "assay.example/contoso";

std::string Line(int64_t index, const std::string& kind, JsonObject members) {
  members["index"] = {index};
  members["kind"] = {kind};
  return *WriteJson({std::move(members)});
}

std::string Rotation(int64_t index, const SigningKey& from, const SigningKey& to,
                     const std::string& name) {
  const Verifier before{name, from.public_key()}, after{name, to.public_key()};
  const std::string message = RotationStatement(before, after);
  return Line(index, "key.rotated",
              {{"previous", {FingerprintOf(from.public_key())}},
               {"vkey", {after.Encode()}},
               {"signature_old", {EncodeBase64(*from.Sign(AsBytes(message)))}},
               {"signature_new", {EncodeBase64(*to.Sign(AsBytes(message)))}}});
}

struct Keys {
  SigningKey a = std::move(*SigningKey::Generate());
  SigningKey b = std::move(*SigningKey::Generate());
  std::string created =
      Line(1, "key.created", {{"vkey", {Verifier{kOrigin, a.public_key()}.Encode()}}});
  std::string rotated = Rotation(40, a, b, kOrigin);
  std::string epoch =
      Line(70, "epoch.started",
           {{"vkey", {Verifier{std::string(kOrigin) + "/epoch-2", b.public_key()}.Encode()}},
            {"epoch", {int64_t{2}}}});
};

std::string Signed(const std::string& name, uint64_t size, const SigningKey& key) {
  return *SignNote(Checkpoint{name, size, Digest{7}}.ToText(), name, key);
}

TEST_CASE("Handovers: EachHeadIsOpenedUnderTheKeyOfItsSize [CL-12]") {
  const Keys k;
  REQUIRE_OK_AND_ASSIGN(const Handovers keys,
                        Handovers::FromLines({k.created, k.rotated, k.epoch}));
  const std::string second = std::string(kOrigin) + "/epoch-2";
  CHECK(keys.Open(Signed(kOrigin, 40, k.a)));
  CHECK(keys.Open(Signed(kOrigin, 41, k.b)));
  CHECK(keys.Open(Signed(second, 71, k.b)));
  CHECK_FALSE(keys.Open(Signed(kOrigin, 41, k.a)));
  CHECK_FALSE(keys.Open(Signed(kOrigin, 40, k.b)));
  CHECK_FALSE(keys.Open(Signed(kOrigin, 71, k.b)));
  CHECK_FALSE(keys.Open(Signed(second, 41, k.b)));
  CHECK_FALSE(keys.Open(Signed(kOrigin, 1, k.a)));
  CHECK(keys.Knows(FingerprintOf(k.a.public_key())));
  CHECK(keys.Knows(FingerprintOf(k.b.public_key())));
}

TEST_CASE("Handovers: TheShortFormSaysTheSame [CL-12]") {
  const Keys k;
  REQUIRE_OK_AND_ASSIGN(const Handovers keys,
                        Handovers::FromLines({k.created, k.rotated, k.epoch}));
  const auto handovers = keys.HandoversFor(71);
  CHECK(handovers.size() == 3);
  CHECK(keys.HandoversFor(40).size() == 1);
  REQUIRE_OK_AND_ASSIGN(const Handovers again, Handovers::FromHandovers(handovers));
  CHECK(again.newest().Encode() == keys.newest().Encode());
  CHECK(again.Open(Signed(kOrigin, 3, k.a)));
  CHECK_FALSE(again.Open(Signed("assay.example/other", 3, k.a)));
  for (size_t item = 0; item < handovers.size(); ++item)
    for (size_t at = 0; at < handovers[item].size(); ++at) {
      auto changed = handovers;
      changed[item][at] = static_cast<char>(changed[item][at] ^ 1);
      INFO("handover " << item << " byte " << at);
      REQUIRE_FALSE(Handovers::FromHandovers(changed));
    }
}

TEST_CASE("Handovers: RefusesAHandoverThatTheOldKeyDidNotMake [CL-12]") {
  const Keys k;
  const SigningKey thief = std::move(*SigningKey::Generate());
  CHECK_FAILS(Handovers::FromLines({k.created, Rotation(40, thief, k.b, kOrigin)}), Code::kCorrupt,
              "not from the key before");
  const Verifier before{kOrigin, k.a.public_key()}, after{kOrigin, thief.public_key()};
  const std::string by_thief = EncodeBase64(*thief.Sign(AsBytes(RotationStatement(before, after))));
  CHECK_FAILS(
      Handovers::FromHandovers({before.Encode(), after.Encode() + " " + by_thief + " " + by_thief}),
      Code::kCorrupt, "the old key did not sign");
  CHECK_FAILS(Handovers::FromHandovers({before.Encode(), after.Encode()}), Code::kCorrupt,
              "not that of the next epoch");
  CHECK_FAILS(
      Handovers::FromHandovers(
          {before.Encode(), Verifier{std::string(kOrigin) + "/epoch-2", after.key}.Encode()}),
      Code::kCorrupt, "does not change the key");
  CHECK_FAILS(Handovers::FromLines({}), Code::kCorrupt, "empty");
  CHECK_FAILS(Handovers::FromLines({k.rotated}), Code::kCorrupt, "unexpected kind");
  CHECK_FAILS(Handovers::FromLines({k.created, k.created}), Code::kCorrupt, "unexpected kind");
}

}  // namespace
}  // namespace assay::proof
