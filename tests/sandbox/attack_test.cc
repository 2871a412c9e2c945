// The attack corpus: each forbidden act is tried from inside every tier that this machine offers,
// from run() and from a constructor, and must obtain nothing.
#include <sys/stat.h>
#include <unistd.h>

#include <iostream>

#include "base/files.h"
#include "sandbox/harness.h"
#include "sandbox/spawner.h"
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

bool IsSlow(const AttackCase& attack) {
  return attack.expect == Expect::kCpuLimit || attack.expect == Expect::kTimedOut;
}

/// A second of processor time can take long on a busy machine; a hang shows at once.
std::chrono::milliseconds WallFor(const AttackCase& attack) {
  return std::chrono::milliseconds(attack.expect == Expect::kTimedOut ? 500 : 20'000);
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
              << AttackTable().size() << " attacks\n";
}

TEST_CASE("Sandbox: obtains nothing by any attack from run() [CL-5]") {
  for (Tier tier : OfferedTiers()) {
    for (const AttackCase& attack : AttackTable()) {
      const AttackEnd end = RunAttack(attack.name, tier, WallFor(attack));
      INFO(Name(tier) << " " << attack.name << ": " << Describe(end));
      CHECK(Holds(end, attack.expect));
    }
  }
}

TEST_CASE("Sandbox: obtains nothing by any attack from a constructor") {
  for (Tier tier : OfferedTiers()) {
    for (const AttackCase& attack : AttackTable()) {
      if (IsSlow(attack) || attack.expect == Expect::kProtocol) continue;
      const AttackEnd end =
          RunAttack(std::string("ctor:") + attack.name, tier, std::chrono::milliseconds(5000));
      INFO(Name(tier) << " ctor:" << attack.name << ": " << Describe(end));
      if (attack.expect == Expect::kRefused)
        CHECK(Holds(end, attack.expect));
      else
        CHECK_FALSE(end.refused_start.empty());  // it never got as far as Hello
    }
  }
}

TEST_CASE("Sandbox: leaves no trace of an attack on the host") {
  struct stat info {};
  for (const char* path :
       {"/tmp/assay-escaped", "/tmp/assay-escaped.d", "/tmp/assay-link", "/tmp/assay-bound"})
    CHECK(::lstat(path, &info) != 0);
}

}  // namespace assay::sandbox
