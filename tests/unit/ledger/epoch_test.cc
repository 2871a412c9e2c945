// Behind or forked from a signed head: reads go on, appends do not, and the way on is an epoch that
// says what is missing.
#include "ledger/epoch.h"

#include "base/files.h"
#include "ledger/checkpoint_log.h"
#include "ledger/line.h"
#include "support/matchers.h"
#include "support/sql.h"
#include "support/test_ledger.h"

namespace assay::ledger {
namespace {

namespace fs = std::filesystem;
using testing::Draft;
using testing::TestLedger;

void CopyOver(const fs::path& from, const fs::path& to) {
  fs::copy_file(from, to, fs::copy_options::overwrite_existing);
}

std::string AppendAndSign(const TestLedger& home, int entries, int first = 0) {
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  for (int i = 0; i < entries; ++i) REQUIRE_OK(ledger->Append(Draft(first + i)).get());
  REQUIRE_OK_AND_ASSIGN(std::string note, ledger->SignCheckpoint());
  return note;
}

// A ledger whose database is put back to an older state while its log stays: 5 entries of 12.
std::string MakeTruncated(const TestLedger& home) {
  AppendAndSign(home, 3);
  fs::copy(home.directory(), home.root() / "older");
  AppendAndSign(home, 3);
  const std::string newest = AppendAndSign(home, 4);
  CopyOver(home.root() / "older/ledger.db", home.directory() / "ledger.db");
  return newest;
}

// Two ledgers that went on from one state: the log of the one beside the database of the other.
void MakeForked(const TestLedger& home) {
  AppendAndSign(home, 1);
  fs::copy(home.directory(), home.root() / "older");
  AppendAndSign(home, 2);
  fs::rename(home.directory(), home.root() / "first");
  fs::rename(home.root() / "older", home.directory());
  AppendAndSign(home, 6, 100);
  CopyOver(home.root() / "first/checkpoints.log", home.directory() / "checkpoints.log");
}

void CheckVerifies(const TestLedger& home, uint64_t entries, uint32_t epoch) {
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  CHECK_FALSE(ledger->Fault());
  REQUIRE_OK_AND_ASSIGN(const VerifyReport report, ledger->Verify());
  INFO(report.place << ": " << report.message);
  CHECK(report.ok);
  CHECK(report.entries == entries);
  CHECK(report.head.epoch == epoch);
}

TEST_CASE("Epoch: TruncatedLedgerReadsOnAndTakesNoAppend [CL-12]") {
  TestLedger home;
  MakeTruncated(home);
  CHECK_FAILS(home.Open(), Code::kCorrupt, "TRUNCATED");
  CHECK(home.Open().error().id == "AS-LED-003");
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  REQUIRE(ledger->Fault());
  CHECK_THAT(ledger->Fault()->message,
             Catch::Matchers::Contains("signed head of 12 entries and the database has 5"));
  REQUIRE_OK(ledger->ReadLine(LeafIndex{4}));
  CHECK_FAILS(ledger->Append(Draft(1)).get(), Code::kCorrupt, "TRUNCATED");
  CHECK_FAILS(ledger->PutSegments({"x"}), Code::kCorrupt, "TRUNCATED");
}

TEST_CASE("Epoch: AcceptedLossGoesOnUnderANewNameThatSaysWhatIsMissing [CL-12]") {
  TestLedger home;
  const std::string newest = MakeTruncated(home);
  REQUIRE_OK_AND_ASSIGN(const EpochOutcome dry, StartEpoch(home.Options(), {.dry_run = true}));
  CHECK_FALSE(dry.started);
  CHECK(dry.lost == 7);
  CHECK_FAILS(home.Open(), Code::kCorrupt, "TRUNCATED");

  REQUIRE_OK_AND_ASSIGN(const EpochOutcome outcome, StartEpoch(home.Options(), {}));
  CHECK(outcome.started);
  CHECK(outcome.epoch == 2);
  CHECK(outcome.notes == 2);
  CHECK(outcome.known_size == 12);
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  REQUIRE_OK_AND_ASSIGN(const std::string line, ledger->ReadLine(LeafIndex{5}));
  REQUIRE_OK_AND_ASSIGN(const LineFacts facts, ParseLine(line));
  CHECK(facts.kind == "epoch.started");
  CHECK(facts.epoch == 2);
  CHECK(proof::IntegerAt(facts.members, "known_size") == 12);
  CHECK(proof::IntegerAt(facts.members, "lost") == 7);
  REQUIRE(facts.body);
  REQUIRE_OK_AND_ASSIGN(const auto notes, ledger->ReadSegments(facts.body->root));
  REQUIRE(notes.size() == 2);
  CHECK(AsText(notes[1]) == newest);
  REQUIRE_OK(ledger->Append(Draft(1)).get());
  REQUIRE_OK_AND_ASSIGN(const std::string note, ledger->SignCheckpoint());
  CHECK_THAT(note, Catch::Matchers::StartsWith("assay.example/contoso/epoch-2\n7\n"));
  CHECK(ledger->Keys().back().kind == "epoch.started");
  CHECK(ledger->Keys().back().fingerprint == ledger->Keys().front().fingerprint);
  ledger.reset();
  CheckVerifies(home, 7, 2);
  REQUIRE_OK_AND_ASSIGN(const auto log, CheckpointLog(home.directory() / "checkpoints.log").Read());
  for (const std::string& one : log.notes) CHECK(one != newest);
}

TEST_CASE("Epoch: ForkedLedgerGoesOnAsAnEpochToo [CL-12]") {
  TestLedger home;
  MakeForked(home);
  CHECK_FAILS(home.Open(), Code::kCorrupt, "FORKED");
  CHECK(home.Open().error().id == "AS-LED-004");
  REQUIRE_OK_AND_ASSIGN(auto reader, home.OpenReadOnly());
  CHECK_FAILS(reader->Append(Draft(1)).get(), Code::kCorrupt, "FORKED");
  reader.reset();
  REQUIRE_OK_AND_ASSIGN(const EpochOutcome outcome, StartEpoch(home.Options(), {}));
  CHECK(outcome.started);
  CHECK(outcome.lost == 0);
  CHECK(outcome.known_size == 5);
  CheckVerifies(home, 10, 2);
}

TEST_CASE("Epoch: NothingLostStartsNone") {
  TestLedger home;
  const std::string note = AppendAndSign(home, 3);
  REQUIRE_OK_AND_ASSIGN(const EpochOutcome outcome,
                        StartEpoch(home.Options(), {.known_notes = {note}}));
  CHECK_FALSE(outcome.started);
  CHECK(outcome.epoch == 1);
  CheckVerifies(home, 5, 1);
  CHECK_FAILS(StartEpoch(home.Options(), {.reason = "because"}), Code::kInvalidInput, "because");
}

TEST_CASE("Epoch: RestoredCopyNamesWhatAWitnessKnows [CL-12]") {
  TestLedger home;
  AppendAndSign(home, 3);
  fs::copy(home.directory(), home.root() / "older");
  const std::string outside = AppendAndSign(home, 4);
  fs::remove_all(home.directory());
  fs::rename(home.root() / "older", home.directory());
  CheckVerifies(home, 5, 1);  // alone it looks whole: only the outside copy tells
  EpochRequest request{.reason = "restored", .known_notes = {outside}};
  REQUIRE_OK_AND_ASSIGN(const EpochOutcome outcome, StartEpoch(home.Options(), request));
  CHECK(outcome.started);
  CHECK(outcome.lost == 4);
  CheckVerifies(home, 6, 2);
  // Again: the epoch's own head is known, the lost one is still not contained.
  REQUIRE_OK_AND_ASSIGN(const EpochOutcome forced,
                        StartEpoch(home.Options(), {.reason = "restored", .always = true}));
  CHECK(forced.epoch == 3);
  CHECK(forced.known_size == 6);
  CheckVerifies(home, 7, 3);
}

TEST_CASE("Epoch: NotesOfOthersAreRefused [CL-12]") {
  TestLedger home, other;
  AppendAndSign(home, 1);
  const std::string stranger = AppendAndSign(other, 5);  // same origin, another key
  CHECK_FAILS(StartEpoch(home.Options(), {.known_notes = {stranger}}), Code::kCorrupt,
              "signed by no key");
  CHECK_FAILS(StartEpoch(home.Options(), {.known_notes = {"rubbish"}}), Code::kInvalidInput,
              "note");
  CheckVerifies(home, 3, 1);
}

TEST_CASE("Epoch: CutShortAfterItsEntryIsFinishedByTheNextOpening [CL-12]") {
  TestLedger home;
  MakeTruncated(home);
  CopyOver(home.directory() / "checkpoints.log", home.root() / "log");
  REQUIRE_OK(StartEpoch(home.Options(), {}));
  fs::copy(home.directory(), home.root() / "done");
  // The state between the entry and the rest: the old log, and no head of the new epoch.
  testing::DropCheckpoints(home.directory() / "ledger.db", "size > 5");
  SECTION("before the log was written") {
    CopyOver(home.root() / "log", home.directory() / "checkpoints.log");
  }
  SECTION("after the log, before the head") {
    CopyOver(home.root() / "older/checkpoints.log", home.directory() / "checkpoints.log");
  }
  SECTION("before the log was written, and accepted once more") {
    CopyOver(home.root() / "log", home.directory() / "checkpoints.log");
    REQUIRE_OK_AND_ASSIGN(const EpochOutcome again, StartEpoch(home.Options(), {}));
    CHECK_FALSE(again.started);
    CHECK(again.epoch == 2);
  }
  REQUIRE_OK(home.Open());
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  CHECK_FALSE(ledger->Fault());
  REQUIRE_OK_AND_ASSIGN(const std::string note, ledger->LatestCheckpoint());
  CHECK_THAT(note, Catch::Matchers::StartsWith("assay.example/contoso/epoch-2\n6\n"));
  ledger.reset();
  CheckVerifies(home, 6, 2);
}

TEST_CASE("Epoch: OldLogPutBackAfterwardsIsFoundAgain [CL-12]") {
  TestLedger home;
  MakeTruncated(home);
  CopyOver(home.directory() / "checkpoints.log", home.root() / "log");
  REQUIRE_OK(StartEpoch(home.Options(), {}));
  CopyOver(home.root() / "log", home.directory() / "checkpoints.log");
  CHECK_FAILS(home.Open(), Code::kCorrupt, "TRUNCATED");
}

TEST_CASE("Epoch: HeadThatOnlyTheLogHasIsPutBack [CL-12]") {
  TestLedger home;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    REQUIRE_OK(ledger->Append(Draft(1)).get());
  }
  fs::copy(home.directory(), home.root() / "older");
  AppendAndSign(home, 0);
  CopyOver(home.root() / "older/ledger.db", home.directory() / "ledger.db");
  CHECK_FAILS(home.Open(), Code::kCorrupt, "newest stored checkpoint");
  REQUIRE_OK_AND_ASSIGN(const EpochOutcome outcome, StartEpoch(home.Options(), {}));
  CHECK_FALSE(outcome.started);
  CheckVerifies(home, 3, 1);
}

TEST_CASE("Epoch: LogThatIsGoneIsMadeOfTheStoredHeads [CL-12]") {
  TestLedger home;
  AppendAndSign(home, 1);
  AppendAndSign(home, 1);
  fs::remove(home.directory() / "checkpoints.log");
  CHECK_FAILS(home.Open(), Code::kCorrupt, "newest stored checkpoint");
  REQUIRE_OK_AND_ASSIGN(const EpochOutcome outcome, StartEpoch(home.Options(), {}));
  CHECK_FALSE(outcome.started);
  CheckVerifies(home, 4, 1);
}

TEST_CASE("Epoch: RaisedWithoutItsEntryIsFound [CL-12]") {
  TestLedger home;
  AppendAndSign(home, 2);
  testing::RunSql(home.directory() / "ledger.db", "UPDATE head SET epoch = 2");
  CHECK_FAILS(home.Open(), Code::kCorrupt, "epoch 2");
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  CHECK(ledger->Fault());
  REQUIRE_OK_AND_ASSIGN(const VerifyReport report, ledger->Verify());
  CHECK_FALSE(report.ok);
}

}  // namespace
}  // namespace assay::ledger
