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
/// Spec that runs the attack `name` with small limits; of several threads (attack.h) where the name
/// says that it tries them.
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
/// What stops it.
enum class Layer {
  kFilter,        ///< seccomp B: the call's name stands beside it
  kUncounted,     ///< seccomp B, by an answer that nobody counts
  kConvention,    ///< seccomp: calls of another architecture
  kLimit,         ///< an rlimit
  kNothingThere,  ///< nothing to get hold of: the descriptor or the peer does not exist
  kSignal,        ///< the processor and the kernel, as in any process
  kEngine,        ///< the engine, which waits and reads with limits
};
/// What it comes to without confinement (unconfined.h).
enum class Unconfined {
  kShown,    ///< it succeeds: the test demands it where namespaces are offered
  kDepends,  ///< it succeeds where kernel and host allow it: the test demands nothing
  kNothing,  ///< the kernel refuses it by itself, or it harms nobody but its own process
  kUnsafe,   ///< not tried: it would reach the host
};
enum class Builds {
  kAll,
  kOwnOnly,  ///< not under sanitizers: their runtime needs what it tries, or ends it first
};
struct AttackCase {
  const char* name;
  const char* group;
  Expect expect;
  Layer layer;
  const char* by;
  Unconfined control;
  Builds builds;
};
/// The whole corpus, and the part that this build can run.
const std::vector<AttackCase>& EveryAttack();
const std::vector<AttackCase>& AttackTable();

/// Where the plugin tries it.
enum class Entry { kRun, kConstructor, kDestroy, kExit, kThread };
std::string_view Name(Entry entry);
std::string_view Name(Expect expect);
/// "seccomp refuses openat"
std::string Describe(const AttackCase& attack);
/// Whether the entry is tried with that attack: slow ends and broken frames only from run().
bool Applies(const AttackCase& attack, Entry entry);
/// docs/sandbox-matrix.md as it ought to be.
std::string MatrixDocument();

}  // namespace assay::sandbox
