// Random flips over the stored bytes of a ledger: each one raises the alarm, or it is dead: every
// stored row, tile, note, key and body reads the same as before it.
//
// "[flips]" is the whole promise (10,000 flips over some thousand entries) and runs in four parts,
// of 2,500 each in a ledger of its own: the first as the test ledger_flips, all by
// tools/soak-ledger; the short one runs with the suite. Another seed: ASSAY_FLIP_SEED=<number>.
// "[every]" flips one bit of every byte of a very small ledger, with ASSAY_EVERY_BIT=1 all eight:
// run by tools/soak-ledger. ASSAY_FLIP_PART=0/2: of every second byte only (test ledger_bytes).
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <span>

#include "ledger/checkpoint_log.h"
#include "ledger/sqlite_store.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

namespace assay::ledger {
namespace {

using testing::Draft;
using testing::TestLedger;

constexpr uint64_t kSeed = 20261121;
constexpr size_t kMostTogether = 64;
#ifdef __SANITIZE_THREAD__
constexpr int kShort = 100;  // what is flipped makes no race; the address sanitizer gets all
#else
constexpr int kShort = 400;
#endif

uint64_t Seed() {
  const char* wanted = std::getenv("ASSAY_FLIP_SEED");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : kSeed;
}

/// Memory instead of a disk, where the machine has that: 10,000 flips write nothing worth keeping.
std::filesystem::path FastFolder() {
  const std::filesystem::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

/// `entries` reads, every 50th with a body of its own, one of them large; a checkpoint now and
/// then.
void Fill(Ledger& ledger, int entries, std::mt19937_64& random) {
  for (int i = 0; i < entries; ++i) {
    EntryDraft draft = Draft(i);
    if (i % 50 == 0) {
      std::string bytes = R"({"value":[{"id":")" + std::to_string(i) + R"("}],"x":")";
      for (int n = i == 50 ? 4000 : 4; n > 0; --n) bytes += std::to_string(random());
      REQUIRE_OK_AND_ASSIGN(draft.body, ledger.PutBody(AsBytes(bytes + "\"}"), {{10, 10}}));
    }
    (void)ledger.Append(draft);
    if (i % 250 == 100) REQUIRE_OK(ledger.SignCheckpoint());
  }
  EntryDraft finished{"run.finished", "engine", {{"run", "R-1"}}, {}};
  REQUIRE_OK_AND_ASSIGN(finished.body, ledger.PutSegments({"one note", "another"}));
  REQUIRE_OK(ledger.Append(finished).get());
  REQUIRE_OK(ledger.SignCheckpoint());
}

void Add(std::string& out, ByteSpan bytes) {
  out += std::to_string(bytes.size()) + ":";
  out += AsText(bytes);
}

void AddBodies(LedgerStore& store, const std::vector<Digest>& roots, std::string& out) {
  for (const Digest& root : roots) {
    auto body = store.FindBody(root);
    if (!body || !*body) {
      out += "no body";
      continue;
    }
    out += (*body)->ref.scheme + std::to_string((*body)->ref.len) + "," +
           std::to_string((*body)->ref.records) + "," + std::to_string((*body)->epoch);
    Add(out, (*body)->ident.value_or(Digest{}));
    Add(out, (*body)->erased);
    Add(out, (*body)->wrapped_key);
    for (const ByteVector& part : (*body)->parts) Add(out, part);
  }
}

/// All that is stored, as the storage reads it. Without an error: a flip that breaks reading and
/// raises no alarm gives another text.
std::string Everything(const TestLedger& home, const std::vector<Digest>& roots) {
  auto store = OpenSqliteStore(home.directory(), StoreMode::kRead);
  if (!store) return store.error().message;
  std::string out;
  Status read = (*store)->ReadLines(0, UINT64_MAX >> 1, [&](LeafIndex index, auto line) {
    out += std::to_string(ToNumber(index));
    Add(out, AsBytes(line));
    return true;
  });
  if (read)
    read = (*store)->VisitTiles([&](const proof::Tile& tile) -> Status {
      out += proof::TilePath(tile.id);
      Add(out, tile.hashes);
      return {};
    });
  if (read)
    read = (*store)->VisitNotes([&](const StoredNote& note) -> Status {
      out += std::to_string(note.size) + note.note;
      return {};
    });
  if (!read) out += read.error().message;
  if (auto head = (*store)->ReadHead(); head && *head) {
    out += std::to_string((*head)->size) + "," + std::to_string((*head)->epoch);
    Add(out, (*head)->root);
    Add(out, (*head)->frontier);
  }
  if (auto keys = (*store)->ReadKeys())
    for (const auto& [purpose, wrapped] : *keys) Add(out += purpose, wrapped);
  AddBodies(**store, roots, out);
  if (auto log = CheckpointLog(home.directory() / "checkpoints.log").Read()) {
    for (const std::string& note : log->notes) Add(out, AsBytes(note));
    out += log->rest;
  }
  return out;
}

std::vector<Digest> BodyRoots(Ledger& ledger) {
  std::vector<Digest> out;
  REQUIRE_OK(ledger.ReadLines(LeafIndex{0}, LeafIndex{1u << 20}, [&](LeafIndex, auto line) {
    const size_t at = line.find("\"root\":\"");
    if (at != std::string_view::npos)
      out.push_back(*ToDigest(*ParseBase64(line.substr(at + 8, 44))));
    return true;
  }));
  return out;
}

struct Target {
  std::filesystem::path path;
  uint64_t size = 0, found = 0, dead = 0;
};

/// Files that are evidence. The shared memory of readers is made anew by each; the lock is empty.
std::vector<Target> Targets(const TestLedger& home) {
  std::vector<Target> out;
  for (const auto& item : std::filesystem::directory_iterator(home.directory())) {
    const std::string name = item.path().filename().string();
    if (name.ends_with("-shm") || name == "ledger.lock" || item.file_size() == 0) continue;
    out.push_back({item.path(), item.file_size()});
  }
  std::sort(out.begin(), out.end(),
            [](const Target& a, const Target& b) { return a.path < b.path; });
  return out;
}

void FlipByte(const std::filesystem::path& path, uint64_t at, uint8_t mask) {
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  uint8_t byte = 0;
  REQUIRE(::pread(file.get(), &byte, 1, static_cast<off_t>(at)) == 1);
  byte ^= mask;
  REQUIRE(::pwrite(file.get(), &byte, 1, static_cast<off_t>(at)) == 1);
}

/// True when opening or verifying the ledger raises the alarm.
bool RaisesAlarm(const TestLedger& home) {
  auto ledger = home.OpenReadOnly();
  if (!ledger) return true;
  REQUIRE_OK_AND_ASSIGN(const VerifyReport report, (*ledger)->Verify());
  return !report.ok;
}

class Flips {
 public:
  Flips(int entries, uint64_t seed) : random_(seed) {
    {
      REQUIRE_OK_AND_ASSIGN(auto ledger, home_.Open());
      Fill(*ledger, entries, random_);
    }
    REQUIRE_OK_AND_ASSIGN(auto ledger, home_.OpenReadOnly());
    REQUIRE(ledger->Verify()->ok);
    roots_ = BodyRoots(*ledger);
    REQUIRE(roots_.size() == static_cast<size_t>((entries + 49) / 50 + 1));
    targets_ = Targets(home_);
    good_ = Everything(home_, roots_);
  }

  /// Half of the flips fall where the bytes are, half into each file alike: the key file is small.
  void Do(int flips) {
    for (int number = 0; number < flips; ++number) {
      Target& target = number % 2 == 0 ? ByBytes() : targets_[random_() % targets_.size()];
      const uint64_t at = random_() % target.size;
      Try(target, at, static_cast<uint8_t>(1 + random_() % 255));
    }
    CheckHealed();
  }

  /// Each byte in turn, or every `parts`-th from `part`: one of its bits, or every one.
  void DoEvery(bool all_bits, uint64_t part, uint64_t parts) {
    for (Target& target : targets_) {
      for (uint64_t turn = 0; turn < (all_bits ? 8 : 1); ++turn) {
        std::vector<Flip> flips;
        for (uint64_t at = part; at < target.size; at += parts)
          flips.push_back({at, static_cast<uint8_t>(1u << (at / parts + turn) % 8)});
        TryAll(target, flips);
      }
      std::printf("%s: %llu bytes, %llu found, %llu dead\n", target.path.filename().c_str(),
                  static_cast<unsigned long long>(target.size),
                  static_cast<unsigned long long>(target.found),
                  static_cast<unsigned long long>(target.dead));
      std::fflush(stdout);
    }
    CheckHealed();
  }

  std::string Tell(uint64_t seed) const {
    std::string out = "seed " + std::to_string(seed) + ": " + std::to_string(found()) + " found, " +
                      std::to_string(dead()) + " dead, none missed";
    for (const Target& target : targets_)
      out += "\n  " + target.path.filename().string() + " " + std::to_string(target.size) +
             " bytes: " + std::to_string(target.found) + " found, " + std::to_string(target.dead) +
             " dead";
    return out;
  }
  uint64_t found() const { return Sum(&Target::found); }
  uint64_t dead() const { return Sum(&Target::dead); }

 private:
  struct Flip {
    uint64_t at = 0;
    uint8_t mask = 0;
  };

  void Try(Target& target, uint64_t at, uint8_t mask) {
    FlipByte(target.path, at, mask);
    if (RaisesAlarm(home_)) {
      ++target.found;
    } else {
      ++target.dead;
      if (Everything(home_, roots_) != good_)
        FAIL("missed: other bytes are read, no alarm: " << target.path.filename() << " at " << at
                                                        << " by " << int{mask});
    }
    FlipByte(target.path, at, mask);
  }

  /// No alarm and nothing reads differently, although all of these are flipped.
  bool AllDead(const Target& target, std::span<const Flip> flips) {
    for (const Flip& flip : flips) FlipByte(target.path, flip.at, flip.mask);
    const bool dead = !RaisesAlarm(home_) && Everything(home_, roots_) == good_;
    for (const Flip& flip : flips) FlipByte(target.path, flip.at, flip.mask);
    return dead;
  }

  /// Nine bytes of ten are dead, and lie together: what follows a dead one is tried with more and
  /// more others. As soon as such a group is not dead as a whole, each of it is tried alone again.
  void TryAll(Target& target, std::span<const Flip> flips) {
    size_t together = 1;
    while (!flips.empty()) {
      const auto group = flips.first(std::min(together, flips.size()));
      if (group.size() > 1) {
        const bool dead = AllDead(target, group);
        together = dead ? std::min(2 * together, kMostTogether) : 1;
        if (!dead) continue;
        target.dead += group.size();
      } else {
        const uint64_t found = target.found;
        Try(target, group[0].at, group[0].mask);
        together = target.found == found ? 2 : 1;
      }
      flips = flips.subspan(group.size());
    }
  }

  void CheckHealed() {
    CHECK(Everything(home_, roots_) == good_);
    CHECK_FALSE(RaisesAlarm(home_));
  }
  Target& ByBytes() {
    uint64_t at = random_() % Sum(&Target::size);
    for (Target& target : targets_) {
      if (at < target.size) return target;
      at -= target.size;
    }
    return targets_.back();
  }
  uint64_t Sum(uint64_t Target::*member) const {
    uint64_t sum = 0;
    for (const Target& target : targets_) sum += target.*member;
    return sum;
  }

  TestLedger home_{FastFolder()};
  std::mt19937_64 random_;
  std::vector<Digest> roots_;
  std::vector<Target> targets_;
  std::string good_;
};

TEST_CASE("Flips: EachRaisesTheAlarmOrChangesNothing [CL-12]") {
  Flips flips(400, Seed());
  flips.Do(kShort);
  CHECK(flips.found() > kShort / 2);
  CHECK(flips.found() + flips.dead() == kShort);
}

TEST_CASE("Flips: NoneOfEveryByteIsMissedInASmallLedger [CL-12]", "[.][every]") {
  Flips flips(2, Seed());
  const char* wanted = std::getenv("ASSAY_FLIP_PART");
  unsigned part = 0, parts = 1;
  REQUIRE((wanted == nullptr || std::sscanf(wanted, "%u/%u", &part, &parts) == 2));
  REQUIRE(part < parts);
  flips.DoEvery(std::getenv("ASSAY_EVERY_BIT") != nullptr, part, parts);
  WARN(flips.Tell(Seed()));
  CHECK(flips.found() > 0);
}

void CheckPart(uint64_t part) {
  constexpr int kFlips = 10'000 / 4;
  const uint64_t seed = Seed() + part;
  Flips flips(2000, seed);
  flips.Do(kFlips);
  WARN(flips.Tell(seed));
  CHECK(flips.found() > kFlips * 6 / 10);
  CHECK(flips.found() + flips.dead() == kFlips);
}

TEST_CASE("Flips: NoneOfTenThousandIsMissedInPart1 [CL-12]", "[.][flips]") { CheckPart(0); }
TEST_CASE("Flips: NoneOfTenThousandIsMissedInPart2 [CL-12]", "[.][flips]") { CheckPart(1); }
TEST_CASE("Flips: NoneOfTenThousandIsMissedInPart3 [CL-12]", "[.][flips]") { CheckPart(2); }
TEST_CASE("Flips: NoneOfTenThousandIsMissedInPart4 [CL-12]", "[.][flips]") { CheckPart(3); }

}  // namespace
}  // namespace assay::ledger
