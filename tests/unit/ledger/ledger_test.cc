// The ledger from outside: what is put in comes out, in order, and verifies.
#include "ledger/ledger.h"

#include <thread>

#include "support/matchers.h"
#include "support/test_ledger.h"

namespace assay::ledger {
namespace {

using testing::Draft;
using testing::TestLedger;

TEST_CASE("Ledger: KeepsEntriesAndBodiesAndVerifies") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const std::string response = R"({"value":[{"id":"a"},{"id":"b"}]})";
  const auto bytes = AsBytes(response);
  REQUIRE_OK_AND_ASSIGN(const BodyRef body, ledger->PutBody(bytes, {{10, 10}, {21, 10}}));
  CHECK(body.records == 2);
  CHECK(body.len == response.size());
  EntryDraft draft = Draft(1);
  draft.body = body;
  REQUIRE_OK_AND_ASSIGN(const Appended appended, ledger->Append(draft).get());
  CHECK(ToNumber(appended.index) == 2);
  REQUIRE_OK_AND_ASSIGN(const std::string note, ledger->SignCheckpoint());
  CHECK_THAT(note, Catch::Matchers::StartsWith("assay.example/contoso\n3\n"));
  REQUIRE_OK_AND_ASSIGN(const ByteVector back, ledger->ReadBody(body.root));
  CHECK(AsText(back) == response);
  REQUIRE_OK_AND_ASSIGN(const auto segments, ledger->ReadSegments(body.root));
  REQUIRE(segments.size() == 3);
  CHECK(AsText(segments[1]) == R"({"id":"a"})");
  REQUIRE_OK_AND_ASSIGN(const VerifyReport report, ledger->Verify());
  INFO(report.place << ": " << report.message);
  CHECK(report.ok);
  CHECK(report.entries == 3);
  CHECK(report.bodies_opened == 1);
  CHECK(report.checkpoints == 2);
  CHECK(report.fingerprint == ledger->Fingerprint());
}

TEST_CASE("Ledger: GoesOnWhereItWasClosed") {
  TestLedger home;
  for (int round = 0; round < 3; ++round) {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    for (int i = 0; i < 150; ++i) (void)ledger->Append(Draft(i));
    REQUIRE_OK(ledger->Sync());
  }
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  REQUIRE_OK_AND_ASSIGN(const VerifyReport report, ledger->Verify());
  INFO(report.place << ": " << report.message);
  CHECK(report.ok);
  CHECK(report.entries == 452);
}

TEST_CASE("Ledger: KeepsUnusableMarksAsOneSegment") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const std::string bytes(200, 'x');
  struct Case {
    const char* name;
    std::vector<RecordRange> marks;
  };
  for (const Case& c :
       {Case{"overlapping", {{0, 20}, {10, 20}}}, Case{"outside", {{190, 20}}},
        Case{"out of order", {{50, 5}, {10, 5}}}, Case{"overflowing", {{10, UINT64_MAX}}},
        Case{"too many", std::vector<RecordRange>(13, {0, 0})}}) {
    DYNAMIC_SECTION(c.name) {
      REQUIRE_OK_AND_ASSIGN(const BodyRef ref, ledger->PutBody(AsBytes(bytes), c.marks));
      CHECK(ref.records == 0);
      REQUIRE_OK_AND_ASSIGN(const ByteVector back, ledger->ReadBody(ref.root));
      CHECK(AsText(back) == bytes);
    }
  }
}

TEST_CASE("Ledger: RefersToTheEarlierBodyForBytesSeenBefore") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const std::string bytes(100, 'y');
  REQUIRE_OK_AND_ASSIGN(const BodyRef first, ledger->PutBody(AsBytes(bytes), {{0, 10}}));
  REQUIRE_OK_AND_ASSIGN(const BodyRef again, ledger->PutBody(AsBytes(bytes), {{0, 10}}));
  REQUIRE_OK_AND_ASSIGN(const BodyRef other, ledger->PutBody(AsBytes(bytes), {{0, 11}}));
  CHECK(first.root == again.root);
  CHECK(first.root != other.root);
}

TEST_CASE("Ledger: KeepsABodyOfSeveralParts") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  ByteVector bytes(20u << 20);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * i >> 7);
  REQUIRE_OK_AND_ASSIGN(const BodyRef ref, ledger->PutBody(bytes, {{0, 100}, {9u << 20, 5000}}));
  REQUIRE_OK_AND_ASSIGN(const ByteVector back, ledger->ReadBody(ref.root));
  CHECK(back == bytes);
}

TEST_CASE("Ledger: KeepsOneSegmentForEachSubject") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  REQUIRE_OK_AND_ASSIGN(const BodyRef ref, ledger->PutSegments({"anna", "", "bert"}));
  CHECK(ref.scheme == "seg/1");
  REQUIRE_OK_AND_ASSIGN(const auto segments, ledger->ReadSegments(ref.root));
  REQUIRE(segments.size() == 3);
  CHECK(AsText(segments[2]) == "bert");
  CHECK_FAILS(ledger->PutSegments({}), Code::kInvalidInput, "no segment");
}

TEST_CASE("Ledger: RefusesDraftsThatAreNotAllowed") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const auto append = [&](std::string kind, MemberMap members) {
    return ledger->Append({std::move(kind), "engine", std::move(members), {}}).get();
  };
  CHECK_FAILS(append("read", {{"index", 1}}), Code::kInvalidInput, "ledger's own");
  CHECK_FAILS(append("Read", {}), Code::kInvalidInput, "lower-case word");
  CHECK_FAILS(append("read", {{"Key", 1}}), Code::kInvalidInput, "lower-case word");
  CHECK_FAILS(append("read", {{"n", -1}}), Code::kInvalidInput, "outside 0..2^53-1");
  CHECK_FAILS(append("read", {{"s", "\xff"}}), Code::kInvalidInput, "not UTF-8");
  CHECK_FAILS(append("read", {{"s", std::string(5000, 'a')}}), Code::kLimitExceeded, "4096 bytes");
  REQUIRE_OK(append("read", {{"l", MemberList{1, "two"}}, {"o", MemberMap{{"b", 1}, {"a", 2}}}}));
  CHECK(ledger->Verify()->ok);
}

TEST_CASE("Ledger: OpenNamesWhatIsMissing") {
  TestLedger home;
  CHECK_FAILS(Ledger::Open(home.Options(false)), Code::kNotFound, "holds no ledger");
  CHECK_FAILS(home.OpenReadOnly(), Code::kNotFound, "holds no ledger");
  REQUIRE_OK(home.Open());
  auto options = home.Options();
  options.ledger_key_file = (home.root() / "other.pem").string();
  CHECK_FAILS(Ledger::Open(options), Code::kNotFound, "no such key file");
  options = home.Options();
  options.tenant = *TenantId::Parse("00000000-3b4a-4c5d-8e9f-0a1b2c3d4e5f");
  CHECK_FAILS(Ledger::Open(options), Code::kCorrupt, "belongs to tenant");
  std::filesystem::permissions(home.root() / "master.key", std::filesystem::perms(0644));
  CHECK_FAILS(home.Open(), Code::kDenied, "open to group or others");
}

TEST_CASE("Ledger: AppendsFromSeveralThreadsInOneOrder") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&ledger, t] {
      for (int i = 0; i < 200; ++i) {
        (void)ledger->PutBody(AsBytes("body " + std::to_string(t * 1000 + i % 10)), {});
        (void)ledger->Append(Draft(t * 1000 + i));
      }
    });
  for (std::thread& thread : threads) thread.join();
  REQUIRE_OK_AND_ASSIGN(const Head head, ledger->Sync());
  CHECK(ToNumber(head.size) == 802);
  CHECK(ledger->Verify()->ok);
}

}  // namespace
}  // namespace assay::ledger
