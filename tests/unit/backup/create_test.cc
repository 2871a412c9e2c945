// Making backups: while others write, linked to the one before, never half; the window; the ages.
#include <sys/file.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "backup/ages.h"
#include "backup/drill.h"
#include "backup/instance_log.h"
#include "ledger/maintenance_lock.h"
#include "unit/backup/fixture.h"

namespace assay::backup {
namespace {

namespace fs = std::filesystem;
using testing::Draft;
using testing::TestBackup;

ino_t InodeOf(const fs::path& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_ino;
}

std::vector<std::string> NamesIn(const fs::path& folder) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(folder))
    out.push_back(entry.path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

ledger::OpenOptions InstanceLog(const TestBackup& home) {
  ledger::OpenOptions options = home.source().ledger;
  options.directory = home.path("instance");
  options.tenant = InstanceTenant();
  options.origin = "assay.example/instance";
  options.ledger_key_file = home.path("instance.key");
  options.create = true;
  return options;
}

TEST_CASE("Backup: HoldsWhatTheFormatSaysAndNoKeys") {
  TestBackup home;
  home.Append(3);
  const Made made = home.Create();
  CHECK(made.path.filename() == "contoso-20261120T021709Z.abk");
  CHECK(NamesIn(made.path) == std::vector<std::string>{"checkpoints.log", "evidence-202611.db",
                                                       "ledger.db", "manifest.json",
                                                       "manifest.sig"});
  CHECK(NamesIn(home.target() / "keys" / "contoso") == std::vector<std::string>{"keys.db"});
  const Verified verified = home.Verify(made.path);
  INFO(verified.place << ": " << verified.message);
  CHECK(verified.ok);
  CHECK(verified.ledger.entries == 5);
  CHECK(verified.ledger.bodies_opened == 3);
  CHECK(made.manifest.root == home.HeadOf(home.live()).root);
  // Verifying writes nothing into it.
  CHECK(NamesIn(made.path).size() == 5);
}

TEST_CASE("Backup: IsWholeWhileARunWrites [CH-17]") {
  TestBackup home;
  home.Append(1);
  std::atomic<bool> stop{false};
  std::atomic<int> appended{0};
  auto ledger = home.ledger().Open();
  REQUIRE(ledger);
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      const std::string body = "{\"value\":[{\"n\":" + std::to_string(i) + "}]}";
      auto ref = (*ledger)->PutBody(AsBytes(body), {{10, 5}});
      if (!ref) return;
      ledger::EntryDraft draft = Draft(i);
      draft.body = *ref;
      if (!(*ledger)->Append(std::move(draft)).get()) return;
      if (i % 7 == 0 && !(*ledger)->SignCheckpoint()) return;
      ++appended;
    }
  });
  for (int i = 0; i < 8; ++i) {
    const int before = appended;
    const Made made = home.Create();
    const Verified verified = home.Verify(made.path);
    INFO(verified.place << ": " << verified.message);
    CHECK(verified.ok);
    CHECK(verified.ledger.entries >= static_cast<uint64_t>(before) + 3);
    while (appended == before) std::this_thread::yield();
  }
  stop = true;
  writer.join();
  REQUIRE_OK_AND_ASSIGN(const ledger::VerifyReport live, (*ledger)->Verify());
  CHECK(live.ok);
}

TEST_CASE("Backup: LinksFilesThatAreEqualToThoseOfTheOneBefore") {
  TestBackup home;
  home.Append(3);
  const Made first = home.Create();
  const Made second = home.Create();
  CHECK(second.linked == 3);
  CHECK(second.manifest.previous == first.path.filename());
  CHECK(InodeOf(first.path / "ledger.db") == InodeOf(second.path / "ledger.db"));
  home.Append(1);
  const Made third = home.Create();
  CHECK(third.linked == 0);
  CHECK(home.Verify(third.path).ok);
}

TEST_CASE("Backup: DoesNotLinkToADamagedFileOfTheOneBefore") {
  TestBackup home;
  home.Append(3);
  const Made first = home.Create();
  std::fstream file(first.path / "evidence-202611.db");
  file.seekp(5000);
  file.put('\x55');
  file.close();
  const Made second = home.Create();
  CHECK(second.linked == 2);
  CHECK(home.Verify(second.path).ok);
  CHECK(home.Verify(first.path).place == "evidence-202611.db");
}

TEST_CASE("Backup: RefusesALedgerThatIsAtOddsWithItsLog") {
  TestBackup home;
  home.Append(3);
  home.Append(3);
  REQUIRE_OK(WriteFileDurably(home.live() / "checkpoints.log", AsBytes("no note\n")));
  home.clock().SleepFor(std::chrono::minutes(1));
  CHECK_FAILS(CreateBackup(home.source(), home.target()), Code::kCorrupt, "checkpoints.log");
  REQUIRE_OK_AND_ASSIGN(const auto listed, ListBackups(home.target(), ""));
  CHECK(listed.empty());
}

TEST_CASE("Backup: NeedsTheLedgerKeyToSign") {
  TestBackup home;
  home.Append(1);
  fs::remove(home.source().ledger.ledger_key_file);
  CHECK_FAILS(CreateBackup(home.source(), home.target()), Code::kNotFound,
              "signed with the ledger key");
}

TEST_CASE("Backup: TakesTheNextSecondWhenTheNameIsTaken") {
  TestBackup home;
  home.Append(1);
  REQUIRE_OK(CreateBackup(home.source(), home.target()));
  REQUIRE_OK_AND_ASSIGN(const Made second, CreateBackup(home.source(), home.target()));
  CHECK(second.path.filename() == "contoso-20261120T021610Z.abk");
}

TEST_CASE("Backup: AHalfMadeOneIsNeitherListedNorLeft") {
  TestBackup home;
  home.Append(1);
  const fs::path half = home.target() / ".contoso-20261119T000000Z.abk.part";
  fs::create_directory(half);
  REQUIRE_OK(WriteFileDurably(half / "ledger.db", AsBytes("half")));
  REQUIRE_OK_AND_ASSIGN(const auto before, ListBackups(home.target(), ""));
  CHECK(before.empty());
  (void)home.Create();
  CHECK_FALSE(fs::exists(half));
}

TEST_CASE("Backup: OneThatAnotherProcessIsMakingIsLeftAlone") {
  TestBackup home;
  home.Append(1);
  const fs::path half = home.target() / ".contoso-20261119T000000Z.abk.part";
  fs::create_directory(half);
  const UniqueFd lock(::open(half.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(::flock(lock.get(), LOCK_EX | LOCK_NB) == 0);
  (void)home.Create();
  CHECK(fs::exists(half));
}

TEST_CASE("Backup: ListsDamagedOnesWithTheReason") {
  TestBackup home;
  home.Append(1);
  const Made first = home.Create();
  const Made second = home.Create();
  fs::remove(second.path / "checkpoints.log");
  REQUIRE_OK_AND_ASSIGN(const auto listed, ListBackups(home.target(), "contoso"));
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].fault == "checkpoints.log: missing");
  CHECK(listed[1].fault.empty());
  REQUIRE_OK_AND_ASSIGN(const Listed newest, NewestBackup(home.target(), "contoso"));
  CHECK(newest.path == first.path);
}

TEST_CASE("Backup: KeepsTheTenantsApartInOneTarget") {
  CHECK(TenantOf("a-b-20261120T021609Z.abk") == "a-b");
  CHECK(TenantOf("a-20261120T021609Z.abk") == "a");
  for (const char* name : {"-20261120T021609Z.abk", ".a-20261120T021609Z.abk.part", "keys",
                           "a-20261120T02160Z.abk", "a-20261120T021609Z.abk.part"})
    CHECK_FALSE(TenantOf(name));
}

TEST_CASE("Backup: WindowTakesOldOnesButNeverTheNewestWholeOne") {
  TestBackup home;
  home.Append(1);
  const Made first = home.Create();
  home.clock().SleepFor(std::chrono::hours(24 * 30));
  const Made second = home.Create();
  const auto window = std::chrono::hours(24 * 35);
  const auto old = [&] {
    auto found = OutsideWindow(home.target(), "contoso", window, home.clock().Now());
    REQUIRE(found);
    std::vector<fs::path> out;
    for (const Listed& one : *found) out.push_back(one.path);
    return out;
  };
  CHECK(old().empty());
  home.clock().SleepFor(std::chrono::hours(24 * 10));
  CHECK(old() == std::vector<fs::path>{first.path});
  home.clock().SleepFor(std::chrono::hours(24 * 90));
  CHECK(old() == std::vector<fs::path>{first.path});
  // The newest is damaged: the older whole one stays, the damaged one goes.
  fs::remove(second.path / "manifest.sig");
  CHECK(old() == std::vector<fs::path>{second.path});
  REQUIRE_OK(RemoveBackup(second.path));
  CHECK(NamesIn(home.target()) == std::vector<std::string>{first.path.filename().string(), "keys"});
}

TEST_CASE("Backup: WaitsForAnErasureAndAnErasureForIt") {
  using ledger::MaintenanceLock;
  TestBackup home;
  home.Append(1);
  const auto now = std::chrono::milliseconds(0);
  {
    REQUIRE_OK_AND_ASSIGN(const auto erasure,
                          MaintenanceLock::Take(home.live(), MaintenanceLock::Use::kRemove, now));
    CHECK_FAILS(CreateBackup(home.source(), home.target()), Code::kUnavailable,
                "an erasure or retention of this ledger is under way");
  }
  REQUIRE_OK_AND_ASSIGN(const auto one,
                        MaintenanceLock::Take(home.live(), MaintenanceLock::Use::kCopy, now));
  (void)home.Create();  // two copies at once are fine
  CHECK_FAILS(MaintenanceLock::Take(home.live(), MaintenanceLock::Use::kRemove, now),
              Code::kUnavailable, "a backup or an erasure");
}

TEST_CASE("Backup: AgesSayWhatIsLate [VE-33] [KS-28]") {
  TestBackup home;
  home.Append(2);
  const ledger::OpenOptions log = InstanceLog(home);
  const Limits limits{std::chrono::hours(24 * 7), std::chrono::hours(24 * 365)};
  const auto measure = [&] {
    auto ages = MeasureAges(home.source(), home.target(), log, limits);
    if (!ages) FAIL(ages.error().ToString());
    return *ages;
  };
  home.clock().SleepFor(std::chrono::minutes(14));
  const Ages none = measure();
  CHECK_FALSE(none.full);
  CHECK((none.full_late && none.drill_late && !none.unsaved_late));
  CHECK(none.unsaved_entries == 4);
  home.clock().SleepFor(std::chrono::minutes(2));
  CHECK(measure().unsaved_late);

  (void)home.Create();
  CHECK_FALSE(measure().full_late);
  CHECK(measure().unsaved_entries == 0);
  home.clock().SleepFor(std::chrono::hours(24 * 8));
  CHECK(measure().full_late);
  CHECK_FALSE(measure().unsaved_late);  // nothing was appended since
  CHECK(measure().full == std::chrono::hours(24 * 8));
}

TEST_CASE("Backup: DrillMeasuresAndLeavesNothing [VE-34] [VE-35]") {
  TestBackup home;
  home.Append(3);
  (void)home.Create();
  home.clock().SleepFor(std::chrono::minutes(10));
  home.Append(2);
  const auto before = NamesIn(home.path("."));
  REQUIRE_OK_AND_ASSIGN(const Drilled drilled, Drill(home.source(), home.target()));
  CHECK(drilled.report.ok);
  CHECK(drilled.report.bodies_opened == 3);
  CHECK(drilled.lost == 2);
  CHECK(drilled.gap == std::chrono::minutes(11));
  CHECK(drilled.WithinTargets());
  CHECK(NamesIn(home.path(".")) == before);
  home.clock().SleepFor(std::chrono::minutes(10));
  home.Append(1);
  REQUIRE_OK_AND_ASSIGN(const Drilled late, Drill(home.source(), home.target()));
  CHECK_FALSE(late.WithinTargets());
}

TEST_CASE("Backup: InstanceLogKeepsTheFactsApart [VE-16] [VE-35]") {
  TestBackup home;
  home.Append(1);
  const ledger::OpenOptions log = InstanceLog(home);
  const auto before = home.HeadOf(home.live()).root;
  const std::string tenant = home.source().ledger.tenant.text();
  Event event{"backup.drilled", tenant, 7, {}, 3, 4096, "ok", 1200, 2, 31, {"/mnt/backup"}};
  REQUIRE_OK(Record(log, event));
  event.outcome = "corrupt";
  event.took_ms = 9;
  REQUIRE_OK(Record(log, event));
  REQUIRE_OK_AND_ASSIGN(const auto newest,
                        NewestEvent(log, "backup.drilled", home.source().ledger.tenant));
  REQUIRE(newest);
  CHECK(newest->event.took_ms == 1200);  // the newest good one
  CHECK(newest->event.age_s == 31);
  CHECK(newest->event.lost == 2);
  CHECK(home.HeadOf(home.live()).root == before);
  REQUIRE_OK_AND_ASSIGN(auto opened, ledger::Ledger::OpenReadOnly(log));
  REQUIRE_OK_AND_ASSIGN(const ledger::VerifyReport report, opened->Verify());
  CHECK(report.ok);
  CHECK(report.entries == 4);
  REQUIRE_OK_AND_ASSIGN(const std::string line, opened->ReadLine(LeafIndex{2}));
  CHECK_THAT(line,
             Catch::Matchers::Contains("\"tenant\":\"00000000-0000-0000-0000-000000000000\""));
  CHECK_THAT(line, !Catch::Matchers::Contains("/mnt/backup"));  // places are sealed
}

TEST_CASE("Backup: InstanceLogNeverMakesAMasterKey") {
  TestBackup home;
  ledger::OpenOptions log = InstanceLog(home);
  log.master_key_file = home.path("absent.key");
  Event event;
  event.kind = "backup.restored";
  CHECK_FAILS(Record(log, event), Code::kNotFound, "absent.key");
  CHECK_FALSE(fs::exists(log.master_key_file));
}

}  // namespace
}  // namespace assay::backup
