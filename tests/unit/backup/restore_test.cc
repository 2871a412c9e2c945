// Restoring: the same ledger, for its owner only, never silently older, at any size.
#include "backup/replay.h"
#include "backup/staging.h"
#include "ledger/key_change.h"
#include "ledger/line.h"
#include "ledger/rebuild.h"
#include "support/sql.h"
#include "unit/backup/fixture.h"

namespace assay::backup {
namespace {

namespace fs = std::filesystem;
using testing::Draft;
using testing::TestBackup;

ledger::VerifyReport VerifyAt(const TestBackup& home, const fs::path& directory) {
  ledger::OpenOptions options = home.source().ledger;
  options.directory = directory;
  auto ledger = ledger::Ledger::OpenReadOnly(options);
  REQUIRE(ledger);
  auto report = (*ledger)->Verify();
  REQUIRE(report);
  return *report;
}

TEST_CASE("Restore: GivesTheSameHeadAndAllBodies [CH-17]") {
  TestBackup home;
  home.Append(20);
  const Made made = home.Create();
  REQUIRE_OK_AND_ASSIGN(const Restored restored, Restore(home.RequestElsewhere(made.path)));
  CHECK_FALSE(restored.loss);
  CHECK(home.HeadOf(home.path("restored")).root == home.HeadOf(home.live()).root);
  const ledger::VerifyReport report = VerifyAt(home, home.path("restored"));
  INFO(report.place << ": " << report.message);
  CHECK(report.ok);
  CHECK(report.bodies_opened == 20);
  // It goes on as the ledger that it was.
  ledger::OpenOptions options = home.source().ledger;
  options.directory = home.path("restored");
  REQUIRE_OK_AND_ASSIGN(auto ledger, ledger::Ledger::Open(options));
  REQUIRE_OK(ledger->Append(Draft(99)).get());
  REQUIRE_OK(ledger->SignCheckpoint());
}

TEST_CASE("Restore: NeedsTheOwnersKeys [CH-18]") {
  TestBackup home;
  home.Append(2);
  const Made made = home.Create();
  const ledger::OpenOptions options = home.source().ledger;
  const auto denied = [&](const char* words) {
    CHECK_FAILS(Restore(home.RequestElsewhere(made.path)), Code::kDenied, words);
    CHECK_FALSE(fs::exists(home.path("restored")));
  };
  fs::rename(options.master_key_file, home.path("kept"));
  denied("restoring needs the master key");
  REQUIRE_OK(WriteFileDurably(options.master_key_file, AsBytes(std::string(32, 'x')), 0600));
  denied("restoring needs the master key");
  fs::rename(home.path("kept"), options.master_key_file);
  fs::rename(options.ledger_key_file, home.path("kept"));
  denied("restoring needs the ledger key");
  REQUIRE_OK_AND_ASSIGN(const auto other, proof::SigningKey::Generate());
  REQUIRE_OK_AND_ASSIGN(const std::string pem, other.ToPem());
  REQUIRE_OK(WriteFileDurably(options.ledger_key_file, AsBytes(pem), 0600));
  denied("restoring needs the ledger key");
}

TEST_CASE("Restore: OverwritesNothing") {
  TestBackup home;
  home.Append(2);
  const Made made = home.Create();
  RestoreRequest request = home.Request(made.path);
  request.to = home.live();
  CHECK_FAILS(Restore(request), Code::kAlreadyExists, "is there and not empty");
  fs::create_directory(home.path("restored"));
  REQUIRE_OK(Restore(home.Request(made.path)));  // an empty folder is free
  CHECK_FAILS(Restore(home.Request(made.path)), Code::kAlreadyExists, "not empty");
}

TEST_CASE("Restore: TakesAFolderThatHoldsTheLedgerKeyAlone") {
  TestBackup home;
  home.Append(2);
  const Made made = home.Create();
  RestoreRequest request = home.RequestElsewhere(made.path);
  fs::create_directory(request.to);
  fs::rename(request.in_place.ledger.ledger_key_file, request.to / "ledger.pem");
  request.in_place.ledger.ledger_key_file = request.to / "ledger.pem";
  request.in_place.ledger.directory = request.to;
  REQUIRE_OK(Restore(request));
  CHECK(fs::exists(request.to / "ledger.pem"));
  CHECK(fs::exists(request.to / "ledger.db"));
  CHECK_FALSE(fs::exists(home.path(".restored.part")));
}

TEST_CASE("Restore: AnOlderOneGoesOnOnlyWhenAcceptedAndAsANewEpoch") {
  TestBackup home;
  home.Append(4);
  const Made made = home.Create();
  home.Append(5);
  RestoreRequest request = home.Request(made.path);
  CHECK_FAILS(Restore(request), Code::kDenied, "5 entries are missing: restored 6, known 11");
  CHECK_FALSE(fs::exists(request.to));
  uint64_t told = 0;
  request.accept_loss = [&](const Loss& loss) { return told = loss.Entries(), true; };
  REQUIRE_OK_AND_ASSIGN(const Restored restored, Restore(request));
  CHECK(told == 5);
  CHECK(ToNumber(restored.head.size) == 6);
  const ledger::VerifyReport report = VerifyAt(home, request.to);
  CHECK(report.ok);
  CHECK(report.head.epoch == 2);
  CHECK(report.entries == 7);
  ledger::OpenOptions options = home.source().ledger;
  options.directory = request.to;
  REQUIRE_OK_AND_ASSIGN(auto ledger, ledger::Ledger::OpenReadOnly(options));
  REQUIRE_OK_AND_ASSIGN(const std::string line, ledger->ReadLine(LeafIndex{6}));
  for (const char* words :
       {"\"kind\":\"epoch.started\"", "\"known_size\":11", "\"lost\":5", "\"reason\":\"restored\""})
    CHECK_THAT(line, Catch::Matchers::Contains(words));
}

TEST_CASE("Restore: CountsEntriesInPlaceThatAreNotSignedYet") {
  TestBackup home;
  home.Append(2);
  const Made made = home.Create();
  {
    REQUIRE_OK_AND_ASSIGN(auto live, home.ledger().Open());
    REQUIRE_OK(live->Append(Draft(50)).get());
  }
  RestoreRequest request = home.Request(made.path);
  CHECK_FAILS(Restore(request), Code::kDenied, "1 entries are missing: restored 4, known 5");
  request.accept_loss = [](const Loss&) { return true; };
  REQUIRE_OK_AND_ASSIGN(const Restored restored, Restore(request));
  CHECK(restored.report.head.epoch == 2);
}

TEST_CASE("Restore: KnowsWhatACheckpointFromOutsideSays") {
  TestBackup home;
  home.Append(2);
  const Made made = home.Create();
  home.Append(3);
  REQUIRE_OK_AND_ASSIGN(auto live, home.ledger().OpenReadOnly());
  REQUIRE_OK_AND_ASSIGN(const std::string note, live->LatestCheckpoint());
  REQUIRE_OK(WriteFileDurably(home.path("note.txt"), AsBytes(note)));
  RestoreRequest request = home.RequestElsewhere(made.path);
  request.known = {home.path("note.txt")};
  CHECK_FAILS(Restore(request), Code::kDenied, "3 entries are missing: restored 4, known 7");
  REQUIRE_OK(WriteFileDurably(home.path("note.txt"), AsBytes("assay.example/other\n1\nAA==\n")));
  CHECK_FAILS(Restore(request), Code::kInvalidInput, "not of \"assay.example/contoso\"");
  std::string forged = note;
  forged[forged.find("\n7\n") + 1] = '9';
  REQUIRE_OK(WriteFileDurably(home.path("note.txt"), AsBytes(forged)));
  CHECK_FAILS(Restore(request), Code::kCorrupt, "note.txt");
}

TEST_CASE("Restore: RefusesABackupOfAnotherHistory") {
  TestBackup home;
  home.Append(2);
  fs::copy(home.live(), home.path("then"));
  home.Append(2);
  const Made made = home.Create();
  fs::remove_all(home.live());
  fs::rename(home.path("then"), home.live());
  home.clock().SleepFor(std::chrono::hours(1));
  home.Append(1);
  CHECK_FAILS(Restore(home.Request(made.path)), Code::kCorrupt, "FORKED");
  RestoreRequest request = home.Request(made.path);
  request.to_size = 4;  // what both have in common
  request.accept_loss = [](const Loss&) { return true; };
  REQUIRE_OK(Restore(request));
  CHECK(VerifyAt(home, request.to).ok);
}

TEST_CASE("Restore: AnySizeCanBeHad [CH-17]") {
  TestBackup home;
  std::vector<Digest> roots;
  home.Append(1);
  while (roots.size() < 9) {
    roots.push_back(home.HeadOf(home.live()).root);
    home.Append(1);
  }
  const Made made = home.Create();
  for (uint64_t size = 3; size < 12; ++size) {
    RestoreRequest request = home.RequestElsewhere(made.path);
    request.to = home.path("at-" + std::to_string(size));
    request.to_size = size;
    request.accept_loss = [](const Loss&) { return true; };
    REQUIRE_OK_AND_ASSIGN(const Restored restored, Restore(request));
    INFO(size);
    CHECK(restored.head.root == roots[size - 3]);
    CHECK(restored.loss->Entries() == 12 - size);
    const ledger::VerifyReport report = VerifyAt(home, request.to);
    CHECK(report.ok);
    CHECK(report.bodies == size - 2 + 1);  // those before, and that of epoch.started
  }
  for (const uint64_t size : {0, 1, 13}) {
    RestoreRequest request = home.RequestElsewhere(made.path);
    request.to_size = size;
    CHECK_FAILS(Restore(request), Code::kInvalidInput, "any from 2 to 12");
  }
}

TEST_CASE("Restore: BodiesOfLaterEntriesDoNotComeAlong") {
  TestBackup home;
  home.Append(3);
  const Made made = home.Create();
  fs::create_directory(home.path("to"));
  REQUIRE_OK(ledger::RebuildEntries(made.path, home.path("to"), 3));
  REQUIRE_OK(ledger::RebuildBodies(made.path, home.path("to")));
  testing::RunSql(home.path("to") / "evidence-202611.db",
                  "CREATE TEMP TABLE t(n CHECK(n = 1)); INSERT INTO t SELECT count(*) FROM body; "
                  "DELETE FROM t; INSERT INTO t SELECT count(DISTINCT body) FROM part;");
}

TEST_CASE("Restore: ABackupFromBeforeTheKeysWereDestroyedDoesNotOpen [CM-34] [VE-15]") {
  TestBackup home;
  home.Append(3);
  const Made made = home.Create();
  REQUIRE(home.Verify(made.path).ledger.bodies_opened == 3);
  testing::RunSql(home.live() / "keys.db", "PRAGMA secure_delete=ON; DELETE FROM tenant_key");
  // The ledger in place says so already; after the next backup, or ReplaceKeys, the target as well.
  CHECK_FAILS(Restore(home.Request(made.path)), Code::kDenied, "they were destroyed");
  REQUIRE_OK(ReplaceKeys(home.target(), "contoso", home.live()));
  CHECK_FAILS(Restore(home.RequestElsewhere(made.path)), Code::kDenied, "they were destroyed");
  const Verified verified = home.Verify(made.path);
  CHECK(verified.ok);  // lines, tree and signatures hold
  CHECK(verified.ledger.bodies_opened == 0);
}

TEST_CASE("Restore: ABackupFromBeforeARotationIsSignedByTheKeyThatWasKept") {
  TestBackup home;
  home.Append(2);
  const Made made = home.Create();
  REQUIRE_OK(ledger::RotateLedgerKey(home.source().ledger, true));
  home.Append(1);
  const Made later = home.Create();
  CHECK(later.manifest.signer.key != made.manifest.signer.key);
  CHECK(home.Verify(later.path).ok);
  CHECK(home.Verify(made.path).ok);
  REQUIRE_OK(Restore(home.RequestElsewhere(later.path)));
  RestoreRequest request = home.Request(made.path);
  request.to = home.path("older");
  CHECK_FAILS(Restore(request), Code::kDenied, "2 entries are missing: restored 4, known 6");
  request.accept_loss = [](const Loss&) { return true; };
  REQUIRE_OK_AND_ASSIGN(const Restored restored, Restore(request));
  CHECK(restored.report.ok);
  CHECK(restored.report.head.epoch == 2);
}

TEST_CASE("Restore: DoesAgainWhatRetentionTook") {
  TestBackup home;
  home.Append(3);
  const Made made = home.Create();
  REQUIRE_OK_AND_ASSIGN(auto live, home.ledger().Open());
  REQUIRE_OK_AND_ASSIGN(const std::string line, live->ReadLine(LeafIndex{3}));
  REQUIRE_OK_AND_ASSIGN(const ledger::LineFacts facts, ledger::ParseLine(line));
  REQUIRE_OK(live->Append({"retention.expired",
                           "engine",
                           {{"class", "raw"}, {"through", 5}, {"bodies", 1}},
                           {}})
                 .get());
  REQUIRE_OK(live->SignCheckpoint());
  live.reset();
  REQUIRE_OK(ledger::RemoveBodies(home.live(), {facts.body->root}));

  const fs::path to = home.path("to");
  fs::create_directory(to);
  REQUIRE_OK(ledger::RebuildEntries(made.path, to, 5));
  REQUIRE_OK(ledger::RebuildBodies(made.path, to));
  REQUIRE_OK_AND_ASSIGN(const Replay replay, ReplayErasures(home.live(), to, 5));
  REQUIRE(replay.entries.size() == 1);
  CHECK(replay.entries[0].kind == "retention.expired");
  testing::RunSql(to / "evidence-202611.db",
                  "CREATE TEMP TABLE t(n CHECK(n = 2)); INSERT INTO t SELECT count(*) FROM body;");
}

TEST_CASE("Restore: PutsBodiesInAsTheLedgerInPlaceHasThemAfterAnErasure") {
  TestBackup home;
  home.Append(3);
  const Made made = home.Create();
  home.Append(1);
  REQUIRE_OK_AND_ASSIGN(auto live, home.ledger().Open());
  const auto root_of = [&](uint64_t index) {
    auto line = live->ReadLine(LeafIndex{index});
    REQUIRE(line);
    return ledger::ParseLine(*line)->body->root;
  };
  for (const uint64_t index : {3, 5}) {  // one that the backup has, one that it has not
    const ledger::MemberMap members{{"reason", "privacy"},
                                    {"receipt", "E-1"},
                                    {"root", EncodeBase64(root_of(index))},
                                    {"segments", ledger::MemberList{0}},
                                    {"erased", EncodeBase64(Digest{})}};
    REQUIRE_OK(live->Append({"erasure.record", "engine", members, {}}).get());
  }
  const std::string root = EncodeHex(root_of(3));
  live.reset();
  testing::RunSql(
      home.live() / "evidence-202611.db",
      "UPDATE body SET erased = x'0102', ident = NULL WHERE hex(root) = upper('" + root + "')");

  const fs::path to = home.path("to");
  fs::create_directory(to);
  REQUIRE_OK(ledger::RebuildEntries(made.path, to, 5));
  REQUIRE_OK(ledger::RebuildBodies(made.path, to));
  REQUIRE_OK_AND_ASSIGN(const Replay replay, ReplayErasures(home.live(), to, 5));
  REQUIRE(replay.entries.size() == 2);
  CHECK(replay.entries[0].members.size() == 5);
  testing::RunSql(to / "evidence-202611.db",
                  "CREATE TEMP TABLE t(n CHECK(n = 1), m CHECK(m = 3)); INSERT INTO t SELECT "
                  "sum(erased = x'0102' AND ident IS NULL), count(*) FROM body;");
}

// It may know of erasures: passing it over in silence brought erased bytes back.
TEST_CASE("Restore: ALedgerInPlaceThatTheDiskDoesNotGiveStopsIt [CM-34]") {
  TestBackup home;
  home.Append(2);
  const Made made = home.Create();
  fs::rename(home.live() / "ledger.db", home.live() / "aside");
  fs::create_directory(home.live() / "ledger.db");  // opens as little as a bad sector
  const auto restored = Restore(home.Request(made.path));
  REQUIRE_FALSE(restored);
  CHECK(restored.error().code == Code::kIo);
  CHECK_THAT(restored.error().ToString(), Catch::Matchers::Contains("ledger in place"));
  CHECK_THAT(restored.error().hint, Catch::Matchers::Contains("move it away"));
  CHECK_FALSE(fs::exists(home.path("restored")));
  fs::rename(home.live(), home.path("moved"));
  fs::create_directories(home.live());
  fs::copy(home.path("moved/keys.db"), home.live() / "keys.db");
  REQUIRE_OK(Restore(home.Request(made.path)));
}

TEST_CASE("Restore: AKilledOneLeavesNoLedgerAndIsCleanedUp") {
  TestBackup home;
  home.Append(2);
  const Made made = home.Create();
  fs::create_directory(home.path(".restored.part"));
  REQUIRE_OK(WriteFileDurably(home.path(".restored.part") / "ledger.db", AsBytes("half")));
  REQUIRE_OK(Restore(home.RequestElsewhere(made.path)));
  CHECK(VerifyAt(home, home.path("restored")).ok);
  CHECK_FALSE(fs::exists(home.path(".restored.part")));
}

}  // namespace
}  // namespace assay::backup
