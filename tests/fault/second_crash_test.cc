// A crash in the middle of recovering from a crash: the process is killed, another one opens what
// it left in the page cache and goes on, and then the power goes.
#include <set>

#include "fault/tally.h"
#include "fault/watch.h"
#include "fault/workload.h"
#include "support/matchers.h"

namespace assay::fault {
namespace {

struct FirstRun {
  Home home;
  std::vector<Op> effects;
  Story story;
  uint64_t end = 0;

  FirstRun() {
    RegisterWatchedVfs();
    Watch::Get().Start(home.root());
    World world(home);
    REQUIRE_OK(RunSteps(world));
    end = Watch::Get().count();
    effects = Watch::Get().Stop();
    story = world.story();
  }
  DiskModel DiskAt(uint64_t at) const {
    DiskModel disk(home.root());
    for (const Op& op : effects)
      if (op.number <= at) disk.Apply(op);
    return disk;
  }
};

Status GoOn(World& world) {
  ASSAY_TRY(world.Open());
  ASSAY_TRY(world.Append(2));
  ASSAY_TRY(world.Put("a body of the second process", {}));
  ASSAY_TRY(world.Sign());
  ASSAY_TRY(world.Append(1));
  world.Close();
  return {};
}

// Kills at `at`, runs the second process on what is there, then cuts the power in it at one
// operation in `every`.
void CrashTwice(FirstRun& first, uint64_t at, uint64_t every, Tally& tally) {
  DiskModel disk = first.DiskAt(at);
  first.home.Become(disk.After(Loss::kNone, 0), first.home.root());
  Watch::Get().Start(first.home.root());
  World second(first.home, Before(first.story, at));
  const Status status = GoOn(second);
  const uint64_t end = Watch::Get().count();
  std::vector<Op> effects = Watch::Get().Stop();
  REQUIRE_OK(status);
  effects.push_back({OpKind::kStat, {}, 0, {}, false, end + 1});
  Home after;
  std::set<std::pair<uint64_t, uint64_t>> seen;
  for (size_t i = 0; i < effects.size(); ++i) {
    const uint64_t now = effects[i].number - 1;
    for (const auto& [name, loss] :
         {std::pair{"drop, second", Loss::kAll}, std::pair{"torn, second", Loss::kTornSectors},
          std::pair{"reordered, second", Loss::kReordered}}) {
      if (i % every != 0) break;
      const Image image = disk.After(loss, static_cast<uint32_t>(at * 31 + i));
      if (!seen.emplace(HashOf(image), ProgressAt(second.story(), now)).second) {
        tally.AddRepeated(name);
        continue;
      }
      after.Become(image, first.home.root());
      tally.Add(name, now, FindViolation(after, second.story(), now));
    }
    disk.Apply(effects[i]);
  }
}

bool IsCheckpointLog(const Op& op) { return op.path.ends_with("/checkpoints.log"); }

// Killed between writing a note and syncing it; the next process finds the note whole, writes the
// one after it, and the power goes: the first of the two may then be torn under the second.
TEST_CASE("Crash: ANoteIsOnTheDiskBeforeTheNextOneFollows [CL-12]") {
  FirstRun first;
  Tally tally("unsynced notes");
  for (const Op& sync : first.effects) {
    if (sync.kind != OpKind::kSync || !IsCheckpointLog(sync)) continue;
    DiskModel disk = first.DiskAt(sync.number - 1);
    first.home.Become(disk.After(Loss::kNone, 0), first.home.root());
    Watch::Get().Start(first.home.root());
    World second(first.home, Before(first.story, sync.number - 1));
    REQUIRE_OK(GoOn(second));
    Home after;
    for (const Op& op : Watch::Get().Stop()) {
      for (uint32_t seed = 1; seed <= 6 && IsCheckpointLog(op); ++seed) {
        after.Become(disk.After(Loss::kTornSectors, seed), first.home.root());
        tally.Add("torn note", op.number - 1, FindViolation(after, second.story(), op.number - 1));
      }
      disk.Apply(op);
    }
  }
  tally.Print();
  tally.AddToMatrix();
  CHECK(tally.violated == 0);
}

TEST_CASE("Crash: NoPowerLossWhileTheNextProcessRecoversLosesAnything [CL-12][CL-13]") {
  FirstRun first;
  Tally tally("second crash");
  const uint64_t cuts = Every(16) == 1 ? 40 : 10;
  for (uint64_t i = 0; i < cuts; ++i) CrashTwice(first, i * first.end / cuts, Every(16), tally);
  tally.Print();
  tally.AddToMatrix();
  CHECK(tally.violated == 0);
}

}  // namespace
}  // namespace assay::fault
