// Shared by the confinement's tests: one spawner for the process, the attack plugin inspected and
// sealed once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandbox/spawner.h"

namespace assay::sandbox {

/// Started before Catch runs anything, as main() of assay does. Fails the test when it cannot.
Spawner& TestSpawner();
/// Spec that runs the attack `name` with small limits.
WorkerSpec AttackSpec(const std::string& name);
/// Tiers whose canary holds on this machine; the others are named on stderr, once.
const std::vector<Tier>& OfferedTiers();

struct AttackEnd {
  std::string refused_start;  ///< error of Spawn when no worker came up
  std::optional<ipc::Done> done;
  WorkerOutcome outcome;
};
/// Runs one attack to its end.
AttackEnd RunAttack(const std::string& name, Tier tier, std::chrono::milliseconds wall);

AttackEnd RunSpec(const WorkerSpec& spec, Tier tier, std::chrono::milliseconds wall);
/// Spec of an ordinary C++ plugin.
WorkerSpec PlainSpec();

/// What must come of an attack.
enum class Expect {
  kRefused,    ///< the call fails, the plugin goes on and ends well
  kViolation,  ///< killed by the filter
  kStopped,    ///< either of the two: kernels and libraries differ
  kCrashed,
  kCpuLimit,
  kTimedOut,
  kExited,
  kProtocol,
};
struct AttackCase {
  const char* name;
  Expect expect;
};
const std::vector<AttackCase>& AttackTable();

}  // namespace assay::sandbox
