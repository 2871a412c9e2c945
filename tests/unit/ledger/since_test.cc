// Verifying from a checkpoint that is kept outside: what came after it is judged as a full
// verification judges it, what lies before it cannot be exchanged, and the rest is left to the full
// one.
#include "ledger/epoch.h"
#include "ledger/key_change.h"
#include "support/matchers.h"
#include "support/sql.h"
#include "support/test_ledger.h"

namespace assay::ledger {
namespace {

namespace fs = std::filesystem;
using testing::Draft;
using testing::DropCheckpoints;
using testing::RunPast;
using testing::RunSql;
using testing::TestLedger;

/// Memory instead of a disk, where the machine has that.
fs::path FastFolder() {
  const fs::path memory = "/dev/shm";
  return fs::is_directory(memory) ? memory : fs::temp_directory_path();
}

/// Appends until the ledger has `size` entries, and gives the signed head.
std::string GrowTo(Ledger& ledger, uint64_t size, bool with_bodies = false) {
  REQUIRE_OK_AND_ASSIGN(const Head head, ledger.Sync());
  for (uint64_t i = ToNumber(head.size); i < size; ++i) {
    EntryDraft draft = Draft(static_cast<int>(i));
    if (with_bodies && i % 10 == 0) {
      const std::string bytes = "{\"number\":" + std::to_string(i) + "}";
      REQUIRE_OK_AND_ASSIGN(draft.body, ledger.PutBody(AsBytes(bytes), {}));
    }
    (void)ledger.Append(std::move(draft));
  }
  REQUIRE_OK_AND_ASSIGN(std::string note, ledger.SignCheckpoint());
  return note;
}

VerifyReport Verify(const TestLedger& home) {
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  REQUIRE_OK_AND_ASSIGN(VerifyReport report, ledger->Verify());
  return report;
}

VerifyReport VerifySince(const TestLedger& home, const std::string& note) {
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  REQUIRE_OK_AND_ASSIGN(VerifyReport report, ledger->VerifySince(note));
  UNSCOPED_INFO(report.place << ": " << report.message);
  return report;
}

void ChangeLine(const TestLedger& home, uint64_t index) {
  RunPast(home.directory() / "ledger.db", "entry_no_update", "UPDATE",
          "UPDATE entry SET line = CAST(replace(CAST(line AS TEXT), '\"engine\"', '\"engins\"') "
          "AS BLOB) WHERE idx = " +
              std::to_string(index));
}

void ChangeTile(const TestLedger& home, int level, int index) {
  RunPast(home.directory() / "ledger.db", "tile_no_update", "UPDATE",
          "UPDATE tile SET hashes = CAST(x'00' || substr(hashes, 2) AS BLOB) WHERE level = " +
              std::to_string(level) + " AND idx = " + std::to_string(index));
}

TEST_CASE("Since: EverySizeIsAStartingPointAndCountsOnlyWhatIsNew [CL-12]") {
  TestLedger home(FastFolder());
  std::vector<std::string> notes;
  const std::vector<uint64_t> sizes{2, 3, 255, 256, 257, 511, 512, 513, 700, 701};
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    for (const uint64_t size : sizes) notes.push_back(GrowTo(*ledger, size, true));
  }
  const VerifyReport whole = Verify(home);
  REQUIRE(whole.ok);
  CHECK_FALSE(whole.since);
  for (size_t i = 0; i < sizes.size(); ++i) {
    INFO("since " << sizes[i]);
    const VerifyReport report = VerifySince(home, notes[i]);
    CHECK(report.ok);
    CHECK(report.since == sizes[i]);
    CHECK(report.entries == 701);
    CHECK(report.head.root == whole.head.root);
    CHECK(report.fingerprint == whole.fingerprint);
    CHECK(report.checkpoints == sizes.size() - i);
    CHECK(report.bodies == 70 - (sizes[i] - 1) / 10);
    CHECK(report.bodies_opened == report.bodies);
  }
}

TEST_CASE("Since: DamageAfterTheStartIsFoundWhereAFullVerificationFindsIt [CL-12]") {
  for (const uint64_t bad : {300u, 301u, 511u, 512u, 598u, 599u}) {
    DYNAMIC_SECTION("entry " << bad) {
      TestLedger home(FastFolder());
      std::string note;
      {
        REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
        note = GrowTo(*ledger, 300);
        (void)GrowTo(*ledger, 600);
      }
      ChangeLine(home, bad);
      const VerifyReport whole = Verify(home), since = VerifySince(home, note);
      CHECK_FALSE(since.ok);
      CHECK(since.first_bad_index == bad);
      CHECK(since.first_bad_index == whole.first_bad_index);
      CHECK(since.place == whole.place);
      CHECK(since.message == whole.message);
    }
  }
}

TEST_CASE("Since: DamageBeforeTheStartIsLeftToTheFullVerification [CL-12]") {
  TestLedger home(FastFolder());
  std::string note;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    note = GrowTo(*ledger, 600, true);
    (void)GrowTo(*ledger, 640);
  }
  SECTION("a line of a full tile is not read") {
    ChangeLine(home, 40);
    CHECK_FALSE(Verify(home).ok);
    CHECK(VerifySince(home, note).ok);
  }
  SECTION("a line of the open tile is, as the tree goes on from it") {
    ChangeLine(home, 550);
    CHECK_THAT(VerifySince(home, note).message, Catch::Matchers::Contains("another root"));
  }
  SECTION("so is the last line before the start") {
    ChangeLine(home, 599);
    CHECK(VerifySince(home, note).place == "checkpoint 600");
  }
  SECTION("and every tile on the way to the root") {
    ChangeTile(home, 0, 1);
    const VerifyReport report = VerifySince(home, note);
    CHECK_FALSE(report.ok);
    CHECK_THAT(report.message, Catch::Matchers::Contains("another root"));
  }
}

TEST_CASE("Since: NoHistoryWrittenAnewPassesForTheOneThatWasVerified [CL-12]") {
  TestLedger home(FastFolder());
  REQUIRE_OK(home.Open());
  const auto begun = home.root() / "begun";
  fs::copy(home.directory(), begun);
  std::string note;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    note = GrowTo(*ledger, 300);
  }
  const auto shorter = home.root() / "shorter";
  fs::copy(home.directory(), shorter);
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    (void)GrowTo(*ledger, 400);
  }
  REQUIRE(VerifySince(home, note).ok);
  const auto put = [&](const fs::path& other) {
    fs::remove_all(home.directory());
    fs::copy(other, home.directory());
  };
  SECTION("by who has every key: whole in itself, and not what was verified") {
    put(begun);
    {
      REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
      home.clock.SleepFor(std::chrono::seconds(1));
      (void)GrowTo(*ledger, 300);
      (void)GrowTo(*ledger, 400);
    }
    REQUIRE(Verify(home).ok);
    const VerifyReport report = VerifySince(home, note);
    CHECK_FALSE(report.ok);
    CHECK(report.place == "checkpoint 300");
    CHECK_THAT(report.message, Catch::Matchers::Contains("another history"));
  }
  SECTION("by an older state of everything, which is whole in itself too") {
    std::string later;
    {
      REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
      REQUIRE_OK_AND_ASSIGN(later, ledger->LatestCheckpoint());
    }
    put(shorter);
    REQUIRE(Verify(home).ok);
    const VerifyReport report = VerifySince(home, later);
    CHECK_FALSE(report.ok);
    CHECK_THAT(
        report.message,
        Catch::Matchers::Contains(
            "TRUNCATED: the starting point is a signed head of 400 entries, 300 are stored"));
  }
}

TEST_CASE("Since: NothingStoredMovesTheStartingPoint [CL-12]") {
  TestLedger home(FastFolder());
  std::string note;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    note = GrowTo(*ledger, 300);
    (void)GrowTo(*ledger, 600);
  }
  SECTION("the row of the starting point is gone") {
    DropCheckpoints(home.directory() / "ledger.db", "size = 300");
    const VerifyReport report = VerifySince(home, note);
    CHECK(report.place == "checkpoint 300");
    CHECK(report.message == "was signed and is not stored");
  }
  SECTION("a landmark before it is named that is none") {
    RunSql(home.directory() / "ledger.db", "INSERT INTO landmark VALUES(40, 'key.rotated')");
    CHECK_THAT(VerifySince(home, note).message,
               Catch::Matchers::Contains("entry 40: is no \"key.rotated\""));
  }
  SECTION("a landmark after it is named that is none") {
    RunSql(home.directory() / "ledger.db", "INSERT INTO landmark VALUES(400, 'hold.placed')");
    CHECK(VerifySince(home, note).place == "ledger.db table landmark");
  }
  SECTION("a tile too many") {
    RunSql(home.directory() / "ledger.db", "INSERT INTO tile VALUES(0, 2, x'00')");
    CHECK(VerifySince(home, note).message == "2 tiles are stored, the entries fill 1");
  }
  SECTION("the newest checkpoint is gone from the table") {
    DropCheckpoints(home.directory() / "ledger.db", "size = 600");
    CHECK(VerifySince(home, note).place == "checkpoints.log");
  }
}

TEST_CASE("Since: FollowsKeysAndEpochsOnBothSides [VE-11]") {
  TestLedger home(FastFolder());
  const auto grow = [&](uint64_t size) {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    return GrowTo(*ledger, size);
  };
  std::vector<std::string> notes{grow(20)};
  REQUIRE_OK(RotateLedgerKey(home.Options(), false));
  notes.push_back(grow(40));
  REQUIRE_OK(StartEpoch(home.Options(), {.reason = "restored", .always = true}));
  notes.push_back(grow(60));
  REQUIRE_OK(RotateLedgerKey(home.Options(), false));
  notes.push_back(grow(80));
  REQUIRE(Verify(home).ok);
  for (const std::string& note : notes) {
    const VerifyReport report = VerifySince(home, note);
    CHECK(report.ok);
    CHECK(report.head.epoch == 2);
    CHECK(report.fingerprint == Verify(home).fingerprint);
  }
}

TEST_CASE("Since: ErasureOfAnOlderBodyMustHaveBeenCarriedOut [CM-6]") {
  TestLedger home(FastFolder());
  std::string note;
  fs::path kept = home.root() / "kept";
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    EntryDraft draft = Draft(1);
    const std::string bytes = R"({"value":[{"id":"anna"}]})";
    REQUIRE_OK_AND_ASSIGN(draft.body, ledger->PutBody(AsBytes(bytes), {{10, 13}}));
    const Digest root = draft.body->root;
    REQUIRE_OK(ledger->Append(draft).get());
    note = GrowTo(*ledger, 300);
    ledger.reset();
    fs::copy(home.directory() / "evidence-202611.db", kept);
    REQUIRE_OK_AND_ASSIGN(ledger, home.Open());
    REQUIRE_OK(ledger->Erase({"privacy", "E-1", "operator:0"}, {{root, {1}}}));
    (void)GrowTo(*ledger, 310);
  }
  CHECK(VerifySince(home, note).ok);
  fs::copy(kept, home.directory() / "evidence-202611.db", fs::copy_options::overwrite_existing);
  const VerifyReport report = VerifySince(home, note);
  CHECK_FALSE(report.ok);
  CHECK_THAT(report.message, Catch::Matchers::Contains("was not carried out"));
}

TEST_CASE("Since: RefusesWhatIsNoCheckpointOfThisLedger") {
  TestLedger home(FastFolder());
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  std::string note = GrowTo(*ledger, 3);
  CHECK_FAILS(ledger->VerifySince("rubbish"), Code::kInvalidInput, "no checkpoint");
  note.replace(0, note.find('\n'), "assay.example/fabrikam");
  CHECK_FAILS(ledger->VerifySince(note), Code::kInvalidInput, "another ledger");
}

TEST_CASE("Since: SeveralFaultsGiveOneReportHoweverTheThreadsRun [CL-12]") {
  TestLedger home(FastFolder());
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    (void)GrowTo(*ledger, 5000, true);
  }
  for (const uint64_t bad : {4100u, 2047u, 2600u, 1500u}) ChangeLine(home, bad);
  ChangeTile(home, 0, 3);
  for (int i = 0; i < 20; ++i) {
    const VerifyReport report = Verify(home);
    CHECK(report.place == "tile/0/003");
    CHECK(report.first_bad_index == 768);
    CHECK(report.entries == 5000);
  }
}

}  // namespace
}  // namespace assay::ledger
