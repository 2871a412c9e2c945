// Erasing seen from outside: what is gone is gone from every byte of the disk, what explains it
// verifies, and what a crash leaves behind is made good.
#include <sqlite3.h>

#include <fstream>

#include "ledger/ledger.h"
#include "ledger/sqlite_store.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

namespace assay::ledger {
namespace {

using testing::Draft;
using testing::TestLedger;

const std::string kAnna = R"({"id":"1","mail":"anna.canary@contoso.example"})";
const std::string kBert = R"({"id":"2","mail":"bert.canary@contoso.example"})";
const std::string kResponse = "{\"value\":[" + kAnna + "," + kBert + "]}";
const std::vector<RecordRange> kMarks{{10, kAnna.size()}, {11 + kAnna.size(), kBert.size()}};
const ErasureOrder kOrder{"privacy", "E-1", "operator:0"};

/// A ledger with one read of two people; entry 2 refers to it.
BodyRef PutRead(Ledger& ledger) {
  auto body = ledger.PutBody(AsBytes(kResponse), kMarks);
  REQUIRE(body);
  EntryDraft draft = Draft(0);
  draft.body = *body;
  REQUIRE_OK(ledger.Append(draft).get());
  return *body;
}

std::string AllBytes(const std::filesystem::path& folder) {
  std::string out;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    out.append(std::istreambuf_iterator<char>(in), {});
  }
  return out;
}

VerifyReport Verified(Ledger& ledger) {
  auto report = ledger.Verify();
  REQUIRE(report);
  UNSCOPED_INFO(report->place << ": " << report->message);
  return *report;
}

TEST_CASE("Erase: TakesOneRecordOutAndTheLedgerStillVerifies [CM-6][KS-6]") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const BodyRef body = PutRead(*ledger);
  REQUIRE_OK_AND_ASSIGN(const ErasureDone done, ledger->Erase(kOrder, {{body.root, {1}}}));
  CHECK(done.segments == 1);
  CHECK(done.entries.size() == 1);
  REQUIRE_OK_AND_ASSIGN(const EntryBody left, ledger->ReadEntryBody(LeafIndex{2}));
  REQUIRE(left.segments.size() == 3);
  CHECK(left.segments[1].empty());
  CHECK(AsText(left.segments[2]) == kBert);
  CHECK(left.absent_segments.at(1) == "erased (privacy, 2026-11-20)");
  CHECK_FAILS(ledger->ReadBody(body.root), Code::kNotFound, "1 of 3 segments are erased");
  const VerifyReport report = Verified(*ledger);
  CHECK(report.ok);
  CHECK(report.absent == std::map<std::string, uint64_t>{{"erased (privacy)", 1}});
  CHECK(report.bodies_opened == 1);
  REQUIRE_OK_AND_ASSIGN(const ErasureDone again, ledger->Erase(kOrder, {{body.root, {1}}}));
  CHECK(again.entries.empty());
}

TEST_CASE("Erase: LeavesNothingOfTheOldSealOnDisk [CM-6]") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const BodyRef body = PutRead(*ledger);
  SealedBody before;
  {
    REQUIRE_OK_AND_ASSIGN(auto store, OpenSqliteStore(home.directory(), StoreMode::kRead));
    before = **store->FindBody(body.root);
  }
  REQUIRE(AllBytes(home.directory()).find(AsText(before.wrapped_key)) != std::string::npos);
  REQUIRE_OK(ledger->Erase(kOrder, {{body.root, {1}}}));
  const std::string disk = AllBytes(home.directory());
  CHECK(disk.find(AsText(before.wrapped_key)) == std::string::npos);
  CHECK(disk.find(AsText(before.parts.at(0))) == std::string::npos);
  CHECK(disk.find(AsText(ByteSpan(*before.ident))) == std::string::npos);
  CHECK(disk.find("canary") == std::string::npos);
}

TEST_CASE("Erase: TheSameBytesReadAgainAreANewBody") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const BodyRef body = PutRead(*ledger);
  REQUIRE_OK(ledger->Erase(kOrder, {{body.root, {2}}}));
  const BodyRef again = PutRead(*ledger);
  CHECK(again.root != body.root);
  REQUIRE_OK_AND_ASSIGN(const ByteVector back, ledger->ReadBody(again.root));
  CHECK(AsText(back) == kResponse);
  CHECK(Verified(*ledger).ok);
}

TEST_CASE("Erase: TakesTheSkeletonAndTheWholeBodyToo") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const BodyRef body = PutRead(*ledger);
  REQUIRE_OK(ledger->Erase(kOrder, {{body.root, {0}}}));
  CHECK(Verified(*ledger).ok);
  REQUIRE_OK(ledger->Erase(kOrder, {{body.root, {1, 2}}}));
  REQUIRE_OK_AND_ASSIGN(const EntryBody left, ledger->ReadEntryBody(LeafIndex{2}));
  CHECK(left.absent_segments.size() == 3);
  const VerifyReport report = Verified(*ledger);
  CHECK(report.ok);
  CHECK(report.absent.at("erased (privacy)") == 1);
  CHECK_FAILS(ledger->Erase(kOrder, {{body.root, {3}}}), Code::kInvalidInput, "the body has 3");
}

}  // namespace
}  // namespace assay::ledger
