// Segments, envelopes and seals.
#include "proof/body.h"

#include "support/matchers.h"

namespace assay::proof {
namespace {

TEST_CASE("Body: SkeletonAndRecordsGiveTheResponseAgain") {
  const std::string response = R"({"value":[{"id":"a"},{"id":"b"}],"n":2})";
  const std::vector<Range> marks = {{10, 10}, {21, 10}};
  const ByteVector skeleton = MakeSkeleton(AsBytes(response), marks);
  const auto record = [&](const Range& r) { return AsBytes(response).subspan(r.first, r.second); };
  REQUIRE_OK_AND_ASSIGN(const ByteVector back,
                        FillSkeleton(skeleton, {record(marks[0]), record(marks[1])}));
  CHECK(AsText(back) == response);
  REQUIRE_OK_AND_ASSIGN(const auto read, ReadMarks(skeleton));
  CHECK(read == marks);
  CHECK_FAILS(FillSkeleton(skeleton, {record(marks[0])}), Code::kCorrupt, "other records");
}

TEST_CASE("Body: EnvelopeRefusesEveryCut") {
  const ByteVector salts(32, 7);
  const ByteVector envelope = MakeEnvelope(salts, {AsBytes("one"), AsBytes("second")});
  REQUIRE_OK_AND_ASSIGN(const EnvelopeView view, ReadEnvelope(envelope));
  CHECK(AsText(view.segments[1]) == "second");
  CHECK(RecordRoot(view.salts, view.segments) ==
        RecordRoot(salts, {AsBytes("one"), AsBytes("second")}));
  for (size_t n = 0; n < envelope.size(); ++n)
    CHECK_FALSE(ReadEnvelope(ByteSpan(envelope).first(n)));
  ByteVector longer = envelope;
  longer.push_back(0);
  CHECK_FAILS(ReadEnvelope(longer), Code::kCorrupt, "after the last segment");
}

TEST_CASE("Body: VarintHasOneForm") {
  for (uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{1} << 60}) {
    ByteVector bytes;
    AppendVarint(bytes, value);
    ByteSpan rest = bytes;
    CHECK(*TakeVarint(rest) == value);
    CHECK(rest.empty());
  }
  const ByteVector padded{0x80, 0x00}, endless(11, 0xff);
  ByteSpan rest = padded;
  CHECK_FAILS(TakeVarint(rest), Code::kCorrupt, "shortest form");
  rest = endless;
  CHECK_FAILS(TakeVarint(rest), Code::kCorrupt, "too long");
}

TEST_CASE("Body: SealOpensWithItsKeyAndDataOnly") {
  REQUIRE_OK_AND_ASSIGN(const SecretKey key, SecretKey::Random());
  REQUIRE_OK_AND_ASSIGN(const SecretKey other, SecretKey::Random());
  REQUIRE_OK_AND_ASSIGN(const ByteVector sealed, Seal(key, AsBytes("aad"), AsBytes("plain")));
  REQUIRE_OK_AND_ASSIGN(const SecretBytes opened, Unseal(key, AsBytes("aad"), sealed));
  CHECK(AsText(opened.span()) == "plain");
  CHECK_FAILS(Unseal(other, AsBytes("aad"), sealed), Code::kCorrupt, "authentication failed");
  CHECK_FAILS(Unseal(key, AsBytes("aae"), sealed), Code::kCorrupt, "authentication failed");
  for (size_t at = 0; at < sealed.size(); ++at) {
    ByteVector changed = sealed;
    changed[at] ^= 1;
    CHECK_FALSE(Unseal(key, AsBytes("aad"), changed));
  }
  CHECK_FAILS(Unseal(key, {}, ByteVector(27)), Code::kCorrupt, "impossible length");
}

TEST_CASE("Body: AuthenticatedDataOfTwoBodiesIsNeverTheSame") {
  const Digest root{9};
  const BodyId id{"t", 1, root, "rec/1"};
  CHECK(PartAad(id, 0, 1) != PartAad(id, 0, 2));
  CHECK(PartAad(id, 0, 1) != PartAad({"t", 2, root, "rec/1"}, 0, 1));
  CHECK(JoinPrefixed({AsBytes("a"), AsBytes("bc")}) != JoinPrefixed({AsBytes("ab"), AsBytes("c")}));
}

TEST_CASE("Sha256: HmacAgreesWithRfc4231") {
  const ByteVector key(20, 0x0b), long_key(131, 0xaa);
  CHECK(EncodeHex(HmacSha256(key, {AsBytes("Hi "), AsBytes("There")})) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(EncodeHex(HmacSha256(
            long_key, {AsBytes("Test Using Larger Than Block-Size Key - Hash Key First")})) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace
}  // namespace assay::proof
