// The golden vectors of docs/formats, made by another implementation (tools/verify.py).
#include "base/files.h"
#include "proof/body.h"
#include "proof/bundle.h"
#include "proof/note.h"
#include "proof/tree.h"
#include "support/matchers.h"

namespace assay::proof {
namespace {

constexpr char kFirst[] =
    R"({"actor":"engine","epoch":1,"index":0,"kind":"tenant.created","origin":"assay.example/contoso","prev":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","tenant":"7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f","time":"2026-11-20T02:16:09.123Z","v":1})";
constexpr char kSecond[] =
    R"({"actor":"engine","body":{"len":39,"records":2,"root":"Gs3fjAWAy/A0uZ/FTochOZi12SZIwKtd7UPtlO1Fl0U=","scheme":"rec/1"},"endpoint":"graph-users","epoch":1,"index":1,"kind":"read","page":0,"plugin":"graph","prev":"GFczKy9AxbBaO/xNQBrrOXTX2rxT5WofEIo6dglY4S8=","run":"R-1","status":200,"tenant":"7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f","time":"2026-11-20T02:16:09.123Z","v":1})";
constexpr char kTenant[] = "7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f";
constexpr char kResponse[] = R"({"value":[{"id":"a"},{"id":"b"}],"n":2})";
constexpr char kNote[] = R"(assay.example/contoso
2
NFih8klbnlCU2Fwf7v0aaZdH28IjWd7lC1elN2zIr5E=

— assay.example/contoso 1qHKyO9V8oqQkHq03vHq7spBWk4H6azwIS0EQQpiyuEVMQGqqaW2xEKWNeqabDQWT0hndOemo6zEp+HdxfEtVn/j3w8=
)";
constexpr char kVkey[] =
    "assay.example/contoso+d6a1cac8+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

TEST_CASE("Formats: EntryTreeIsThatOfTheDocuments") {
  CHECK(EncodeBase64(Sha256(AsBytes(kFirst))) == "GFczKy9AxbBaO/xNQBrrOXTX2rxT5WofEIo6dglY4S8=");
  CHECK(EncodeHex(HashEntry(kFirst)) ==
        "a09f23bc2ae8546af84b77701e6de4699eefc11a8a33ceeefcaae698420d3590");
  CHECK(EncodeHex(HashEntry(kSecond)) ==
        "0629dd72a766cdd0b43d85b2ea457bad4f63e646ed08badf0e76465d93f45613");
  CHECK(EncodeHex(RootOf(TreeKind::kEntry, std::vector{HashEntry(kFirst), HashEntry(kSecond)})) ==
        "3458a1f2495b9e5094d85c1feefd1a699747dbc22359dee50b57a5376cc8af91");
}

TEST_CASE("Formats: BodyIsThatOfTheDocuments") {
  const ByteSpan response = AsBytes(kResponse);
  const ByteVector skeleton = MakeSkeleton(response, {{10, 10}, {21, 10}});
  CHECK(EncodeHex(skeleton) == "020a0a010a7b2276616c7565223a5b2c5d2c226e223a327d");
  ByteVector salts;
  for (uint8_t byte : {1, 2, 3}) salts.insert(salts.end(), kSaltBytes, byte);
  const std::vector<ByteSpan> segments{skeleton, response.subspan(10, 10),
                                       response.subspan(21, 10)};
  const Digest root = RecordRoot(salts, segments);
  CHECK(EncodeHex(root) == "1acddf8c0580cbf034b99fc54e87213998b5d92648c0ab5ded43ed94ed459745");
  CHECK(EncodeHex(MakeEnvelope(salts, segments)) ==
        "030101010101010101010101010101010118020202020202020202020202020202020a03030303030303030303"
        "0303030303030a020a0a010a7b2276616c7565223a5b2c5d2c226e223a327d7b226964223a2261227d7b226964"
        "223a2262227d");
  CHECK(EncodeHex(PartAad({kTenant, 1, root, kRecordScheme}, 0, 1)) ==
        "0000000c61737361792f626f64792f310000002437663063316432652d336234612d346335642d386539662d30"
        "61316232633364346535660000000131000000201acddf8c0580cbf034b99fc54e87213998b5d92648c0ab5ded"
        "43ed94ed459745000000057265632f3100000003302f31");
}

TEST_CASE("Formats: CheckpointIsThatOfTheDocuments") {
  REQUIRE_OK_AND_ASSIGN(const Verifier verifier, Verifier::Parse(kVkey));
  REQUIRE_OK_AND_ASSIGN(const Checkpoint checkpoint, OpenCheckpoint(kNote, verifier));
  CHECK(checkpoint.size == 2);
  CHECK(EncodeHex(checkpoint.root) ==
        "3458a1f2495b9e5094d85c1feefd1a699747dbc22359dee50b57a5376cc8af91");
  CHECK(FingerprintOf(verifier.key) == "SHA256:If4x36FUomFia/hUBG/SJxt77UtqvkWqWId+9H+XIbk");
}

TEST_CASE("Formats: BundleIsThatOfTheDocuments [CL-12]") {
  const auto file = ReadFile(ASSAY_SOURCE_DIR "/docs/formats/proof-bundle.md");
  REQUIRE_OK(file);
  const std::string document(AsText(*file));
  const size_t begin = document.find("```\nc2sp.org/tlog-proof@v1\nextra ey");
  REQUIRE(begin != std::string::npos);
  const size_t end = document.find("```", begin + 4);
  const std::string text = document.substr(begin + 4, end - begin - 4);
  CHECK(EncodeHex(Sha256(AsBytes(text))) ==
        "a16f9931a402cc0c8a394d5859321a993bb6a79b30603ef664f99784cbe0f0ca");
  REQUIRE_OK_AND_ASSIGN(const Bundle bundle, ParseBundle(text));
  CHECK(bundle.line == kSecond);
  CHECK(bundle.note == kNote);
  REQUIRE_OK_AND_ASSIGN(
      const BundleFacts facts,
      VerifyBundle(bundle, {"SHA256:If4x36FUomFia/hUBG/SJxt77UtqvkWqWId+9H+XIbk", {}}));
  CHECK(AsText(bundle.record->bytes) == R"({"id":"a"})");
  CHECK(facts.first_key == facts.fingerprint);
  REQUIRE_OK_AND_ASSIGN(const std::string again, WriteBundle(bundle));
  CHECK(again == text);
}

}  // namespace
}  // namespace assay::proof
