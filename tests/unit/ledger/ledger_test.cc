// The ledger from outside: what is put in comes out, in order, and verifies.
#include "ledger/ledger.h"

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

}  // namespace
}  // namespace assay::ledger
