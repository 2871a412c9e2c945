// Every operation of the workload, times every way in which it can go wrong: what was acknowledged
// is there afterwards, and nothing that was never submitted.
#include "fault/tally.h"
#include "fault/watch.h"
#include "fault/workload.h"
#include "support/matchers.h"

namespace assay::fault {
namespace {

struct Recording {
  Home home;
  World world{home};
  std::vector<OpKind> kinds;
  std::vector<Op> effects;
  Status status;
  std::string failed;
  uint64_t end = 0;
};

void Record(Recording& run, Plan plan) {
  RegisterWatchedVfs();
  Watch::Get().Start(run.home.root(), plan);
  run.status = RunSteps(run.world, &run.failed);
  run.end = Watch::Get().count();
  run.kinds = Watch::Get().kinds();
  run.effects = Watch::Get().Stop();
}

TEST_CASE("Crash: NoPowerLossAtAnyOperationLosesWhatWasAcknowledged [CL-12][CL-13]") {
  Recording run;
  Record(run, {});
  REQUIRE_OK(run.status);
  DiskModel disk(run.home.root());
  Home after;
  Tally tally;
  const std::pair<const char*, Loss> losses[] = {{"kill", Loss::kNone},
                                                 {"drop", Loss::kAll},
                                                 {"torn", Loss::kTornSectors},
                                                 {"reordered", Loss::kReordered}};
  const uint64_t every = Every(1);
  uint64_t cut = 0;
  for (size_t i = 0; i <= run.effects.size(); ++i) {
    const uint64_t at = i < run.effects.size() ? run.effects[i].number - 1 : run.end;
    for (const auto& [name, loss] : losses) {
      if (cut++ % every != 0) continue;
      const auto seed = static_cast<uint32_t>(i);
      after.Become(disk.After(loss, seed), run.home.root());
      tally.Add(name, at, FindViolation(after, run.world.story(), at));
    }
    if (i < run.effects.size()) disk.Apply(run.effects[i]);
  }
  tally.Print("crash matrix, power loss");
  CHECK(tally.violated == 0);
}

bool Applies(FaultKind kind, OpKind operation) {
  const bool is_sync = operation == OpKind::kSync || operation == OpKind::kSyncDirectory;
  switch (kind) {
    case FaultKind::kDiskFull:
      return operation == OpKind::kWrite;
    case FaultKind::kSyncOnce:
    case FaultKind::kSyncThenGone:
      return is_sync;
    case FaultKind::kSyncUnsure:
      return is_sync || operation == OpKind::kWrite;
    default:
      return true;
  }
}

Image ImageAt(const std::string& root, const std::vector<Op>& effects, uint64_t at, Loss loss) {
  DiskModel disk(root);
  for (const Op& op : effects)
    if (op.number <= at) disk.Apply(op);
  return disk.After(loss, static_cast<uint32_t>(at));
}

// One process that meets a fault and ends; one that goes on from its files; then the power goes.
std::string FindFaultViolation(const Plan& plan) {
  Home home, after;
  World world(home);
  Watch::Get().Start(home.root(), plan);
  const Status status = RunSteps(world);
  Watch::Get().Heal();
  if (!status && status.error().code != Code::kIo)
    return std::string(CodeName(status.error().code)) +
           " is no I/O fault: " + status.error().ToString();
  Status next = world.Open();
  if (next) next = world.Append(2);
  const uint64_t acknowledged = Watch::Get().count();
  world.Close();
  const std::vector<Op> effects = Watch::Get().Stop();
  if (!next) return "next process: " + next.error().ToString();
  std::string wrong = FindViolation(home, world.story(), acknowledged);
  if (!wrong.empty()) return wrong;
  after.Become(ImageAt(home.root(), effects, acknowledged, Loss::kAll), home.root());
  wrong = FindViolation(after, world.story(), acknowledged);
  return wrong.empty() ? wrong : "after power loss: " + wrong;
}

TEST_CASE("Fault: NoErrorOfTheDiskLosesWhatWasAcknowledged [CL-12][CL-13]") {
  Recording run;
  Record(run, {});
  REQUIRE_OK(run.status);
  Tally tally;
  const std::pair<FaultKind, uint64_t> kinds[] = {
      {FaultKind::kDiskFull, Every(2)},     {FaultKind::kIoOnce, Every(5)},
      {FaultKind::kIoStays, Every(11)},     {FaultKind::kSyncOnce, Every(1)},
      {FaultKind::kSyncThenGone, Every(1)}, {FaultKind::kSyncUnsure, Every(2)}};
  for (const auto& [kind, every] : kinds) {
    uint64_t turn = 0;
    for (uint64_t at = 0; at < run.kinds.size(); ++at)
      if (Applies(kind, run.kinds[at]) && turn++ % every == 0)
        tally.Add(NameOf(kind), at, FindFaultViolation({kind, at}));
  }
  tally.Print("crash matrix, I/O faults");
  CHECK(tally.violated == 0);
}

}  // namespace
}  // namespace assay::fault
