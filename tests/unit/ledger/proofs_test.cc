// Bundles from a ledger: one entry, one record, growth; shown with nothing but the file. [CL-12]
#include "ledger/proofs.h"

#include <algorithm>

#include "base/files.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

namespace assay::ledger {
namespace {

using proof::ParseBundle;
using proof::VerifyBundle;
using testing::Draft;
using testing::TestLedger;

const std::string kResponse = R"({"value":[{"id":"a"},{"id":"b"}],"n":2})";

/// A ledger with one read of two records and its note.
struct Shown {
  TestLedger home;
  std::unique_ptr<Ledger> ledger;
  LeafIndex read{};
  std::string note;

  explicit Shown(const std::vector<RecordRange>& marks = {{10, 10}, {21, 10}}, int more = 30) {
    auto opened = home.Open();
    REQUIRE_OK(opened);
    ledger = std::move(*opened);
    auto body = ledger->PutBody(AsBytes(kResponse), marks);
    REQUIRE_OK(body);
    EntryDraft draft = Draft(0);
    draft.body = *body;
    auto appended = ledger->Append(draft).get();
    REQUIRE_OK(appended);
    read = appended->index;
    for (int i = 0; i < more; ++i) (void)ledger->Append(Draft(i));
    auto signed_note = ledger->SignCheckpoint();
    REQUIRE_OK(signed_note);
    note = *signed_note;
  }
  Result<std::string> Prove(std::optional<uint64_t> segment) {
    ASSAY_ASSIGN(const auto proofs, ledger->OpenProofs());
    return proofs->Prove(read, segment);
  }
};

TEST_CASE("Bundle: ShowsOneEntryWithNothingButTheFile [CL-12]") {
  Shown shown;
  REQUIRE_OK_AND_ASSIGN(const std::string text, shown.Prove({}));
  REQUIRE_OK_AND_ASSIGN(const proof::Bundle bundle, ParseBundle(text));
  REQUIRE_OK_AND_ASSIGN(const auto facts, VerifyBundle(bundle, {shown.ledger->Fingerprint(), {}}));
  CHECK(facts.kind == "read");
  CHECK(facts.head.size == 33);
  CHECK(facts.fingerprint == shown.ledger->Fingerprint());
  CHECK_FAILS(VerifyBundle(bundle, {"SHA256:other", {}}), Code::kCorrupt,
              "never signed this ledger");
}

TEST_CASE("Bundle: ShowsOneRecordWithoutTheRestOfTheBody [CL-12]") {
  Shown shown;
  REQUIRE_OK_AND_ASSIGN(const std::string text, shown.Prove(2));
  REQUIRE_OK_AND_ASSIGN(const proof::Bundle bundle, ParseBundle(text));
  REQUIRE_OK(VerifyBundle(bundle, {}));
  CHECK(AsText(bundle.record->bytes) == R"({"id":"b"})");
  CHECK(bundle.record->segments == 3);
  // Neither the other record nor what lies between them is in the file, in any of its codings.
  const std::string disclosure = text.substr(text.find("extra ") + 6);
  REQUIRE_OK_AND_ASSIGN(const ByteVector inner,
                        ParseBase64(disclosure.substr(0, disclosure.find('\n'))));
  for (const std::string& hidden : {std::string(R"({"id":"a"})"), std::string(R"("value")")}) {
    CHECK(AsText(inner).find(hidden) == std::string::npos);
    CHECK(AsText(inner).find(EncodeBase64(AsBytes(hidden)).substr(0, 14)) == std::string::npos);
  }
}

TEST_CASE("Bundle: EveryFlippedBitAndEveryCutIsRefused [CL-12]") {
  Shown shown;
  REQUIRE_OK_AND_ASSIGN(const std::string text, shown.Prove(1));
  const auto holds = [](const std::string& changed) {
    const auto bundle = ParseBundle(changed);
    return bundle && VerifyBundle(*bundle, {}).has_value();
  };
  REQUIRE(holds(text));
  for (size_t at = 0; at < text.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      INFO("byte " << at << " bit " << bit);
      REQUIRE_FALSE(holds(changed));
    }
  for (size_t length = 0; length < text.size(); ++length)
    REQUIRE_FALSE(holds(text.substr(0, length)));
  REQUIRE_FALSE(holds(text + "\n"));
}

TEST_CASE("Bundle: PartsOfTwoGoodBundlesDoNotMix [CL-12]") {
  Shown shown;
  REQUIRE_OK_AND_ASSIGN(const std::string one, shown.Prove(1));
  REQUIRE_OK_AND_ASSIGN(const std::string two, shown.Prove(2));
  REQUIRE_OK_AND_ASSIGN(const proof::Bundle a, ParseBundle(one));
  REQUIRE_OK_AND_ASSIGN(const proof::Bundle b, ParseBundle(two));
  proof::Bundle mixed = a;
  mixed.record->bytes = b.record->bytes;
  CHECK_FAILS(VerifyBundle(mixed, {}), Code::kCorrupt, "leads to another root");
  mixed = a;
  mixed.record->segment = 2;
  CHECK_FAILS(VerifyBundle(mixed, {}), Code::kCorrupt, "record");
  mixed = a;
  mixed.record->segments = 4;
  CHECK_FAILS(VerifyBundle(mixed, {}), Code::kCorrupt, "the entry's body has 3");
  mixed = a;
  mixed.index = 3;
  CHECK_FAILS(VerifyBundle(mixed, {}), Code::kCorrupt, "says that it is entry 2, not 3");
  mixed = a;
  mixed.keys.push_back(a.line);
  CHECK_FAILS(VerifyBundle(mixed, {}), Code::kCorrupt, "handovers");
  Shown other;
  REQUIRE_OK_AND_ASSIGN(const std::string third, other.Prove(1));
  REQUIRE_OK_AND_ASSIGN(const proof::Bundle c, ParseBundle(third));
  mixed = a;
  mixed.note = c.note;
  CHECK_FAILS(VerifyBundle(mixed, {}), Code::kCorrupt, "not signed by");
}

TEST_CASE("Bundle: WhatACollectorMarkedWronglyIsNotShownAsARecord [CL-12]") {
  // Two people in one record; a half; and the skeleton.
  Shown two({{10, 21}});
  CHECK_FAILS(two.Prove(1), Code::kDenied, "not one whole JSON value");
  Shown half({{11, 5}});
  CHECK_FAILS(half.Prove(1), Code::kDenied, "not one whole JSON value");
  CHECK_FAILS(half.Prove(0), Code::kDenied, "between the records");
  CHECK_FAILS(half.Prove(9), Code::kNotFound, "has segments 0 to 1");
  // Nor does a verifier take it from someone who writes the bundle himself.
  REQUIRE_OK_AND_ASSIGN(const std::string text, half.Prove({}));
  REQUIRE_OK_AND_ASSIGN(proof::Bundle bundle, ParseBundle(text));
  REQUIRE_OK_AND_ASSIGN(const std::string good, Shown().Prove(1));
  REQUIRE_OK_AND_ASSIGN(const proof::Bundle whole, ParseBundle(good));
  proof::Bundle forged = whole;
  forged.record->bytes = {'{'};
  CHECK_FALSE(VerifyBundle(forged, {}));
}

TEST_CASE("Bundle: AnEntryAfterTheNewestHeadIsNotProvedYet") {
  Shown shown;
  REQUIRE_OK_AND_ASSIGN(const Appended late, shown.ledger->Append(Draft(99)).get());
  REQUIRE_OK_AND_ASSIGN(const auto proofs, shown.ledger->OpenProofs());
  CHECK_FAILS(proofs->Prove(late.index, {}), Code::kUnavailable, "covers 33 entries");
  CHECK_FAILS(proofs->Prove(LeafIndex{1000}, {}), Code::kNotFound, "entry 1000");
}

TEST_CASE("Bundle: GrowthFromAnEarlierNoteIsShown [CL-12]") {
  Shown shown;
  for (int i = 0; i < 700; ++i) (void)shown.ledger->Append(Draft(i));
  REQUIRE_OK_AND_ASSIGN(const std::string newer, shown.ledger->SignCheckpoint());
  REQUIRE_OK_AND_ASSIGN(const auto proofs, shown.ledger->OpenProofs());
  REQUIRE_OK_AND_ASSIGN(const std::string text, proofs->ProveConsistency(shown.note));
  REQUIRE_OK_AND_ASSIGN(const auto bundle, proof::ParseConsistencyBundle(text));
  REQUIRE_OK_AND_ASSIGN(const auto facts, VerifyBundle(bundle, {shown.ledger->Fingerprint(), {}}));
  CHECK(facts.from.size == 33);
  CHECK(facts.to.size == 733);
  for (size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto again = proof::ParseConsistencyBundle(changed);
    REQUIRE_FALSE((again && VerifyBundle(*again, {}).has_value()));
  }
  // A note that the same key signed for another tree.
  Shown other;
  CHECK_FAILS(proofs->ProveConsistency(other.note), Code::kCorrupt, "not signed by");
}

TEST_CASE("Bundle: EveryInclusionPathHoldsAcrossTiles") {
  Shown shown({}, 70'000);
  REQUIRE_OK_AND_ASSIGN(const auto proofs, shown.ledger->OpenProofs());
  const uint64_t size = proofs->head().size;
  CHECK(size == 70'003);
  for (uint64_t index = 0; index < size; index += index < 600 || index > size - 600 ? 1 : 997) {
    REQUIRE_OK_AND_ASSIGN(const std::string line, shown.ledger->ReadLine(LeafIndex{index}));
    REQUIRE_OK_AND_ASSIGN(const auto path, proofs->InclusionPath(LeafIndex{index}));
    REQUIRE_OK(proof::VerifyInclusion(proof::TreeKind::kEntry, proof::HashEntry(line), index, size,
                                      path, proofs->head().root));
  }
  for (const uint64_t from : {1ul, 2ul, 255ul, 256ul, 257ul, 65536ul, 65537ul, 69'999ul}) {
    REQUIRE_OK_AND_ASSIGN(const Digest root, proofs->RootAt(TreeSize{from}));
    REQUIRE_OK_AND_ASSIGN(const auto path, proofs->ConsistencyPath(TreeSize{from}));
    REQUIRE_OK(proof::VerifyConsistency(proof::TreeKind::kEntry, from, root, size,
                                        proofs->head().root, path));
  }
}

TEST_CASE("Bundle: BesideTheRecordAtMostFourKilobytes [CL-12]") {
  // As many hashes as 2^20 entries and 100,000 records of a body need.
  Shown shown;
  REQUIRE_OK_AND_ASSIGN(const std::string text, shown.Prove(1));
  REQUIRE_OK_AND_ASSIGN(proof::Bundle bundle, ParseBundle(text));
  bundle.path.assign(20, Digest{});
  bundle.record->path.assign(17, Digest{});
  bundle.record->segment = 99'999;
  bundle.record->segments = 100'001;
  bundle.record->bytes.clear();
  bundle.index = 1'048'575;
  REQUIRE_OK_AND_ASSIGN(const std::string largest, proof::WriteBundle(bundle));
  INFO("bundle beside the record: " << largest.size() << " bytes");
  CHECK(largest.size() <= 4096);
}

TEST_CASE("Proofs: KnownCosignatureLinesGoWithTheNote [CL-12]") {
  Shown shown;
  REQUIRE_OK_AND_ASSIGN(const auto key, proof::SigningKey::Generate());
  const proof::Cosigner witness{"witness.example/w1", key.public_key()};
  REQUIRE_OK_AND_ASSIGN(const proof::Note note, proof::ParseNote(shown.note));
  REQUIRE_OK_AND_ASSIGN(const std::string line,
                        proof::Cosign(note.text, witness.name, key, 1'800'000'000));
  EntryDraft draft{"checkpoint.cosigned",
                   "engine",
                   {{"size", 33}, {"line", line}, {"vkey", witness.Encode()}},
                   {}};
  REQUIRE_OK(shown.ledger->Append(draft).get());
  REQUIRE_OK_AND_ASSIGN(const auto proofs, shown.ledger->OpenProofs());
  CHECK(proofs->note() == shown.note + line + "\n");
  REQUIRE_OK_AND_ASSIGN(const std::string text, proofs->Prove(shown.read, {}));
  REQUIRE_OK_AND_ASSIGN(const proof::Bundle bundle, ParseBundle(text));
  REQUIRE_OK_AND_ASSIGN(const auto facts, VerifyBundle(bundle, {"", {witness}}));
  REQUIRE(facts.cosignatures.size() == 1);
  CHECK(facts.cosignatures[0].time == 1'800'000'000);
  CHECK(shown.ledger->Verify()->ok);
}

TEST_CASE("Proofs: AChangedTreeGivesNone [CL-12]") {
  Shown shown;
  CHECK_FAILS(TestLedger().OpenReadOnly(), Code::kNotFound, "holds no ledger");
  shown.ledger.reset();
  const auto path = shown.home.directory() / "ledger.db";
  REQUIRE_OK_AND_ASSIGN(ByteVector bytes, ReadFile(path));
  const std::string wanted = "graph-users";
  const auto at = std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end());
  REQUIRE(at != bytes.end());
  *at ^= 1;
  REQUIRE_OK(WriteFileDurably(path, bytes));
  REQUIRE_OK_AND_ASSIGN(const auto ledger, shown.home.OpenReadOnly());
  CHECK_FAILS(ledger->OpenProofs(), Code::kCorrupt, "FORKED");
}

}  // namespace
}  // namespace assay::ledger
