// The attack corpus: each forbidden act is tried from inside every tier that this machine offers,
// from run() and from a constructor, and must obtain nothing.
#include "sandbox/corpus/attack.h"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>

#include "base/files.h"
#include "sandbox/harness.h"
#include "sandbox/spawner.h"
#include "sandbox/unconfined.h"
#include "support/matchers.h"

namespace assay::sandbox {
namespace {

/// Started while the process has one thread and knows nothing yet, as in main() of assay.
const Result<std::unique_ptr<Spawner>> g_spawner = Spawner::Start(ASSAY_TEST_WORKER);

struct AttackPlugin {
  PluginImage image;
  UniqueFd memfd;
};

const AttackPlugin& Plugin() {
  static const AttackPlugin plugin = [] {
    AttackPlugin p;
    auto file = ReadFile(ASSAY_ATTACK_PLUGIN);
    if (!file) FAIL(file.error().ToString());
    auto image = InspectPlugin(*file);
    if (!image) FAIL(image.error().ToString());
    p.image = std::move(*image);
    auto memfd = SealedMemfd("plugin", p.image.sealed_image);
    if (!memfd) FAIL(memfd.error().ToString());
    p.memfd = std::move(*memfd);
    return p;
  }();
  return plugin;
}

std::string Describe(const AttackEnd& end) {
  if (!end.refused_start.empty()) return "no start: " + end.refused_start;
  return std::string(Name(end.outcome.fate)) + ": " + end.outcome.detail +
         (end.done ? ", done with " + std::to_string(end.done->status) : ", no last message");
}

bool Holds(const AttackEnd& end, Expect expect) {
  const Fate fate = end.outcome.fate;
  const bool refused = fate == Fate::kOk && end.done && end.done->status == 0;
  switch (expect) {
    case Expect::kRefused:
      return refused;
    case Expect::kViolation:
      return fate == Fate::kViolation && !end.done;
    case Expect::kStopped:
      return refused || fate == Fate::kViolation;
    case Expect::kCrashed:
      return fate == Fate::kCrashed;
    case Expect::kCpuLimit:
      return fate == Fate::kCpuLimit;
    case Expect::kTimedOut:
      return fate == Fate::kTimedOut;
    case Expect::kExited:
      return fate == Fate::kExited;
    case Expect::kProtocol:
      return fate == Fate::kProtocolError;
  }
  return false;
}

/// A second of processor time can take long on a busy machine; a hang shows at once.
std::chrono::milliseconds WallFor(const AttackCase& attack) {
  const bool stalls = std::string_view(attack.name).starts_with("frame_half");
  return std::chrono::milliseconds(attack.expect == Expect::kTimedOut ? 500
                                   : stalls                           ? 2'000
                                                                      : 20'000);
}

/// Whether the layer of the table stopped it, as far as the spawner can tell: the filter names the
/// call; every other layer stops what the filter lets through.
bool StoppedBy(const AttackEnd& end, const AttackCase& attack) {
  const auto& denied = end.outcome.denied;
  if (attack.layer == Layer::kUncounted) return denied.empty();
  if (attack.layer == Layer::kFilter) return !denied.empty() && denied.back().name == attack.by;
  if (attack.layer == Layer::kConvention) return end.outcome.signal == SIGSYS;
  return denied.empty();
}

/// What was seen: attack -> "tier/entry" -> outcome and layer. Printed by the last test.
std::map<std::string, std::map<std::string, std::string>> g_seen;

void Note(const AttackCase& attack, Tier tier, Entry entry, const AttackEnd& end) {
  std::string words = end.refused_start.empty() ? std::string(Name(end.outcome.fate)) : "no start";
  if (!end.outcome.denied.empty()) words += ":" + end.outcome.denied.back().name;
  g_seen[attack.name][std::string(Name(tier)) + "/" + std::string(Name(entry))] = words;
}

/// Whether refused calls are counted here; a test of the spawner demands it where they ought to be.
bool CountsRefusals() {
  static const bool counts =
      !RunAttack("open_passwd", OfferedTiers().back(), std::chrono::milliseconds(20'000))
           .outcome.denied.empty();
  return counts;
}

/// Tries every attack that applies from `entry`.
void TryAll(Entry entry, const std::vector<Tier>& tiers, const char* prefix) {
  for (Tier tier : tiers) {
    for (const AttackCase& attack : AttackTable()) {
      if (!Applies(attack, entry)) continue;
      const auto wall = entry == Entry::kRun || entry == Entry::kThread
                            ? WallFor(attack)
                            : std::chrono::milliseconds(20'000);
      const AttackEnd end = RunAttack(prefix + std::string(attack.name), tier, wall);
      Note(attack, tier, entry, end);
      INFO(Name(tier) << " " << prefix << attack.name << ": " << Describe(end));
      const bool whole = entry == Entry::kRun || entry == Entry::kThread;
      if (whole && CountsRefusals()) CHECK(StoppedBy(end, attack));
      if (entry == Entry::kConstructor && attack.expect != Expect::kRefused) {
        CHECK_FALSE(end.refused_start.empty());  // it never got as far as Hello
      } else if (whole || attack.expect == Expect::kRefused) {
        CHECK(Holds(end, attack.expect));
      } else {  // its last word may be sent before it tries
        CHECK(end.outcome.fate != Fate::kOk);
        CHECK(end.outcome.exit_code != 77);
      }
    }
  }
}

}  // namespace

Spawner& TestSpawner() {
  if (!g_spawner) FAIL(g_spawner.error().ToString());
  return **g_spawner;
}

WorkerSpec PlainSpec() {
  static const auto plain = [] {
    auto file = ReadFile(ASSAY_PLAIN_PLUGIN);
    if (!file) FAIL(file.error().ToString());
    auto image = InspectPlugin(*file);
    if (!image) FAIL(image.error().ToString());
    auto memfd = SealedMemfd("plugin", image->sealed_image);
    if (!memfd) FAIL(memfd.error().ToString());
    return std::pair(std::move(*image), std::move(*memfd));
  }();
  WorkerSpec spec = AttackSpec("plain");
  spec.init.init_array_offset = plain.first.init_array_offset;
  spec.init.init_array_bytes = plain.first.init_array_bytes;
  spec.plugin_memfd = plain.second.get();
  return spec;
}

WorkerSpec AttackSpec(const std::string& name) {
  const PluginImage& image = Plugin().image;
  WorkerSpec spec;
  spec.init.plugin = name;
  spec.init.limits.memory_bytes = 256u << 20;
  spec.init.limits.cpu_seconds = 1;
  spec.init.limits.denied_calls = 20'000;  // some attacks try every descriptor or process number
  for (const char* sign : {"thread:", "thread_", "count_threads"})
    if (name.find(sign) != std::string::npos) spec.init.limits.threads = ATTACK_THREADS;
  spec.init.init_array_offset = image.init_array_offset;
  spec.init.init_array_bytes = image.init_array_bytes;
  spec.init.init_function = image.init_function;
  spec.plugin_memfd = Plugin().memfd.get();
  return spec;
}

const std::vector<Tier>& OfferedTiers() {
  static const std::vector<Tier> offered = [] {
    std::vector<Tier> tiers;
    for (Tier tier : {Tier::kStrict, Tier::kReduced, Tier::kMinimal}) {
      const Status canary = TestSpawner().RunCanary(tier);
      if (canary)
        tiers.push_back(tier);
      else
        std::cerr << "\n*** TIER NOT OFFERED BY THIS MACHINE, NOT TESTED: " << Name(tier) << ": "
                  << canary.error().ToString() << " ***\n\n";
    }
    return tiers;
  }();
  return offered;
}

AttackEnd RunAttack(const std::string& name, Tier tier, std::chrono::milliseconds wall) {
  return RunSpec(AttackSpec(name), tier, wall);
}

AttackEnd RunSpec(const WorkerSpec& spec, Tier tier, std::chrono::milliseconds wall) {
  AttackEnd end;
  auto worker = TestSpawner().Spawn(spec, tier);
  if (!worker) {
    end.refused_start = worker.error().ToString();
    return end;
  }
  auto frame = (*worker)->channel().Receive(wall);
  if (!frame && frame.error().code == Code::kCorrupt)
    (*worker)->Kill(Fate::kProtocolError, frame.error().message);
  if (frame && frame->type == static_cast<uint16_t>(ipc::Type::kDone))
    if (auto done = ipc::ParseDone(frame->payload)) end.done = *done;
  end.outcome = (*worker)->Wait(end.done, std::chrono::milliseconds(frame ? 5000 : 500));
  return end;
}

TEST_CASE("Sandbox: offers at least one tier here") {
  CHECK_FALSE(OfferedTiers().empty());
  for (Tier tier : OfferedTiers())
    std::cerr << "tier " << Name(tier) << " runs as uid " << ::geteuid() << " with "
              << AttackTable().size() << " of " << EveryAttack().size() << " attacks\n";
}

TEST_CASE(
    "Sandbox: obtains nothing by any attack from run(), each stopped by the layer that the table "
    "names [CL-5]",
    "[sample]") {
  TryAll(Entry::kRun, OfferedTiers(), "");
}

TEST_CASE("Sandbox: obtains nothing by any attack from a constructor") {
  TryAll(Entry::kConstructor, OfferedTiers(), "ctor:");
}

TEST_CASE("Sandbox: obtains nothing by any attack from destroy() or a handler at exit") {
  TryAll(Entry::kDestroy, {OfferedTiers().front()}, "destroy:");
  TryAll(Entry::kExit, {OfferedTiers().front()}, "exit:");
}

namespace {

/// Root's own `unshare -r` has one id, the machine's root, whose tasks the kernel does not count:
/// there strict gives no threads either, and that is what the tests then demand.
bool CountsThreads() {
  std::ifstream map("/proc/self/uid_map");
  uint64_t inside = 0, outside = 0, count = 0;
  return !(map >> inside >> outside >> count) || count > 1 || outside != 0;
}

}  // namespace

TEST_CASE("Sandbox: obtains nothing by any attack from a second thread [CL-5]") {
  if (OfferedTiers().front() != Tier::kStrict || !CountsThreads()) {
    WARN("NOT OFFERED HERE: threads, which strict alone gives");
    return;
  }
  TryAll(Entry::kThread, {Tier::kStrict}, "thread:");
}

TEST_CASE(
    "Sandbox: gives as many threads as were asked for and granted, and where it cannot count one") {
  struct Row {
    uint32_t asked, at_most;
    int32_t besides;
  };
  for (Tier tier : OfferedTiers())
    for (const Row& row : {Row{1, 8, 0}, {2, 8, 1}, {4, 8, 3}, {8, 8, 7}, {4, 2, 1}, {4, 1, 0}}) {
      WorkerSpec spec = AttackSpec("count_threads");
      spec.init.limits.threads = row.asked;
      spec.init.limits.threads_at_most = row.at_most;
      const AttackEnd end = RunSpec(spec, tier, std::chrono::milliseconds(20'000));
      INFO(Name(tier) << ", " << row.asked << " of " << row.at_most << ": " << Describe(end));
      REQUIRE(end.done);
      CHECK(end.done->status == (tier == Tier::kStrict && CountsThreads() ? row.besides : 0));
      // Without having asked it is a refused call like any other; whoever asked is not blamed.
      if (CountsRefusals()) CHECK(end.outcome.denied.empty() == (row.asked > 1));
    }
}

TEST_CASE("Sandbox: never runs a destructor of the plugin's file") {
  for (Tier tier : OfferedTiers()) {
    const AttackEnd end = RunAttack("dtor", tier, std::chrono::milliseconds(20'000));
    INFO(Name(tier) << ": " << Describe(end));
    CHECK(end.outcome.fate == Fate::kOk);
  }
}

#ifndef ASSAY_SANITIZED  // its runtime needs what the box takes away
TEST_CASE("Sandbox: the attacks succeed where nothing confines them [CL-5]") {
  size_t demanded = 0, absent = 0;
  for (const AttackCase& attack : AttackTable()) {
    if (attack.control == Unconfined::kUnsafe) continue;
    const bool endless = attack.layer == Layer::kEngine || attack.expect == Expect::kCpuLimit;
    const Control got = RunUnconfined(ASSAY_ATTACK_PLUGIN, attack.name,
                                      std::chrono::milliseconds(endless ? 500 : 20'000));
    if (got == Control::kNotOffered) {
      WARN("NOT OFFERED HERE: a box of namespaces for attacks without confinement");
      return;
    }
    g_seen[attack.name]["unconfined"] = Name(got);
    if (attack.control != Unconfined::kShown) continue;
    ++demanded;
    if (got == Control::kAbsent) {  // said by the kernel itself; a refusal is something else
      WARN("NOT IN THIS KERNEL, so nothing is shown: " << attack.name);
      ++absent;
      continue;
    }
    INFO(attack.name << " without confinement: " << Name(got));
    const bool replaces = std::string_view(attack.name) == "exec_shell";
    CHECK(got == (endless ? Control::kGoesOn : replaces ? Control::kReplaced : Control::kObtained));
  }
  CHECK(demanded > 100);
  CHECK(absent <= 10);  // a kernel without more than that would be no test of anything
}
#endif

TEST_CASE("Sandbox: leaves no trace of an attack on the host") {
  struct stat info {};
  for (const char* path : {"/tmp/assay-escaped", "/tmp/assay-escaped.d", "/tmp/assay-link",
                           "/tmp/assay-bound", "/tmp/assay-hard"})
    CHECK(::lstat(path, &info) != 0);
}

TEST_CASE("Sandbox: prints what stopped which attack where") {
  for (const auto& [attack, places] : g_seen) {
    std::cout << attack;
    for (const auto& [place, words] : places) std::cout << "  " << place << "=" << words;
    std::cout << "\n";
  }
}

#if defined(__x86_64__) && !defined(ASSAY_SANITIZED)
TEST_CASE("Sandbox: the matrix in the documents is that of the table") {
  if (::getenv("ASSAY_WRITE_MATRIX") != nullptr) std::ofstream(ASSAY_MATRIX) << MatrixDocument();
  REQUIRE_OK_AND_ASSIGN(const ByteVector text, ReadFile(ASSAY_MATRIX));
  INFO("docs/sandbox-matrix.md is out of date: run tools/sandbox-matrix");
  CHECK((std::string(text.begin(), text.end()) == MatrixDocument()));
}
#endif

}  // namespace assay::sandbox
