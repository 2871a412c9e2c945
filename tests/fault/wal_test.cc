// The write-ahead logs of acknowledged groups that were not copied back yet: cut at any byte, or
// with any bit flipped, they raise the alarm at open, or every acknowledged row is as it was.
#include <catch2/catch.hpp>
#include <fstream>

#include "fault/tally.h"
#include "fault/workload.h"
#include "ledger/epoch.h"
#include "ledger/given_up.h"
#include "proof/tree.h"
#include "support/matchers.h"

namespace assay::fault {
namespace {

using ledger::Ledger;

// Files of a ledger as its process was killed: all is acknowledged, nothing is copied back.
struct Victim {
  Home home;
  World world{home};
  Image image;

  Victim() {
    REQUIRE_OK(world.Open());
    REQUIRE_OK(world.Sign());
    REQUIRE_OK(world.Append(2));
    REQUIRE_OK(world.Put("first body", {}));
    REQUIRE_OK(world.AppendGroup(8));
    REQUIRE_OK(world.Put("second body", {}));
    image = home.Snapshot();
  }
  std::string PathOf(const std::string& name) const { return (home.directory() / name).string(); }
};

bool IsAlarm(const Error& error) {
  return error.code == Code::kCorrupt && error.id == "AS-LED-006";
}

// Lines and bodies as they were, without going on writing: the cheap half of FindViolation.
std::string ReadAgain(const Home& home, const Story& story, bool& is_open) {
  GateClock clock;
  auto opened = Ledger::Open(OptionsFor(home, clock));
  is_open = opened.has_value();
  if (!opened) return IsAlarm(opened.error()) ? std::string() : opened.error().ToString();
  for (const Story::Entry& entry : story.entries) {
    const auto line = (*opened)->ReadLine(entry.index);
    if (!line || proof::HashEntry(*line) != entry.leaf)
      return "entry " + std::to_string(ToNumber(entry.index)) + " is lost without an alarm";
  }
  for (const Story::Body& body : story.bodies) {
    const auto bytes = (*opened)->ReadBody(body.root);
    if (!bytes || AsText(*bytes) != body.bytes) return "a body is lost without an alarm";
  }
  return {};
}

// Damages one file of a copy. An alarm leaves the files as they were, so the copy is made anew only
// when the ledger opened.
class Damage {
 public:
  Damage(Victim& victim, const char* name) : tally(name), victim_(victim) {}

  /// One bit of every byte, or every bit when every point is asked for.
  void FlipBits(const std::string& name) {
    const std::string whole = victim_.image.at(victim_.PathOf(name));
    const uint64_t every = Every(9);
    for (uint64_t bit = 0; bit < whole.size() * 8; bit += every) {
      const char good = whole[bit / 8];
      MakeFresh();
      PutByte(name, bit / 8, static_cast<char>(good ^ (1 << bit % 8)));
      Open("flip " + name, bit);
      if (is_fresh_) PutByte(name, bit / 8, good);
    }
  }
  void Cut(const std::string& name, uint64_t every) {
    const std::string whole = victim_.image.at(victim_.PathOf(name));
    for (uint64_t size = 0; size < whole.size(); size += every) {
      MakeFresh();
      WriteAllTo(copy_.directory() / name, whole.substr(0, size));
      Open("cut " + name, size);
    }
    is_fresh_ = false;
  }

  Tally tally;

 private:
  void MakeFresh() {
    if (!is_fresh_) copy_.Become(victim_.image, victim_.home.root());
    is_fresh_ = true;
  }
  void PutByte(const std::string& name, uint64_t at, char byte) {
    std::fstream file(copy_.directory() / name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at)).put(byte);
  }
  void Open(const std::string& kind, uint64_t at) {
    bool opened = false;
    tally.Add(kind, at, ReadAgain(copy_, victim_.world.story(), opened));
    is_fresh_ = !opened;
  }

  Victim& victim_;
  Home copy_;
  bool is_fresh_ = false;
};

TEST_CASE("Log: NoCutOrFlippedBitLosesAnAcknowledgedRowSilently [CL-12]") {
  Victim victim;
  Damage damage(victim, "write-ahead logs");
  for (const char* name : {"ledger.db-wal", "evidence-202611.db-wal"}) {
    REQUIRE(victim.image.at(victim.PathOf(name)).size() > 4096);
    damage.Cut(name, Every(7));
    damage.FlipBits(name);
  }
  damage.tally.Print();
  CHECK(damage.tally.violated == 0);
}

TEST_CASE("Log: DamagedMarkLosesNoRow [CL-12]") {
  Victim victim;
  Damage damage(victim, "marks of logs");
  damage.Cut("ledger.db-mark", 1);
  damage.FlipBits("ledger.db-mark");
  damage.tally.Print();
  CHECK(damage.tally.violated == 0);
}

// The control: what SQLite alone does with a cut log, and why the mark is there.
TEST_CASE("Log: WithoutItsMarkACutLogIsTakenForAShorterOne [CL-12]") {
  Victim victim;
  Image image = victim.image;
  image.erase(victim.PathOf("ledger.db-mark"));
  std::string& log = image[victim.PathOf("ledger.db-wal")];
  log.resize(log.size() / 2);
  Home copy;
  copy.Become(image, victim.home.root());
  bool opened = false;
  CHECK_THAT(ReadAgain(copy, victim.world.story(), opened),
             Catch::Matchers::Contains("lost without an alarm"));
  CHECK(opened);
}

TEST_CASE("Log: VerifyNamesALogThatWasCut [CL-12]") {
  Victim victim;
  const std::string file = victim.PathOf("ledger.db-wal");
  Image image = victim.image;
  image[file].resize(image[file].size() / 2);
  Home copy;
  copy.Become(image, victim.home.root());
  GateClock clock;
  REQUIRE_OK_AND_ASSIGN(auto reader, Ledger::OpenReadOnly(OptionsFor(copy, clock)));
  REQUIRE_OK_AND_ASSIGN(const ledger::VerifyReport report, reader->Verify());
  CHECK_FALSE(report.ok);
  CHECK(report.place == "ledger.db");
  CHECK_THAT(report.message, Catch::Matchers::Contains("ledger.db-wal: TRUNCATED"));
  CHECK_FAILS(Ledger::Open(OptionsFor(copy, clock)), Code::kCorrupt, "frames were committed");
}

TEST_CASE("Log: WhoAcceptsTheLossGoesOnWithWhatIsLeft [CL-12]") {
  Victim victim;
  Image image = victim.image;
  std::string& log = image[victim.PathOf("ledger.db-wal")];
  log.resize(log.size() / 2);
  Home copy;
  copy.Become(image, victim.home.root());
  GateClock clock;
  CHECK_FAILS(Ledger::Open(OptionsFor(copy, clock)), Code::kCorrupt, "TRUNCATED");
  std::filesystem::remove(copy.directory() / "ledger.db-mark");
  REQUIRE_OK_AND_ASSIGN(auto ledger, Ledger::Open(OptionsFor(copy, clock)));
  REQUIRE_OK(ledger->Append({"read", "engine", {}, {}}).get());
  CHECK(ledger->Verify()->ok);
}

TEST_CASE("Log: RecoverAfterALossStartsAnEpoch [CL-12]") {
  Victim victim;
  Image image = victim.image;
  image[victim.PathOf("ledger.db-wal")].resize(9000);
  Home copy;
  copy.Become(image, victim.home.root());
  GateClock clock;
  ledger::OpenOptions options = OptionsFor(copy, clock);
  options.create = false;
  ledger::EpochRequest look;
  look.dry_run = true;
  CHECK_FAILS(ledger::StartEpoch(options, look), Code::kCorrupt, "TRUNCATED");
  CHECK_FAILS(Ledger::Open(options), Code::kCorrupt, "TRUNCATED");
  REQUIRE_OK_AND_ASSIGN(const auto outcome, ledger::StartEpoch(options, {}));
  CHECK(outcome.started);
  REQUIRE_OK_AND_ASSIGN(auto ledger, Ledger::Open(options));
  CHECK(ledger->ReadHead()->epoch == 2);
  REQUIRE_OK_AND_ASSIGN(const ledger::VerifyReport report, ledger->Verify());
  INFO(report.place << ": " << report.message);
  CHECK(report.ok);
}

TEST_CASE("Log: ARecoveryThatWasCutShortKeepsTheAlarmUp [CL-12]") {
  Victim victim;
  Image image = victim.image;
  image[victim.PathOf("ledger.db-wal")].resize(9000);
  Home copy;
  copy.Become(image, victim.home.root());
  GateClock clock;
  ledger::OpenOptions options = OptionsFor(copy, clock);
  options.create = false;
  REQUIRE_OK(ledger::GiveUpMarks(copy.directory()));
  CHECK_FAILS(Ledger::Open(options), Code::kCorrupt, "a recovery was cut short");
  {
    REQUIRE_OK_AND_ASSIGN(auto reader, Ledger::OpenReadOnly(options));
    REQUIRE(reader->Fault());
    CHECK(reader->Fault()->id == "AS-LED-006");
    CHECK_THAT(reader->Verify()->message, Catch::Matchers::Contains("a recovery was cut short"));
  }
  ledger::EpochRequest look;
  look.dry_run = true;
  CHECK_FAILS(ledger::StartEpoch(options, look), Code::kCorrupt, "a recovery was cut short");
  REQUIRE_OK(ledger::StartEpoch(options, {}));
  REQUIRE_OK(ledger::StartEpoch(options, {}));  // nothing is left to do
  CHECK_FALSE(std::filesystem::exists(copy.directory() / "recovering"));
  REQUIRE_OK_AND_ASSIGN(auto ledger, Ledger::Open(options));
  CHECK(ledger->ReadHead()->epoch == 2);
  CHECK(ledger->Verify()->ok);
}

TEST_CASE("Log: VerifyWhileAWriterIsAtWorkSeesNoDamage [CL-12]") {
  Home home;
  World world(home);
  GateClock clock;
  REQUIRE_OK(world.Open());
  REQUIRE_OK_AND_ASSIGN(auto reader, Ledger::OpenReadOnly(OptionsFor(home, clock)));
  for (int i = 0; i < 5; ++i) {
    REQUIRE_OK(world.Append(3));
    REQUIRE_OK_AND_ASSIGN(const ledger::VerifyReport during, reader->Verify());
    INFO(during.place << ": " << during.message);
    CHECK(during.ok);
    REQUIRE_OK(world.Sign());
    CHECK(reader->Verify()->ok);
  }
}

}  // namespace
}  // namespace assay::fault
