// Every operation of the workload, times every way in which it can go wrong: what was acknowledged
// is there afterwards, and nothing that was never submitted.
#include <cstdlib>
#include <set>

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
  uint64_t made = 0;  ///< operations until the ledger was open
  uint64_t end = 0;
};

void Record(Recording& run, Plan plan) {
  RegisterWatchedVfs();
  Watch::Get().Start(run.home.root(), plan);
  run.status = RunSteps(run.world, &run.failed);
  run.made = run.world.story().submitted.empty() ? 0 : run.world.story().submitted[0];
  run.end = Watch::Get().count();
  run.kinds = Watch::Get().kinds();
  run.effects = Watch::Get().Stop();
}

// Seeds for each point where chance decides what survives; tools/soak-ledger asks for more.
uint32_t Seeds() {
  const char* text = std::getenv("ASSAY_FAULT_SEEDS");
  return text != nullptr ? static_cast<uint32_t>(std::strtoul(text, nullptr, 10)) : 1;
}

constexpr std::pair<const char*, Loss> kLosses[] = {{"kill", Loss::kNone},
                                                    {"drop", Loss::kAll},
                                                    {"torn", Loss::kTornSectors},
                                                    {"reordered", Loss::kReordered}};

// What was looked at: an image, and what had to be in it.
using Seen = std::set<std::pair<uint64_t, uint64_t>>;

void CutPower(const Recording& run, const DiskModel& disk, uint64_t at, Seen& seen, Home& after,
              Tally& tally) {
  const uint64_t progress = ProgressAt(run.world.story(), at);
  for (const auto& [name, loss] : kLosses) {
    const bool by_chance = loss == Loss::kTornSectors || loss == Loss::kReordered;
    for (uint32_t seed = 0; seed < (by_chance ? Seeds() : 1); ++seed) {
      const Image image = disk.After(loss, static_cast<uint32_t>(at) + seed * 7919);
      if (!seen.emplace(HashOf(image), progress).second) {
        tally.AddRepeated(name);
        continue;
      }
      after.Become(image, run.home.root());
      tally.Add(name, at, FindViolation(after, run.world.story(), at));
    }
  }
}

// Everything while the ledger is made, where most can go wrong, then one point in `every`.
bool IsTaken(const Recording& run, uint64_t at, uint64_t turn, uint64_t every) {
  return at <= run.made || turn % every == 0;
}

TEST_CASE("Crash: NoPowerLossAtAnyOperationLosesWhatWasAcknowledged [CL-12][CL-13]") {
  Recording run;
  Record(run, {});
  REQUIRE_OK(run.status);
  DiskModel disk(run.home.root());
  Home after;
  Seen seen;
  Tally tally("power loss");
  const uint64_t every = Every(3);
  for (size_t i = 0; i <= run.effects.size(); ++i) {
    const bool is_end = i == run.effects.size();
    const uint64_t at = is_end ? run.end : run.effects[i].number - 1;
    if (is_end || IsTaken(run, at, i, every)) CutPower(run, disk, at, seen, after, tally);
    if (!is_end) disk.Apply(run.effects[i]);
  }
  tally.Print();
  tally.AddToMatrix();
  CHECK(tally.violated == 0);
}

bool IsOfSqlite(const std::string& path) {
  return path.ends_with(".db") || path.ends_with(".db-wal") || path.ends_with(".db-journal");
}

// The alarm, at open or in verification, or all that was signed.
std::string FindSilentLoss(const Home& home, const Story::Note& note) {
  GateClock clock;
  clock.Set(*ParseTime("2026-12-02T08:00:00.000Z"));
  auto opened = ledger::Ledger::Open(OptionsFor(home, clock));
  if (!opened) return opened.error().code == Code::kIo ? opened.error().ToString() : "";
  const auto report = (*opened)->Verify();
  if (!report) return report.error().ToString();
  const auto head = (*opened)->ReadHead();
  if (!report->ok || (head && ToNumber(head->size) >= note.size)) return {};
  return "signed entries are gone, and nobody says so";
}

// Not a fault that can be survived, but one that must not go unseen.
TEST_CASE("Crash: ADiskThatLiesAboutSyncsRaisesTheAlarm [CL-12]") {
  Recording run;
  Record(run, {});
  REQUIRE_OK(run.status);
  Home after;
  Tally tally("lying disk");
  uint64_t turn = 0;
  for (const Op& lie : run.effects) {
    if (lie.kind != OpKind::kSync || !IsOfSqlite(lie.path) || turn++ % Every(2) != 0) continue;
    for (const Story::Note& note : run.world.story().notes) {
      if (note.at < lie.number) continue;
      DiskModel disk(run.home.root());
      for (Op op : run.effects) {
        if (op.number > note.at) break;
        op.lost = op.kind == OpKind::kSync && IsOfSqlite(op.path) && op.number >= lie.number;
        disk.Apply(op);
      }
      after.Become(disk.After(Loss::kAll, 0), run.home.root());
      tally.Add("lie", lie.number, FindSilentLoss(after, note));
    }
  }
  tally.Print();
  tally.AddToMatrix();
  CHECK(tally.violated == 0);
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
  Tally tally("I/O faults");
  const std::pair<FaultKind, uint64_t> kinds[] = {
      {FaultKind::kDiskFull, Every(7)},     {FaultKind::kIoOnce, Every(29)},
      {FaultKind::kIoStays, Every(37)},     {FaultKind::kSyncOnce, Every(2)},
      {FaultKind::kSyncThenGone, Every(3)}, {FaultKind::kSyncUnsure, Every(9)}};
  for (const auto& [kind, every] : kinds) {
    uint64_t turn = 0;
    for (uint64_t at = 0; at < run.kinds.size(); ++at)
      if (Applies(kind, run.kinds[at]) && IsTaken(run, at, turn++, every))
        tally.Add(NameOf(kind), at, FindFaultViolation({kind, at}));
  }
  tally.Print();
  tally.AddToMatrix();
  CHECK(tally.violated == 0);
}

}  // namespace
}  // namespace assay::fault
