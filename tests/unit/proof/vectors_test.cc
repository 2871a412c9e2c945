// Vectors that others wrote, all of those that are of something that we do. [CL-12]
// ../shared/samples is beside the checkout on the project's own machines; elsewhere each test says
// aloud that it did not run. Counts are printed, so that a vector that vanishes is seen.
#include <Poco/Dynamic/Var.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <cstdio>

#include "base/text.h"
#include "proof/aead.h"
#include "proof/bundle.h"
#include "proof/canonical_json.h"
#include "unit/proof/samples.h"

namespace assay::proof {
namespace {

using Object = Poco::JSON::Object;

/// The groups of one Wycheproof file, none when it is absent.
std::vector<Object::Ptr> WycheproofGroups(const std::string& name) {
  const auto file = testing::SampleRoot() / "wycheproof/vectors" / (name + "_test.public.json");
  std::vector<Object::Ptr> out;
  const std::string text = testing::ReadText(file);
  if (text.empty()) return out;
  const auto root = Poco::JSON::Parser().parse(text).extract<Object::Ptr>();
  const auto groups = root->getArray("testGroups");
  for (size_t i = 0; i < groups->size(); ++i)
    out.push_back(groups->getObject(static_cast<unsigned>(i)));
  return out;
}

template <typename Each>
int EachTest(const Object::Ptr& group, const Each& each) {
  const auto tests = group->getArray("tests");
  for (size_t i = 0; i < tests->size(); ++i) {
    const auto test = tests->getObject(static_cast<unsigned>(i));
    INFO("tcId " << test->getValue<int>("tcId"));
    each(*test, test->getValue<std::string>("result") == "valid");
  }
  return static_cast<int>(tests->size());
}

ByteVector Hex(const Object& object, const std::string& key) {
  const auto bytes = ParseHex(object.getValue<std::string>(key));
  REQUIRE_OK(bytes);
  return *bytes;
}

TEST_CASE("Vectors: WycheproofEd25519") {
  int seen = 0;
  for (const auto& group : WycheproofGroups("ed25519")) {
    const ByteVector bytes = Hex(*group->getObject("publicKey"), "pk");
    PublicKey key;
    REQUIRE(bytes.size() == key.size());
    std::copy(bytes.begin(), bytes.end(), key.begin());
    seen += EachTest(group, [&](const Object& test, bool valid) {
      const ByteVector wanted = Hex(test, "sig"), message = Hex(test, "msg");
      Signature signature{};
      const bool whole = wanted.size() == signature.size();
      if (whole) std::copy(wanted.begin(), wanted.end(), signature.begin());
      CHECK((whole && VerifySignature(key, message, signature)) == valid);
    });
  }
  testing::SayWhenAbsent(seen, "wycheproof ed25519");
  std::printf("wycheproof ed25519: %d vectors\n", seen);
}

TEST_CASE("Vectors: WycheproofHmacSha256") {
  int seen = 0;
  for (const auto& group : WycheproofGroups("hmac_sha256"))
    seen += EachTest(group, [&](const Object& test, bool valid) {
      const ByteVector key = Hex(test, "key"), message = Hex(test, "msg"), tag = Hex(test, "tag");
      const Digest made = HmacSha256(key, {message});
      REQUIRE(tag.size() <= made.size());
      CHECK(std::equal(tag.begin(), tag.end(), made.begin()) == valid);
    });
  testing::SayWhenAbsent(seen, "wycheproof hmac_sha256");
  std::printf("wycheproof hmac_sha256: %d vectors\n", seen);
}

TEST_CASE("Vectors: WycheproofAesGcm") {
  int seen = 0, other = 0;
  for (const auto& group : WycheproofGroups("aes_gcm")) {
    const bool ours = group->getValue<int>("keySize") == 256 &&
                      group->getValue<int>("ivSize") == 96 &&
                      group->getValue<int>("tagSize") == 128;
    if (!ours) {
      other += static_cast<int>(group->getArray("tests")->size());
      continue;
    }
    seen += EachTest(group, [&](const Object& test, bool valid) {
      REQUIRE_OK_AND_ASSIGN(const SecretKey key, SecretKey::From(Hex(test, "key")));
      ByteVector sealed = Hex(test, "iv");
      AppendBytes(sealed, Hex(test, "ct"));
      AppendBytes(sealed, Hex(test, "tag"));
      const ByteVector aad = Hex(test, "aad");
      const auto opened = Unseal(key, aad, sealed);
      CHECK(opened.has_value() == valid);
      if (opened && valid) {
        const ByteVector message = Hex(test, "msg");
        CHECK(std::equal(message.begin(), message.end(), opened->span().begin(),
                         opened->span().end()));
      }
    });
  }
  testing::SayWhenAbsent(seen, "wycheproof aes_gcm");
  std::printf("wycheproof aes_gcm: %d vectors, %d with keys, nonces or tags of other lengths\n",
              seen, other);
}

// Of algorithms that no code of ours calls (TLS and time stamps use some through OpenSSL).
TEST_CASE("Vectors: WycheproofOthersAreOfWhatWeDoNotUse") {
  int seen = 0;
  for (const char* name : {"aes_gmac", "aes_kwp", "chacha20_poly1305", "ecdsa_secp256r1_sha256",
                           "ecdsa_secp256r1_sha256_p1363", "ecdsa_secp384r1_sha384", "ed448",
                           "hkdf_sha256", "hmac_sha512", "pbkdf2_hmacsha256",
                           "rsa_pss_2048_sha256_mgf1_32", "rsa_signature_2048_sha256"})
    for (const auto& group : WycheproofGroups(name))
      seen += static_cast<int>(group->getArray("tests")->size());
  std::printf("wycheproof, other algorithms: %d vectors read, none is ours\n", seen);
}

// Entries of a log that other software made, its tiles, and proofs of ours between its sizes.
TEST_CASE("Vectors: TesseraTilesAreTheHashesOfTheirEntries") {
  int tiles = 0;
  std::vector<std::vector<Digest>> all;
  for (uint64_t size = 1; size <= 255; ++size) {
    const auto folder = testing::SampleRoot() / "tlog-tiles-tessera/log";
    const auto tile = ReadFile(folder / ("tile__0__000.p__" + std::to_string(size)));
    const auto entries = ReadFile(folder / ("tile__entries__000.p__" + std::to_string(size)));
    if (!tile || !entries) continue;
    std::vector<Digest> leaves;
    for (ByteSpan rest = *entries; rest.size() >= 2;) {
      const size_t length = size_t{rest[0]} << 8 | rest[1];
      REQUIRE(rest.size() >= 2 + length);
      leaves.push_back(HashEntry(AsText(rest.subspan(2, length))));
      rest = rest.subspan(2 + length);
    }
    REQUIRE(leaves.size() == size);
    ByteVector hashes;
    for (const Digest& leaf : leaves) AppendBytes(hashes, leaf);
    CHECK(hashes == *tile);
    all.push_back(std::move(leaves));
    ++tiles;
  }
  for (const auto& from : all)
    for (const auto& to : all) {
      if (from.size() > to.size()) continue;
      const HashReader read = [&](unsigned level, uint64_t index) -> Result<Digest> {
        return RootOf(TreeKind::kEntry, {to.begin() + static_cast<long>(index << level),
                                         to.begin() + static_cast<long>((index + 1) << level)});
      };
      REQUIRE_OK_AND_ASSIGN(const auto path,
                            ConsistencyProof(TreeKind::kEntry, from.size(), to.size(), read));
      CHECK(VerifyConsistency(TreeKind::kEntry, from.size(), RootOf(TreeKind::kEntry, from),
                              to.size(), RootOf(TreeKind::kEntry, to), path));
    }
  testing::SayWhenAbsent(tiles, "tlog-tiles-tessera");
  std::printf("tlog-tiles-tessera: %d tiles with their entries\n", tiles);
}

// Proofs about a subtree [start, end) are of a later draft and nothing that we make or read. Those
// that begin at 0 are ordinary proofs and are looked at; the others are counted as read.
TEST_CASE("Vectors: SubtreeProofsThatBeginAtZeroAreOrdinaryOnes") {
  int seen = 0, other = 0;
  for (const auto& file : testing::SampleFiles("rfc9162-merkle/subtreeinclusion")) {
    INFO(file.filename().string());
    const auto v = testing::ReadSample(file);
    if (v.Number("start") != 0) {
      ++other;
      continue;
    }
    const bool holds = VerifyInclusion(TreeKind::kEntry, v.Hash("leafHash"), v.Number("leafIdx"),
                                       v.Number("end"), v.Hashes("proof"), v.Hash("root"))
                           .has_value() &&
                       v.well_formed();
    CHECK(holds != v.Flag("wantErr"));
    ++seen;
  }
  for (const auto& file : testing::SampleFiles("rfc9162-merkle/subtreeconsistency")) {
    INFO(file.filename().string());
    const auto v = testing::ReadSample(file);
    if (v.Number("start") != 0 || v.Number("end") == 0) {
      ++other;
      continue;
    }
    const bool holds = VerifyConsistency(TreeKind::kEntry, v.Number("end"), v.Hash("root1"),
                                         v.Number("size"), v.Hash("root2"), v.Hashes("proof"))
                           .has_value() &&
                       v.well_formed();
    // One vector has roots that are no SHA-256 hashes; no Digest can hold them.
    if (v.well_formed() || v.Flag("wantErr")) CHECK(holds != v.Flag("wantErr"));
    ++seen;
  }
  testing::SayWhenAbsent(seen, "rfc9162-merkle subtrees");
  std::printf("rfc9162-merkle subtrees: %d from 0, %d read and not ours\n", seen, other);
}

TEST_CASE("Vectors: JcsOutputsAreTheirHexForms") {
  int seen = 0, ours = 0;
  for (const auto& file : testing::SampleFiles("rfc8785-jcs/output")) {
    const std::string output = testing::ReadText(file);
    std::string hex = testing::ReadText(testing::SampleRoot() / "rfc8785-jcs/outhex" /
                                        (file.stem().string() + ".txt"));
    std::erase_if(hex, [](char c) { return c == ' ' || c == '\n' || c == '\r'; });
    CHECK(hex == EncodeHex(AsBytes(output)));
    // Two of them hold what the restricted form has not: floats, true, null, keys beyond ASCII.
    const auto json = ReadJson(output);
    if (json) CHECK(WriteJson(*json) == output);
    ours += json ? 1 : 0;
    ++seen;
  }
  testing::SayWhenAbsent(seen, "rfc8785-jcs");
  std::printf("rfc8785-jcs: %d outputs, %d within the restricted form\n", seen, ours);
}

TEST_CASE("Vectors: C2spExamplesReadAsTheirSpecificationsSay") {
  const auto read = [](const std::string& name) {
    std::string text = testing::ReadText(testing::SampleRoot() / "c2sp-notes/notes" / name);
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    return text;
  };
  const std::string lines = read("tlog-witness_2.txt");
  testing::SayWhenAbsent(lines.empty() ? 0 : 1, "c2sp-notes");
  if (lines.empty()) return;
  REQUIRE_OK_AND_ASSIGN(const Note note, ParseNote("text\n\n" + lines));
  CHECK(note.signatures.size() == 3);
  for (const NoteSignature& line : note.signatures) CHECK(line.bytes.size() == 72);
  // Both are printed with dots in the middle of their base64: not whole, and refused.
  CHECK_FALSE(ParseNote("text\n\n" + read("tlog-witness_4.txt")));
  CHECK_FALSE(ParseBundle(read("tlog-proof_1.txt")));
  const std::string request = read("tlog-witness_1.txt");
  REQUIRE_OK_AND_ASSIGN(const Note submitted, ParseNote(request.substr(request.find("\n\n") + 2)));
  CHECK(Checkpoint::Parse(submitted.text));
  std::printf("c2sp-notes: 6 files\n");
}

}  // namespace
}  // namespace assay::proof
