// Keys, erasure, backup and recovery cut short: at every operation that took effect by every kind
// of power loss, by every kind of fault, by SIGKILL. Each is then found done or not begun, and
// giving the command again makes it whole.
#include "fault/change.h"

#include <sys/wait.h>

#include <algorithm>
#include <unordered_set>

#include "fault/tally.h"
#include "fault/watch.h"
#include "support/matchers.h"

namespace assay::fault {
namespace {

// One change, what was there before it, and one run of it that was watched to its end.
struct Rehearsal {
  Home home;
  std::unique_ptr<Change> change;
  Image before;
  std::vector<Op> effects;
  std::vector<OpKind> kinds;
  uint64_t end = 0;

  explicit Rehearsal(const MakeChange& make) : change(make()) {
    RegisterWatchedVfs();
    Place place(home);
    INFO(change->name());
    REQUIRE_OK(change->Prepare(place));
    before = home.Snapshot();
    Watch::Get().Start(home.root());
    const Status status = change->Run(place);
    end = Watch::Get().count();
    kinds = Watch::Get().kinds();
    effects = Watch::Get().Stop();
    REQUIRE_OK(status);
    change->KeepFacts();
  }
  std::string Title(const char* kind) const { return std::string(kind) + " | " + change->name(); }
};

constexpr std::pair<const char*, Loss> kLosses[] = {{"kill", Loss::kNone},
                                                    {"drop", Loss::kAll},
                                                    {"torn", Loss::kTornSectors},
                                                    {"reordered", Loss::kReordered}};

// Cuts the power in the rehearsed run at one effect in `every`, in each of four ways. Equal images
// are looked at once.
void CutPower(Rehearsal& run, uint64_t every, Tally& tally) {
  DiskModel disk(run.home.root(), run.before);
  std::unordered_set<uint64_t> seen;
  for (size_t i = 0; i <= run.effects.size(); ++i) {
    const bool is_end = i == run.effects.size();
    const uint64_t at = is_end ? run.end : run.effects[i].number - 1;
    for (const auto& [name, loss] : kLosses) {
      if (!is_end && (i + 1) % every != 0) break;
      const Image image = disk.After(loss, static_cast<uint32_t>(at));
      if (!seen.insert(HashOf(image)).second && !is_end) {
        tally.AddRepeated(run.Title(name));
        continue;
      }
      run.home.Become(image, run.home.root());
      Place place(run.home);
      tally.Add(run.Title(name), at, FindHalfDone(*run.change, place, is_end));
    }
    if (!is_end) disk.Apply(run.effects[i]);
  }
}

TEST_CASE("Change: NoPowerLossLeavesOneHalfDone [CL-12][CL-13][CM-6]") {
  Tally tally("changes, power loss");
  for (const MakeChange& make : Changes()) {
    Rehearsal run(make);
    CutPower(run, Every(9), tally);
  }
  tally.Print();
  tally.AddToMatrix();
  CHECK(tally.violated == 0);
}

// Kills at the first of two points, gives the command again on what is in the page cache, and cuts
// the power in that at one effect in `every`.
void CrashTwice(Rehearsal& run, uint64_t first, uint64_t every, Tally& tally) {
  DiskModel disk(run.home.root(), run.before);
  for (const Op& op : run.effects)
    if (op.number <= first) disk.Apply(op);
  run.home.Become(disk.After(Loss::kNone, 0), run.home.root());
  Place place(run.home);
  Watch::Get().Start(run.home.root());
  const Status status = run.change->Run(place);
  const std::vector<Op> effects = Watch::Get().Stop();
  REQUIRE_OK(status);
  run.change->KeepFacts();
  std::unordered_set<uint64_t> seen;
  for (size_t i = 0; i <= effects.size(); ++i) {
    const bool is_end = i == effects.size();
    for (const auto& [name, loss] : kLosses) {
      if (loss == Loss::kNone || (!is_end && (i + 1) % every != 0)) continue;
      const std::string title = run.Title((std::string(name) + ", second").c_str());
      const Image image = disk.After(loss, static_cast<uint32_t>(first * 31 + i));
      if (!seen.insert(HashOf(image)).second && !is_end) {
        tally.AddRepeated(title);
        continue;
      }
      run.home.Become(image, run.home.root());
      Place after(run.home);
      tally.Add(title, first, FindHalfDone(*run.change, after, is_end));
    }
    if (!is_end) disk.Apply(effects[i]);
  }
}

TEST_CASE("Change: NoPowerLossWhileItIsGivenAgainLeavesOneHalfDone [CL-12][CM-6]") {
  Tally tally("changes, second crash");
  const uint64_t cuts = Every(40) == 1 ? 24 : 2;
  for (const MakeChange& make : Changes()) {
    Rehearsal run(make);
    for (uint64_t i = 1; i <= cuts; ++i)
      CrashTwice(run, i * run.end / (cuts + 1), Every(40), tally);
  }
  tally.Print();
  tally.AddToMatrix();
  CHECK(tally.violated == 0);
}

// By its code, or by the words of what did not verify because it could not be read.
bool NamesTheFault(const Error& error) {
  static constexpr const char* kWords[] = {"I/O error", "Input/output error", "unable to"};
  return error.code == Code::kIo ||
         std::any_of(std::begin(kWords), std::end(kWords), [&](const char* word) {
           return error.message.find(word) != std::string::npos;
         });
}

// The command meets a fault and ends; it is given again on the files as they are, and on what a
// power loss leaves of them.
std::string FindFaultViolation(Rehearsal& run, const Plan& plan) {
  run.home.Become(run.before, run.home.root());
  Place place(run.home);
  Watch::Get().Start(run.home.root(), plan);
  const Status status = run.change->Run(place);
  DiskModel disk(run.home.root(), run.before);
  for (const Op& op : Watch::Get().Stop()) disk.Apply(op);
  run.change->KeepFacts();
  if (!status && !NamesTheFault(status.error()))
    return std::string(CodeName(status.error().code)) +
           " is no I/O fault: " + status.error().ToString();
  std::string wrong = FindHalfDone(*run.change, place, status.has_value());
  if (!wrong.empty()) return wrong;
  run.home.Become(disk.After(Loss::kAll, 0), run.home.root());
  Place after(run.home);
  wrong = FindHalfDone(*run.change, after, status.has_value());
  return wrong.empty() ? wrong : "after power loss: " + wrong;
}

TEST_CASE("Change: NoErrorOfTheDiskLeavesOneHalfDone [CL-12][CL-13][CM-6]") {
  Tally tally("changes, I/O faults");
  const std::pair<FaultKind, uint64_t> kinds[] = {
      {FaultKind::kDiskFull, Every(29)},    {FaultKind::kIoOnce, Every(89)},
      {FaultKind::kIoStays, Every(101)},    {FaultKind::kSyncOnce, Every(9)},
      {FaultKind::kSyncThenGone, Every(9)}, {FaultKind::kSyncUnsure, Every(23)}};
  for (const MakeChange& make : Changes()) {
    Rehearsal run(make);
    for (const auto& [kind, every] : kinds) {
      uint64_t turn = 0;
      for (uint64_t at = 0; at < run.kinds.size(); ++at)
        if (Applies(kind, run.kinds[at]) && ++turn % every == 0)
          tally.Add(run.Title(NameOf(kind)), at, FindFaultViolation(run, {kind, at}));
    }
  }
  tally.Print();
  tally.AddToMatrix();
  CHECK(tally.violated == 0);
}

// A real process, ended by SIGKILL before an operation.
void KillAt(Rehearsal& run, uint64_t at, Tally& tally) {
  run.home.Become(run.before, run.home.root());
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    Place place(run.home);
    Watch::Get().Start(run.home.root(), {FaultKind::kSigkill, at});
    ::_exit(run.change->Run(place) ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) return;  // counts differ by a few
  Place place(run.home);
  tally.Add(run.Title("SIGKILL"), at, FindHalfDone(*run.change, place, false));
}

TEST_CASE("Change: NoSigkillLeavesOneHalfDone [CL-12][CL-13][CM-6]") {
  Tally tally("changes, real kills");
  const uint64_t every = Every(67);
  for (const MakeChange& make : Changes()) {
    Rehearsal run(make);
    for (uint64_t at = every / 2; at < run.end; at += every) KillAt(run, at, tally);
  }
  tally.Print();
  tally.AddToMatrix();
  CHECK(tally.violated == 0);
}

}  // namespace
}  // namespace assay::fault
