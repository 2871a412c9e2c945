// Erasing seen from outside: what is gone is gone from every byte of the disk, what explains it
// verifies, and what a crash leaves behind is made good.
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include <fstream>

#include "ledger/ledger.h"
#include "ledger/maintenance_lock.h"
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

TEST_CASE("Seal: TheSameBytesNeverGiveTheSameCiphertext [KS-6]") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const BodyRef first = PutRead(*ledger);
  home.clock.Set(home.clock.Now() + std::chrono::hours(24 * 31));  // another month, another file
  const BodyRef second = PutRead(*ledger);
  REQUIRE(first.root != second.root);
  REQUIRE_OK_AND_ASSIGN(auto store, OpenSqliteStore(home.directory(), StoreMode::kRead));
  const auto a = store->FindBody(first.root), b = store->FindBody(second.root);
  REQUIRE((a && b && *a && *b));
  CHECK((*a)->place != (*b)->place);
  const ByteVector &x = (*a)->parts.at(0), &y = (*b)->parts.at(0);
  size_t equal = 0;
  for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) equal += x[i] == y[i] ? 1 : 0;
  CHECK(equal < x.size() / 8);  // by chance one byte in 256
  CHECK((*a)->wrapped_key != (*b)->wrapped_key);
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

/// Runs SQL on one file of the ledger, as someone with the disk could.
void RunSql(const TestLedger& home, const std::string& file, const std::string& sql) {
  sqlite3* db = nullptr;
  sqlite3_open((home.directory() / file).c_str(), &db);
  INFO(sql);
  CHECK(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

const std::string kMonth = "evidence-202611.db";

// What a crash leaves between the entry and the rewriting is the entry and the file of before.
TEST_CASE("Erase: TheNextOpenCarriesOutWhatACrashLeft [CM-6]") {
  TestLedger home;
  const auto file = home.directory() / kMonth, copy = home.root() / "before.db";
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const BodyRef body = PutRead(*ledger);
  REQUIRE_OK(ledger->SignCheckpoint());
  ledger.reset();
  std::filesystem::copy_file(file, copy);
  REQUIRE_OK_AND_ASSIGN(ledger, home.Open());
  REQUIRE_OK(ledger->Erase(kOrder, {{body.root, {1}}}));
  ledger.reset();
  std::filesystem::copy_file(copy, file, std::filesystem::copy_options::overwrite_existing);
  {
    REQUIRE_OK_AND_ASSIGN(auto reader, home.OpenReadOnly());
    const VerifyReport report = Verified(*reader);
    CHECK_FALSE(report.ok);
    CHECK(report.place == "body of entry 2");
    CHECK_THAT(report.message, Catch::Matchers::Contains("erasure of entry 3 was not carried out"));
  }
  REQUIRE_OK_AND_ASSIGN(ledger, home.Open());
  REQUIRE_OK_AND_ASSIGN(const EntryBody left, ledger->ReadEntryBody(LeafIndex{2}));
  CHECK(left.absent_segments.contains(1));
  CHECK(Verified(*ledger).ok);
}

// The same after an erasure.subject, which says that all before it are carried out: a restore asks
// for more than an ordinary opening.
TEST_CASE("Erase: ARestoredOlderFileIsErasedAgain [CM-34]") {
  TestLedger home;
  const auto file = home.directory() / kMonth, copy = home.root() / "before.db";
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const BodyRef body = PutRead(*ledger);
  REQUIRE_OK(ledger->SignCheckpoint());
  ledger.reset();
  std::filesystem::copy_file(file, copy);
  REQUIRE_OK_AND_ASSIGN(ledger, home.Open());
  REQUIRE_OK(ledger->Erase(kOrder, {{body.root, {1}}}));
  const MemberMap subject{{"reason", "privacy"}, {"receipt", "E-1"}, {"bodies", 1}, {"records", 1}};
  REQUIRE_OK(ledger->Append({"erasure.subject", "operator:0", subject, {}}).get());
  ledger.reset();
  std::filesystem::copy_file(copy, file, std::filesystem::copy_options::overwrite_existing);
  OpenOptions options = home.Options();
  options.carry_out_all_erasures = true;
  REQUIRE_OK_AND_ASSIGN(ledger, Ledger::Open(options));
  REQUIRE_OK_AND_ASSIGN(const EntryBody left, ledger->ReadEntryBody(LeafIndex{2}));
  CHECK(left.absent_segments.contains(1));
  CHECK(Verified(*ledger).ok);
}

TEST_CASE("Erase: AReaderThatKeepsTheLogIsToldAndTheNextOpenEmptiesIt [CM-6]") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const BodyRef body = PutRead(*ledger);
  SealedBody before;
  {
    REQUIRE_OK_AND_ASSIGN(auto store, OpenSqliteStore(home.directory(), StoreMode::kRead));
    before = **store->FindBody(body.root);
  }
  sqlite3* reader = nullptr;
  REQUIRE(sqlite3_open((home.directory() / kMonth).c_str(), &reader) == SQLITE_OK);
  sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM body", nullptr, nullptr, nullptr);
  CHECK_FAILS(ledger->Erase(kOrder, {{body.root, {1}}}), Code::kUnavailable, "a reader keeps");
  REQUIRE_OK_AND_ASSIGN(const EntryBody left, ledger->ReadEntryBody(LeafIndex{2}));
  CHECK(left.absent_segments.contains(1));
  CHECK(AllBytes(home.directory()).find(AsText(before.wrapped_key)) != std::string::npos);
  sqlite3_close(reader);
  ledger.reset();
  REQUIRE_OK_AND_ASSIGN(ledger, home.Open());
  CHECK(AllBytes(home.directory()).find(AsText(before.wrapped_key)) == std::string::npos);
  CHECK(Verified(*ledger).ok);
}

TEST_CASE("Erase: WaitsForCopiesOfTheLedger [CM-6]") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const BodyRef body = PutRead(*ledger);
  REQUIRE_OK_AND_ASSIGN(const Head before, ledger->ReadHead());
  {
    REQUIRE_OK_AND_ASSIGN(const auto copying, MaintenanceLock::Take(home.Options(false).directory,
                                                                    MaintenanceLock::Use::kCopy));
    CHECK_FAILS(ledger->Erase(kOrder, {{body.root, {1}}}), Code::kUnavailable, "is under way");
    CHECK_FAILS(ledger->Expire({{"raw", std::chrono::seconds(0)}}, "engine", false),
                Code::kUnavailable, "is under way");
    CHECK(ledger->Expire({{"raw", std::chrono::seconds(0)}}, "engine", true).has_value());
    CHECK_FAILS(ledger->EraseTenant(kOrder, {}), Code::kUnavailable, "is under way");
    REQUIRE_OK_AND_ASSIGN(const Head after, ledger->ReadHead());
    CHECK(after.size == before.size);
    REQUIRE_OK(ledger->ReadBody(body.root));
  }
  REQUIRE_OK(ledger->Erase(kOrder, {{body.root, {1}}}));
  ledger.reset();
  const auto copying =
      MaintenanceLock::Take(home.Options(false).directory, MaintenanceLock::Use::kCopy);
  REQUIRE_OK(home.Open());  // what an erasure left to do keeps nobody from appending
}

TEST_CASE("Erase: KilledAtAnyMomentTheNextOpenMakesItWhole [CM-6]") {
#ifdef __SANITIZE_THREAD__
  constexpr int kStep = 2000;  // a process that is killed shows no race
#else
  constexpr int kStep = 400;
#endif
  for (int delay_us = 0; delay_us < 12'000; delay_us += kStep) {
    TestLedger home;
    BodyRef body;
    {
      REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
      body = PutRead(*ledger);
    }
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      auto ledger = home.Open();
      (void)!::write(ready[1], "x", 1);
      if (ledger) (void)(*ledger)->Erase(kOrder, {{body.root, {1}}});
      ::_exit(0);
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::usleep(static_cast<useconds_t>(delay_us));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    INFO("killed after " << delay_us << " us");
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    REQUIRE_OK_AND_ASSIGN(const Head head, ledger->ReadHead());
    REQUIRE_OK_AND_ASSIGN(const EntryBody left, ledger->ReadEntryBody(LeafIndex{2}));
    CHECK(left.absent_segments.contains(1) == (ToNumber(head.size) > 3));
    CHECK(Verified(*ledger).ok);
  }
}

TEST_CASE("Erase: MissingIsToldFromErased [CM-6]") {
  struct Case {
    const char* sql;
    const char* message;
  };
  for (const Case& c : {
           Case{"UPDATE body SET erased = x''", "not carried out, or other segments"},
           Case{"UPDATE body SET erased = CAST(substr(erased, 1, 10) || CASE substr(erased, 11, 1) "
                "WHEN x'00' THEN x'01' ELSE x'00' END || substr(erased, 12) AS BLOB)",
                "not carried out, or other segments"},
           Case{"UPDATE body SET ident = zeroblob(32)", "ident of a body with erased segments"},
           Case{"DELETE FROM body; DELETE FROM part", "body is missing"},
           Case{"DELETE FROM part; UPDATE body SET parts = 0, key = x''", "parts or key"},
       }) {
    DYNAMIC_SECTION(c.sql) {
      TestLedger home;
      {
        REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
        const BodyRef body = PutRead(*ledger);
        REQUIRE_OK(ledger->Erase(kOrder, {{body.root, {1}}}));
      }
      RunSql(home, kMonth, c.sql);
      REQUIRE_OK_AND_ASSIGN(auto reader, home.OpenReadOnly());
      const VerifyReport report = Verified(*reader);
      CHECK_FALSE(report.ok);
      CHECK_THAT(report.message, Catch::Matchers::Contains(c.message));
    }
  }
}

TEST_CASE("Erase: SegmentsThatVanishWithoutAnEntryAreAFinding") {
  TestLedger home;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    PutRead(*ledger);
  }
  RunSql(home, kMonth, "UPDATE body SET ident = NULL, erased = zeroblob(36)");
  REQUIRE_OK_AND_ASSIGN(auto reader, home.OpenReadOnly());
  const VerifyReport report = Verified(*reader);
  CHECK_FALSE(report.ok);
  CHECK_THAT(report.message, Catch::Matchers::Contains("no entry explains"));
}

TEST_CASE("Erase: EachFlippedBitOfTheErasedColumnIsFound") {
  TestLedger home;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    const BodyRef body = PutRead(*ledger);
    REQUIRE_OK(ledger->Erase(kOrder, {{body.root, {2}}}));
  }
  std::ifstream in(home.directory() / kMonth, std::ios::binary);
  const std::string file(std::istreambuf_iterator<char>(in), {});
  const size_t at = file.find(std::string("\0\0\0\2", 4));
  REQUIRE(at != std::string::npos);
  SealedBody stored;
  size_t place = std::string::npos;
  {
    REQUIRE_OK_AND_ASSIGN(auto store, OpenSqliteStore(home.directory(), StoreMode::kRead));
    REQUIRE_OK_AND_ASSIGN(const auto roots, store->RootsIn(kMonth));
    stored = **store->FindBody(roots.front());
    place = file.find(AsText(stored.erased));
  }
  REQUIRE(place != std::string::npos);
  for (size_t bit = 0; bit < stored.erased.size() * 8; bit += 3) {
    std::string bad = file;
    bad[place + bit / 8] = static_cast<char>(bad[place + bit / 8] ^ (1 << bit % 8));
    std::ofstream(home.directory() / kMonth, std::ios::binary) << bad;
    REQUIRE_OK_AND_ASSIGN(auto reader, home.OpenReadOnly());
    CHECK_FALSE(Verified(*reader).ok);
  }
}

TEST_CASE("Erase: ALegalHoldKeepsABodyAndNamesItself") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const BodyRef body = PutRead(*ledger);
  REQUIRE_OK(ledger
                 ->Append({"hold.placed",
                           "operator:0",
                           {{"hold", "LH-3"}, {"first", 0}, {"last", uint64_t{(1ull << 53) - 1}}},
                           {}})
                 .get());
  CHECK_FAILS(ledger->Erase(kOrder, {{body.root, {1}}}), Code::kDenied, "under legal hold LH-3");
  CHECK_FAILS(ledger->EraseTenant(kOrder, {}), Code::kDenied, "under legal hold LH-3");
  home.clock.Set(home.clock.Now() + std::chrono::hours(24 * 60));
  REQUIRE_OK_AND_ASSIGN(const auto kept,
                        ledger->Expire({{"raw", std::chrono::hours(24)}}, "engine", false));
  CHECK(kept.at(0).held == 1);
  CHECK(kept.at(0).bodies == 0);
  REQUIRE_OK(ledger->Append({"hold.released", "operator:0", {{"hold", "LH-3"}}, {}}).get());
  REQUIRE_OK(ledger->Erase(kOrder, {{body.root, {1}}}));
  CHECK(Verified(*ledger).ok);
}

TEST_CASE("Erase: AnErasureUnderAHoldIsAFinding") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const BodyRef body = PutRead(*ledger);
  const EntryDraft hold{
      "hold.placed", "operator:0", {{"hold", "LH-3"}, {"first", 2}, {"last", 2}}, {}};
  REQUIRE_OK(ledger->Erase(kOrder, {{body.root, {1}}}));
  REQUIRE_OK(ledger->Append(hold).get());
  CHECK(Verified(*ledger).ok);  // placed after it
  ledger.reset();
  TestLedger other;
  REQUIRE_OK_AND_ASSIGN(ledger, other.Open());
  PutRead(*ledger);
  REQUIRE_OK(ledger->Append(hold).get());
  home.clock.Set(home.clock.Now() + std::chrono::hours(24 * 60));
  REQUIRE_OK(ledger
                 ->Append({"retention.expired",
                           "engine",
                           {{"class", "raw"}, {"through", 3}, {"bodies", 1}},
                           {}})
                 .get());
  ledger.reset();
  RunSql(other, kMonth, "DELETE FROM body; DELETE FROM part");
  REQUIRE_OK_AND_ASSIGN(auto reader, other.OpenReadOnly());
  CHECK_THAT(Verified(*reader).message, Catch::Matchers::Contains("while under legal hold LH-3"));
}

TEST_CASE("Retention: ExpiresBodiesByTheirNewestReferenceAndSaysSo") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  PutRead(*ledger);
  EntryDraft note = Draft(1);
  note.kind = "check";
  REQUIRE_OK_AND_ASSIGN(note.body, ledger->PutSegments({"anna.canary"}));
  REQUIRE_OK(ledger->Append(note).get());
  const std::vector<RetentionRule> rules{{"raw", std::chrono::hours(24 * 40)},
                                         {"facts", std::chrono::hours(24 * 365)}};
  REQUIRE_OK_AND_ASSIGN(auto done, ledger->Expire(rules, "engine", false));
  CHECK(done.at(0).bodies + done.at(1).bodies == 0);
  home.clock.Set(home.clock.Now() + std::chrono::hours(24 * 60));
  REQUIRE_OK_AND_ASSIGN(done, ledger->Expire(rules, "engine", true));
  CHECK(done.at(0).bodies == 1);
  CHECK_FALSE(done.at(0).entry);
  REQUIRE_OK_AND_ASSIGN(done, ledger->Expire(rules, "engine", false));
  CHECK(done.at(0).bodies == 1);
  CHECK(done.at(0).through == 2);
  CHECK(done.at(1).bodies == 0);
  REQUIRE_OK_AND_ASSIGN(const EntryBody gone, ledger->ReadEntryBody(LeafIndex{2}));
  CHECK(gone.absent == "expired (2027-01-19)");
  VerifyReport report = Verified(*ledger);
  CHECK(report.ok);
  CHECK(report.absent == std::map<std::string, uint64_t>{{"expired", 1}});
  REQUIRE_OK(ledger->PutBody(AsBytes("left by a crash: no entry refers to it"), {}));
  home.clock.Set(home.clock.Now() + std::chrono::hours(24 * 465));
  REQUIRE_OK_AND_ASSIGN(done, ledger->Expire(rules, "engine", false));
  CHECK(done.at(1).bodies == 1);
  CHECK_FALSE(std::filesystem::exists(home.directory() / kMonth));
  CHECK_FALSE(std::filesystem::exists(home.directory() / "evidence-202701.db"));
  CHECK(Verified(*ledger).ok);
  REQUIRE_OK_AND_ASSIGN(done, ledger->Expire(rules, "engine", false));
  CHECK_FALSE(done.at(0).entry);
}

TEST_CASE("Retention: FilesOfPluginsStayWhateverTheRulesSay") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  EntryDraft file = Draft(1);
  file.kind = "plugin.file";
  REQUIRE_OK_AND_ASSIGN(file.body, ledger->PutSegments({"\x7f"
                                                        "ELF"}));
  REQUIRE_OK_AND_ASSIGN(const Appended kept, ledger->Append(file).get());
  home.clock.Set(home.clock.Now() + std::chrono::hours(24 * 4000));
  const std::vector<RetentionRule> rules{{"raw", std::chrono::hours(1)},
                                         {"facts", std::chrono::hours(1)}};
  REQUIRE_OK_AND_ASSIGN(const auto done, ledger->Expire(rules, "engine", false));
  CHECK(done.at(0).bodies + done.at(1).bodies == 0);
  REQUIRE_OK_AND_ASSIGN(const EntryBody body, ledger->ReadEntryBody(kept.index));
  REQUIRE(body.segments.size() == 1);
  CHECK(AsText(body.segments[0]) ==
        "\x7f"
        "ELF");
  // Removed all the same, an expiry of either class does not explain it.
  ledger.reset();
  RunSql(home, kMonth, "DELETE FROM body; DELETE FROM part");
  REQUIRE_OK_AND_ASSIGN(ledger, home.Open());
  for (const char* class_name : {"raw", "facts"})
    REQUIRE_OK(
        ledger
            ->Append({"retention.expired",
                      "engine",
                      {{"class", class_name}, {"through", ToNumber(kept.index)}, {"bodies", 1}},
                      {}})
            .get());
  CHECK_FALSE(Verified(*ledger).ok);
}

TEST_CASE("Retention: CountsFromTheNewestReference") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const BodyRef body = PutRead(*ledger);
  home.clock.Set(home.clock.Now() + std::chrono::hours(24 * 9));
  REQUIRE(PutRead(*ledger).root == body.root);  // seen before
  const std::vector<RetentionRule> rules{{"raw", std::chrono::hours(24 * 40)}};
  home.clock.Set(home.clock.Now() + std::chrono::hours(24 * 36));
  REQUIRE_OK_AND_ASSIGN(auto done, ledger->Expire(rules, "engine", false));
  CHECK(done.at(0).bodies == 0);
  home.clock.Set(home.clock.Now() + std::chrono::hours(24 * 5));
  REQUIRE_OK_AND_ASSIGN(done, ledger->Expire(rules, "engine", false));
  CHECK(done.at(0).bodies == 1);
  CHECK(done.at(0).through == 3);
  CHECK(Verified(*ledger).ok);
}

TEST_CASE("Retention: MoreMissingThanSaidIsAFinding") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  for (int i = 0; i < 3; ++i) {
    EntryDraft draft = Draft(i);
    REQUIRE_OK_AND_ASSIGN(draft.body, ledger->PutBody(AsBytes("page " + std::to_string(i)), {}));
    REQUIRE_OK(ledger->Append(draft).get());
  }
  REQUIRE_OK(ledger
                 ->Append({"retention.expired",
                           "engine",
                           {{"class", "raw"}, {"through", 4}, {"bodies", 1}},
                           {}})
                 .get());
  ledger.reset();
  RunSql(home, kMonth, "DELETE FROM body WHERE id <= 2");
  REQUIRE_OK_AND_ASSIGN(auto reader, home.OpenReadOnly());
  const VerifyReport report = Verified(*reader);
  CHECK_FALSE(report.ok);
  CHECK_THAT(report.message, Catch::Matchers::Contains("2 bodies of class raw are missing, 1"));
}

TEST_CASE("Erase: ATenantsKeysAreGoneAndTheLinesStay [CM-34]") {
  TestLedger home;
  const auto old_copy = home.root() / "old";
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    PutRead(*ledger);
    REQUIRE_OK(ledger->SignCheckpoint());
  }
  std::filesystem::copy(home.directory(), old_copy, std::filesystem::copy_options::recursive);
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    const auto wrapped = *(*OpenSqliteStore(home.directory(), StoreMode::kRead))->ReadKeys();
    REQUIRE_OK_AND_ASSIGN(const LeafIndex index, ledger->EraseTenant(kOrder, {"ticket 1"}));
    CHECK(ToNumber(index) == 3);
    REQUIRE_OK(ledger->SignCheckpoint());
    CHECK_FAILS(ledger->PutSegments({"more"}), Code::kDenied, "keys are destroyed");
    const std::string disk = AllBytes(home.directory());
    CHECK(wrapped.size() == 2);
    for (const auto& [purpose, key] : wrapped) CHECK(disk.find(AsText(key)) == std::string::npos);
    const VerifyReport report = Verified(*ledger);
    CHECK(report.ok);
    CHECK(report.absent == std::map<std::string, uint64_t>{{"erased (privacy)", 2}});
  }
  CHECK_FALSE(std::filesystem::exists(home.directory() / kMonth));
  CHECK_FAILS(home.Open(), Code::kDenied, "erased (privacy, 2026-11-20), receipt E-1");
  REQUIRE_OK_AND_ASSIGN(auto reader, home.OpenReadOnly());
  REQUIRE_OK_AND_ASSIGN(const EntryBody gone, reader->ReadEntryBody(LeafIndex{2}));
  CHECK(gone.absent == "erased (privacy, 2026-11-20)");
  // Bodies of an older copy do not open with what is left of the keys.
  std::filesystem::copy_file(old_copy / kMonth, home.directory() / kMonth);
  REQUIRE_OK_AND_ASSIGN(reader, home.OpenReadOnly());
  CHECK_FAILS(reader->ReadEntryBody(LeafIndex{2}), Code::kDenied, "no master key");
  CHECK_THAT(Verified(*reader).message, Catch::Matchers::Contains("was not carried out"));
}

TEST_CASE("Raw: NoneLeavesACommitmentAndNoBody [CM-1]") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  REQUIRE_OK_AND_ASSIGN(KeptBody kept, ledger->PutBody(AsBytes(kResponse), kMarks, Keep::kNone));
  CHECK(kept.ref.records == 2);
  EntryDraft draft = Draft(0);
  draft.body = kept.ref;
  draft.members.merge(kept.members);
  REQUIRE_OK(ledger->Append(draft).get());
  REQUIRE_OK_AND_ASSIGN(const EntryBody gone, ledger->ReadEntryBody(LeafIndex{2}));
  CHECK(gone.absent == "never kept (evidence.raw)");
  CHECK_FALSE(std::filesystem::exists(home.directory() / kMonth));
  const VerifyReport report = Verified(*ledger);
  CHECK(report.ok);
  CHECK(report.absent == std::map<std::string, uint64_t>{{"never kept", 1}});
}

TEST_CASE("Raw: RedactedKeepsTheSkeletonAndNoRecord [CM-1]") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  REQUIRE_OK_AND_ASSIGN(KeptBody kept,
                        ledger->PutBody(AsBytes(kResponse), kMarks, Keep::kRedacted));
  EntryDraft draft = Draft(0);
  draft.body = kept.ref;
  draft.members.merge(kept.members);
  REQUIRE_OK(ledger->Append(draft).get());
  REQUIRE_OK_AND_ASSIGN(const EntryBody left, ledger->ReadEntryBody(LeafIndex{2}));
  REQUIRE(left.segments.size() == 3);
  CHECK(AsText(left.segments[0]).find("{\"value\":[") != std::string::npos);
  CHECK(AsText(left.segments[0]).find("canary") == std::string::npos);
  CHECK(left.absent_segments.at(1) == "never kept (evidence.raw)");
  REQUIRE_OK_AND_ASSIGN(const ErasureDone done, ledger->Erase(kOrder, {{kept.ref.root, {0, 1}}}));
  CHECK(done.segments == 1);
  CHECK(Verified(*ledger).ok);
  REQUIRE_OK_AND_ASSIGN(kept,
                        ledger->PutBody(AsBytes(kResponse), {{5, 90}, {9, 2}}, Keep::kRedacted));
  CHECK(kept.ref.records == 1);  // unusable marks: all of it is dropped
}

}  // namespace
}  // namespace assay::ledger
